package dev.perigee.control.dns;

/**
 * How much is signed.
 *
 * @param kept signatures of what there is that are kept, some 200 bytes each; a quarter as many
 *     beside them of what there is not
 * @param perSecond new signatures a second over UDP, and as many over TCP; who asks for more over
 *     UDP is told to come over TCP, and over TCP that it failed
 */
public record SigningLimits(int kept, int perSecond) {
  /** What is in force where nothing else is said. */
  public static final SigningLimits DEFAULT = new SigningLimits(65_536, 2_000);

  private static final int MOST_KEPT = 1 << 24;
  private static final int MOST_PER_SECOND = 1_000_000;

  /** Refuses what would not be a limit. */
  public SigningLimits {
    boolean sound = kept >= 16 && kept <= MOST_KEPT;
    if (!sound || perSecond < 1 || perSecond > MOST_PER_SECOND) {
      throw new IllegalArgumentException(
          "DNS: kept signatures are from 16 to %d, new ones a second from 1 to %d"
              .formatted(MOST_KEPT, MOST_PER_SECOND));
    }
  }
}

package dev.perigee.control.dns;

import dev.perigee.contract.AddressRange;
import java.util.List;

/**
 * How much of the same anybody is told over UDP (response rate limiting). Who proves their address,
 * by TCP or a cookie, is told everything.
 *
 * @param answersPerSecond of one kind to one network in the long run; 0 for no limit
 * @param burst answers at once after a pause
 * @param slip of so many that are too many one is cut instead of dropped; 0 for none
 * @param prefix4 bits of an address of IPv4 that make a network
 * @param prefix6 bits of an address of IPv6 that make a network
 * @param networks and kinds of answers that are counted at one time, 8 bytes each
 * @param exempt addresses without limit, as of a resolver that is trusted
 */
public record DnsLimits(
    int answersPerSecond,
    int burst,
    int slip,
    int prefix4,
    int prefix6,
    int networks,
    List<AddressRange> exempt) {
  /** What is in force where nothing else is said. */
  public static final DnsLimits DEFAULT = new DnsLimits(200, 1_000, 2, 24, 56, 1 << 18, List.of());

  private static final int MOST_ANSWERS = 100_000;

  /** Refuses what would not be a limit. */
  public DnsLimits {
    exempt = List.copyOf(exempt);
    if (answersPerSecond < 0 || answersPerSecond > MOST_ANSWERS || burst < 1 || slip < 0) {
      throw new IllegalArgumentException(
          "DNS: answers a second are from 0 to %d, the burst at least 1, and slip at least 0"
              .formatted(MOST_ANSWERS));
    }
    boolean prefixes = prefix4 >= 0 && prefix4 <= 32 && prefix6 >= 0 && prefix6 <= 128;
    if (!prefixes || networks < 1 || networks > 1 << 24) {
      throw new IllegalArgumentException(
          "DNS: prefixes are those of addresses, and counted networks from 1 to 16777216");
    }
  }
}

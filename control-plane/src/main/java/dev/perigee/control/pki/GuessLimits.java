package dev.perigee.control.pki;

import java.time.Duration;

/**
 * How many wrong tokens there may be.
 *
 * @param burst at once from one address; an IPv6 network of 64 bits counts as one
 * @param each time after which there may be one more
 * @param addresses that are remembered; of more the ones that were seen last
 */
public record GuessLimits(int burst, Duration each, int addresses) {
  /** Addresses that are remembered where nobody says otherwise. */
  public static final int ADDRESSES = 10_000;

  /** Refuses what would let nobody in. */
  public GuessLimits {
    if (burst < 1 || each.isNegative() || each.isZero() || addresses < 1) {
      throw new IllegalArgumentException("limits of guesses are at least 1");
    }
  }
}

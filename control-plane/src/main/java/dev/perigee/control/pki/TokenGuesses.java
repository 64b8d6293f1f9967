package dev.perigee.control.pki;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Slows who guesses tokens: an address may be wrong a few times, then once in a while. Only tokens
 * that are not good count, so whoever has a good one is let in, however many others guess there.
 */
final class TokenGuesses {
  private static final int IPV6_PREFIX = 8;

  private final GuessLimits limits;
  private final LongSupplier nanos;
  private final Map<String, Budget> budgets;

  /** What an address had left, and when. */
  private record Budget(double left, long atNanos) {}

  TokenGuesses(GuessLimits limits, LongSupplier nanos) {
    this.limits = limits;
    this.nanos = nanos;
    this.budgets = newest(limits.addresses());
  }

  private static Map<String, Budget> newest(int most) {
    return new LinkedHashMap<>(16, 0.75f, true) {
      private static final long serialVersionUID = 1L;

      @Override
      protected boolean removeEldestEntry(Map.Entry<String, Budget> eldest) {
        return size() > most;
      }
    };
  }

  /** Somebody was wrong; after how long the next try is due, where there were too many. */
  synchronized Optional<Duration> wrong(InetAddress from) {
    String address = key(from);
    double left = left(address);
    if (left < 1) {
      return Optional.of(Duration.ofNanos((long) Math.ceil((1 - left) * limits.each().toNanos())));
    }
    budgets.put(address, new Budget(left - 1, nanos.getAsLong()));
    return Optional.empty();
  }

  private double left(String address) {
    Budget had = budgets.get(address);
    if (had == null) {
      return limits.burst();
    }
    double more = (double) (nanos.getAsLong() - had.atNanos()) / limits.each().toNanos();
    return Math.min(limits.burst(), had.left() + more);
  }

  /** An address, or of IPv6 its network: whoever has one has all of it. */
  private static String key(InetAddress from) {
    byte[] bytes = from.getAddress();
    int length = bytes.length > 4 ? IPV6_PREFIX : bytes.length;
    return HexFormat.of().formatHex(Arrays.copyOf(bytes, length));
  }
}

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
 * Slows who guesses tokens: an address may be wrong a few times, then once in a while. A token that
 * was good from an address goes on being good from it, however many others guess there.
 */
final class TokenGuesses {
  private static final int IPV6_PREFIX = 8;

  private final GuessLimits limits;
  private final LongSupplier nanos;
  private final Map<String, Budget> budgets;
  private final Map<String, Boolean> good;

  /** What an address had left, and when. */
  private record Budget(double left, long atNanos) {}

  TokenGuesses(GuessLimits limits, LongSupplier nanos) {
    this.limits = limits;
    this.nanos = nanos;
    this.budgets = newest(limits.addresses());
    this.good = newest(limits.addresses());
  }

  private static <V> Map<String, V> newest(int most) {
    return new LinkedHashMap<>(16, 0.75f, true) {
      private static final long serialVersionUID = 1L;

      @Override
      protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
        return size() > most;
      }
    };
  }

  /** Whether a token may be looked up now; else after how long. It counts as wrong until known. */
  synchronized Optional<Duration> begin(InetAddress from, String sha256) {
    String address = key(from);
    if (good.get(address + ' ' + sha256) != null) {
      return Optional.empty();
    }
    double left = left(address);
    if (left < 1) {
      return Optional.of(Duration.ofNanos((long) Math.ceil((1 - left) * limits.each().toNanos())));
    }
    budgets.put(address, new Budget(left - 1, nanos.getAsLong()));
    return Optional.empty();
  }

  /** The token was good. */
  synchronized void known(InetAddress from, String sha256) {
    String address = key(from);
    if (good.put(address + ' ' + sha256, true) == null) {
      double left = Math.min(limits.burst(), left(address) + 1);
      budgets.put(address, new Budget(left, nanos.getAsLong()));
    }
  }

  /** It was good once and is not any more. */
  synchronized void forget(InetAddress from, String sha256) {
    good.remove(key(from) + ' ' + sha256);
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

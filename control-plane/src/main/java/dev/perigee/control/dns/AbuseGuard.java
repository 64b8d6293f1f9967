package dev.perigee.control.dns;

import dev.perigee.contract.AddressRange;
import dev.perigee.control.dns.ResponseRates.Verdict;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * Whether an asker is who it says, and whether it gets this much: cookies and rates together. For
 * one thread, one query after the other.
 */
final class AbuseGuard {
  private static final int REFUSALS = 1;

  private final DnsLimits limits;
  private final ServerCookies cookies;
  private final ResponseRates rates;
  private final SipHash hash;
  private final InstantSource clock;
  private final LongSupplier nanos;
  private final byte[] scratch = new byte[16 + Long.BYTES];
  private boolean isProven;
  private long nowSeconds;

  /** What all threads of a server share. */
  record Shared(
      DnsLimits limits,
      ResponseRates rates,
      SipHash hash,
      InstantSource clock,
      LongSupplier nanos) {}

  /**
   * @param cookieSecret that all replicas have
   */
  AbuseGuard(Shared shared, byte[] cookieSecret) {
    this.limits = shared.limits();
    this.rates = shared.rates();
    this.hash = shared.hash();
    this.clock = shared.clock();
    this.nanos = shared.nanos();
    byte[] secret = cookieSecret.clone();
    this.cookies = new ServerCookies(day -> ServerCookies.secretOf(secret, day));
  }

  /** Looks at the cookie of the next query. */
  void begin(Query query, byte[] source) {
    isProven = false;
    if (query.hasCookie) {
      nowSeconds = Math.floorDiv(clock.millis(), 1_000L);
      isProven = cookies.isGood(query, source, nowSeconds);
    }
  }

  /** Whether the asker has received what was sent to its address before. */
  boolean isProven() {
    return isProven;
  }

  /** The server's cookie for a query that has one. */
  byte[] cookie(Query query, byte[] source) {
    return cookies.next(query, source, isProven, nowSeconds);
  }

  /** Counts an answer over UDP. */
  Verdict count(Query query, NameFinder finder, byte[] source) {
    if (isProven || !rates.isOn()) {
      return Verdict.SENT;
    }
    Verdict verdict = rates.count(source, scratch, kind(query, finder), nanos.getAsLong());
    return verdict == Verdict.SENT || !isExempt(source) ? verdict : Verdict.SENT;
  }

  /**
   * What counts together: the answers of a site, whichever of its names was asked for; of any other
   * name; all that a zone does not have, as names that are not there are without number; refusals.
   */
  private long kind(Query query, NameFinder finder) {
    return switch (finder.found()) {
      case Named.Steered steered -> ((long) steered.site().id().hashCode() << 16) | query.type;
      case Named.Fixed fixed -> hash.hash(query.name, 0, query.nameLength) + query.type;
      case Named.Bare bare ->
          switch (bare) {
            case ELSEWHERE -> REFUSALS;
            case NOTHING ->
                hash.hash(query.name, finder.apexAt(), query.nameLength - finder.apexAt());
            case EMPTY -> hash.hash(query.name, 0, query.nameLength) + query.type;
          };
    };
  }

  private boolean isExempt(byte[] source) {
    if (limits.exempt().isEmpty()) {
      return false;
    }
    try {
      InetAddress address = InetAddress.getByAddress(source);
      for (AddressRange range : limits.exempt()) {
        if (range.holds(address)) {
          return true;
        }
      }
      return false;
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("an address has 4 or 16 bytes", e);
    }
  }
}

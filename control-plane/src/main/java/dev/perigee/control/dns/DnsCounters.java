package dev.perigee.control.dns;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * How often the DNS server answered what, and when it did not simply answer. Counting takes no lock
 * and makes nothing that would have to be collected.
 */
public final class DnsCounters {
  /** What is counted by itself; all other types are the last one. */
  private static final List<String> TYPES =
      List.of("A", "AAAA", "HTTPS", "TXT", "SOA", "NS", "CAA", "DNSKEY", "ANY", "other");

  private static final int OTHER = TYPES.size() - 1;

  /** Places for codes: each has that of its number, which is below this. */
  private static final int CODES = 24;

  private final LongAdder[] answered = adders(2 * TYPES.size() * CODES);

  final LongAdder ignored = new LongAdder();
  final LongAdder cookiesGood = new LongAdder();
  final LongAdder cookiesOther = new LongAdder();
  final LongAdder steered = new LongAdder();
  final LongAdder fallback = new LongAdder();
  final LongAdder nowhere = new LongAdder();
  final LongAdder dropped = new LongAdder();
  final LongAdder slipped = new LongAdder();
  final LongAdder badCookies = new LongAdder();
  final LongAdder truncated = new LongAdder();
  final LongAdder malformed = new LongAdder();
  final LongAdder failed = new LongAdder();

  final LongAdder signaturesMade = new LongAdder();
  final LongAdder signaturesKept = new LongAdder();
  final LongAdder unsigned = new LongAdder();

  DnsCounters() {}

  private static LongAdder[] adders(int count) {
    LongAdder[] all = new LongAdder[count];
    Arrays.setAll(all, i -> new LongAdder());
    return all;
  }

  /** One answer was sent. */
  void answered(boolean udp, int type, ResponseCode code) {
    answered[place(udp, kind(type), code)].increment();
  }

  /** One answer was sent to what has no type that can be read. */
  void refused(boolean udp, ResponseCode code) {
    answered[place(udp, OTHER, code)].increment();
  }

  private static int place(boolean udp, int kind, ResponseCode code) {
    return ((udp ? 0 : TYPES.size()) + kind) * CODES + (code.high() << 4 | code.low());
  }

  private static int kind(int type) {
    return switch (type) {
      case RecordType.A -> 0;
      case RecordType.AAAA -> 1;
      case RecordType.HTTPS -> 2;
      case RecordType.TXT -> 3;
      case RecordType.SOA -> 4;
      case RecordType.NS -> 5;
      case RecordType.CAA -> 6;
      case RecordType.DNSKEY -> 7;
      case RecordType.ANY -> 8;
      default -> OTHER;
    };
  }

  /** Is told of answers. */
  public interface Answers {
    /** So many of one kind, at least one. */
    void sent(String transport, String type, String code, long count);
  }

  /** Tells of all answers that were sent. */
  public void each(Answers told) {
    for (boolean udp : new boolean[] {true, false}) {
      for (int kind = 0; kind < TYPES.size(); kind++) {
        for (ResponseCode code : ResponseCode.values()) {
          long count = answered[place(udp, kind, code)].sum();
          if (count > 0) {
            told.sent(udp ? "udp" : "tcp", TYPES.get(kind), code.name(), count);
          }
        }
      }
    }
  }

  /** Packets that were no queries, and got nothing. */
  public long ignored() {
    return ignored.sum();
  }

  /** Queries with a cookie of ours. */
  public long cookiesGood() {
    return cookiesGood.sum();
  }

  /** Queries with a cookie that has no part of ours, or an old or a false one. */
  public long cookiesOther() {
    return cookiesOther.sum();
  }

  /** Times that readers were sent to the best of healthy nodes. */
  public long steered() {
    return steered.sum();
  }

  /** Times that they were sent to a node that is not healthy, or elsewhere than was wished. */
  public long fallback() {
    return fallback.sum();
  }

  /** Times that no node served the site. */
  public long nowhere() {
    return nowhere.sum();
  }

  /** Answers that were not sent, as their network had too many of them. */
  public long dropped() {
    return dropped.sum();
  }

  /** Answers that were cut for the same reason. */
  public long slipped() {
    return slipped.sum();
  }

  /** Askers that were told to come back with a cookie, for the same reason. */
  public long badCookies() {
    return badCookies.sum();
  }

  /** Answers that were too long for their asker. */
  public long truncated() {
    return truncated.sum();
  }

  /** Queries that were told FORMERR. */
  public long malformed() {
    return malformed.sum();
  }

  /** Signatures that were made. */
  public long signaturesMade() {
    return signaturesMade.sum();
  }

  /** Signatures that had been made before, and were told again. */
  public long signaturesKept() {
    return signaturesKept.sum();
  }

  /** Answers that were not signed, as too many signatures had to be made in that second. */
  public long unsigned() {
    return unsigned.sum();
  }

  /** Queries that were told SERVFAIL, a fault of ours. */
  public long failed() {
    return failed.sum();
  }
}

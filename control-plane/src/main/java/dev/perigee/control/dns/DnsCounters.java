package dev.perigee.control.dns;

import java.util.concurrent.atomic.LongAdder;

/** How often the DNS server did not simply answer. */
public final class DnsCounters {
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

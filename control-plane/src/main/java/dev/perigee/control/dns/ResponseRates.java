package dev.perigee.control.dns;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How many like answers a network is sent each second, so that nobody uses this server against the
 * owner of a forged address. Each slot of a table that does not grow holds a mark of its network
 * and answer, and until when its answers of this kind are used up; where all slots of a place are
 * taken, the one that is free first makes room. For any number of threads.
 */
final class ResponseRates {
  /** What becomes of an answer. */
  enum Verdict {
    SENT,
    /** Cut to nothing, so that who really asked comes back over TCP. */
    SLIPPED,
    DROPPED
  }

  private static final int WAYS = 4;
  private static final int TICK_BITS = 44;
  private static final long TICKS = (1L << TICK_BITS) - 1;
  private static final long NANOS_PER_TICK = 10_000;
  private static final long TICKS_PER_SECOND = 1_000_000_000 / NANOS_PER_TICK;

  private final DnsLimits limits;
  private final SipHash hash;
  private final AtomicLongArray slots;
  private final long ticksPerAnswer;
  private final long ticksAhead;

  ResponseRates(DnsLimits limits, SipHash hash) {
    this.limits = limits;
    this.hash = hash;
    this.slots = new AtomicLongArray(Integer.highestOneBit(Math.max(WAYS, limits.networks())));
    this.ticksPerAnswer = Math.max(1, TICKS_PER_SECOND / Math.max(1, limits.answersPerSecond()));
    this.ticksAhead = ticksPerAnswer * limits.burst();
  }

  boolean isOn() {
    return limits.answersPerSecond() > 0;
  }

  /**
   * Counts an answer.
   *
   * @param scratch 24 bytes or more to work in
   * @param kind answers of one kind count together
   * @param nanos of a clock that never jumps
   */
  Verdict count(byte[] source, byte[] scratch, long kind, long nanos) {
    long mark = mark(source, scratch, kind);
    int place = (int) (mark >>> 32) & (slots.length() - 1) & -WAYS;
    long tag = mark << TICK_BITS;
    long now = (nanos / NANOS_PER_TICK) & TICKS;
    int victim = place;
    long earliest = Long.MAX_VALUE;
    for (int at = place; at < place + WAYS; at++) {
      long slot = slots.get(at);
      long ahead = ahead(slot & TICKS, now);
      if ((slot & ~TICKS) == tag) {
        return counted(at, slot, tag, now, ahead, mark);
      }
      if (ahead < earliest) {
        earliest = ahead;
        victim = at;
      }
    }
    slots.lazySet(victim, tag | ((now + ticksPerAnswer) & TICKS));
    return Verdict.SENT;
  }

  private Verdict counted(int at, long slot, long tag, long now, long ahead, long mark) {
    long from = Math.max(0, ahead);
    if (from + ticksPerAnswer > ticksAhead) {
      return limits.slip() > 0 && Math.floorMod(now + mark, limits.slip()) == 0
          ? Verdict.SLIPPED
          : Verdict.DROPPED;
    }
    // Where another thread was first, one answer of many is not counted.
    slots.compareAndSet(at, slot, tag | ((now + from + ticksPerAnswer) & TICKS));
    return Verdict.SENT;
  }

  /** How far a slot's answers are used up, in the arithmetic of serial numbers. */
  private static long ahead(long until, long now) {
    return ((until - now) << (Long.SIZE - TICK_BITS)) >> (Long.SIZE - TICK_BITS);
  }

  private long mark(byte[] source, byte[] scratch, long kind) {
    int bits = source.length == 4 ? limits.prefix4() : limits.prefix6();
    for (int i = 0; i < source.length; i++) {
      int kept = Math.clamp(bits - 8L * i, 0, 8);
      scratch[i] = (byte) (source[i] & (0xff00 >> kept));
    }
    for (int i = 0; i < Long.BYTES; i++) {
      scratch[source.length + i] = (byte) (kind >> (8 * i));
    }
    return hash.hash(scratch, 0, source.length + Long.BYTES);
  }
}

package dev.perigee.edge.limit;

/**
 * A token bucket as one number: when it would be full again, in nanoseconds of a clock that never
 * jumps (the theoretical arrival time of the generic cell rate algorithm, ITU-T I.371). One token
 * comes each {@code interval}, and as many are kept as come in {@code span}.
 *
 * <p>A state that cannot be, as one that was written for another rate, is an empty bucket from then
 * on: what it costs a reader ends within {@code span}.
 */
final class TokenBucket {
  private TokenBucket() {}

  /** The state of a full one. */
  static long full(long now) {
    return now;
  }

  /** The state with one token less; where there is none to take, the complement of the state. */
  static long take(long state, long now, long interval, long span) {
    long fullAt = fullAt(state, now, span);
    return fullAt - now + interval > span ? ~fullAt : fullAt + interval;
  }

  private static long fullAt(long state, long now, long span) {
    return Math.clamp(state, now, now + span);
  }

  /** Tokens that are left. */
  static long left(long state, long now, long interval, long span) {
    return (span - (fullAt(state, now, span) - now)) / interval;
  }

  /** Nanoseconds until there is a token; 0 where there is one. */
  static long wait(long state, long now, long interval, long span) {
    return Math.max(0, fullAt(state, now, span) - now + interval - span);
  }

  /** Nanoseconds until it is full. */
  static long untilFull(long state, long now, long span) {
    return fullAt(state, now, span) - now;
  }
}

package dev.perigee.edge.origin;

import dev.perigee.contract.OriginTimeouts;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How long a fetch and its attempts may take: what the pool says, else what the node does.
 *
 * @param own the pool's
 * @param node what is taken where the pool says nothing
 * @param nanos a clock that never jumps
 * @param deadlineNanos of all attempts together, by that clock: none begins behind it
 * @param endsAnswers whether one that has begun ends there too; not where a body is sent, for which
 *     a reader may take as long as it goes on
 */
record FetchTimes(
    OriginTimeouts own,
    OriginConfig node,
    LongSupplier nanos,
    long deadlineNanos,
    boolean endsAnswers) {
  private static final long NANOS_PER_MILLI = 1_000_000;

  /** For a fetch that begins now. */
  static FetchTimes of(
      OriginTimeouts own,
      OriginConfig node,
      LongSupplier nanos,
      boolean isBounded,
      boolean endsAnswers) {
    boolean bounded = isBounded && own.totalMillis() > 0;
    long total = bounded ? own.totalMillis() * NANOS_PER_MILLI : Long.MAX_VALUE / 2;
    return new FetchTimes(own, node, nanos, nanos.getAsLong() + total, endsAnswers);
  }

  /**
   * A time-out.
   *
   * @param kind what it is called when it has run out
   */
  record Limit(long millis, FailureKind kind) {}

  /** Whether the time for all attempts is over. */
  boolean isOver() {
    return nanos.getAsLong() >= deadlineNanos;
  }

  /** For the name, and again for the connection with its handshake. */
  long connectMillis() {
    return left(ownOr(own.connectMillis(), node.connectTimeout()));
  }

  /** From the request's end to the answer's head. */
  Limit response() {
    long usual = ownOr(own.responseMillis(), node.responseTimeout());
    long millis = endsAnswers ? left(usual) : usual;
    return new Limit(
        millis, millis < usual ? FailureKind.TOTAL_TIMEOUT : FailureKind.RESPONSE_TIMEOUT);
  }

  /** Between two parts of a body. */
  Duration idle() {
    return Duration.ofMillis(ownOr(own.idleMillis(), node.idleTimeout()));
  }

  private static long ownOr(long millis, Duration otherwise) {
    return millis > 0 ? millis : otherwise.toMillis();
  }

  /** At most what is left for all attempts. */
  private long left(long millis) {
    return Math.clamp((deadlineNanos - nanos.getAsLong()) / NANOS_PER_MILLI, 1, millis);
  }
}

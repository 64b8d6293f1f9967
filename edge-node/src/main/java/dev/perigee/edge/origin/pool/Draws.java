package dev.perigee.edge.origin.pool;

import java.util.concurrent.atomic.AtomicLong;

/** Random numbers for all threads without a lock (SplitMix64: Steele, Lea, Flood, 2014). */
final class Draws {
  private static final long STEP = 0x9e3779b97f4a7c15L;

  private final AtomicLong state;

  Draws(long seed) {
    this.state = new AtomicLong(seed);
  }

  /** From 0 inclusive to {@code bound} exclusive. */
  double below(double bound) {
    long bits = Hashing.mix(state.addAndGet(STEP)) >>> 11;
    return bits * 0x1.0p-53 * bound;
  }
}

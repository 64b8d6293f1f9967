package dev.perigee.edge.policy;

/**
 * Decides how many fetches of one site may be under way at once, window by window: as many as its
 * origins answer in about the time that they take when nothing hurries them.
 *
 * <p>The time of a window is the one that a tenth of its fetches was no slower than: a queue at an
 * origin keeps everybody waiting, while requests that cost more than others keep only themselves.
 *
 * <p>The gradient of TCP Vegas and its kin: the limit goes down with the ratio of the unhurried
 * time to the time of the window, and up by the root of itself while that is within {@link
 * #TOLERANCE}. An origin that has become slower for other reasons must not be taken for one that is
 * pressed, so once in a while the limit is halved for a window, and what is measured then is the
 * unhurried time from there on. Where nothing presses, the limit soon is as high as it may be.
 */
public final class ConcurrencyPolicy {
  /** How much longer than unhurried a fetch may take before there are fewer. */
  static final double TOLERANCE = 2;

  /** The most that one window takes away. */
  private static final double STEEPEST = 0.2;

  /** What one window in which nothing pressed gives back. */
  private static final double RECOVERY = 1.5;

  /** Windows under pressure before the unhurried time is measured anew. */
  private static final int PROBE_AFTER = 20;

  private final int least;
  private final int most;

  /**
   * @param least fetches that are always let through
   * @param most fetches, however fast the origins are
   */
  public ConcurrencyPolicy(int least, int most) {
    this.least = least;
    this.most = most;
  }

  /**
   * What is known after a window.
   *
   * @param limit of the next one
   * @param idleNanos that a fetch takes unhurried; 0 where that is not known
   * @param pressed windows in a row under pressure
   * @param kept the limit after a window that is for measuring; 0 outside of one
   */
  public record State(int limit, double idleNanos, int pressed, int kept) {}

  /**
   * One window.
   *
   * @param count of fetches that were answered
   * @param fastNanos from their beginning to the head of their answer, of the fastest tenth
   * @param peak of fetches under way at once
   */
  public record Window(long count, double fastNanos, int peak) {}

  /** Before the first window. */
  public State first() {
    return new State(most, 0, 0, 0);
  }

  /** After one more. */
  public State next(State now, Window window) {
    if (window.count() == 0) {
      return now;
    }
    if (now.kept() > 0) {
      return new State(now.kept(), window.fastNanos(), 0, 0);
    }
    double idle =
        now.idleNanos() == 0 ? window.fastNanos() : Math.min(now.idleNanos(), window.fastNanos());
    double gradient = Math.clamp(TOLERANCE * idle / window.fastNanos(), STEEPEST, 1);
    boolean isBinding = window.peak() >= now.limit();
    int limit = limit(now.limit(), window.peak(), gradient, isBinding);
    int pressed = gradient < 1 || isBinding ? now.pressed() + 1 : 0;
    return pressed < PROBE_AFTER
        ? new State(limit, idle, pressed, 0)
        : new State(within(limit / 2.0), idle, 0, limit);
  }

  private int limit(int limit, int peak, double gradient, boolean isBinding) {
    if (gradient < 1) {
      int from = Math.min(limit, peak);
      return within(Math.min(limit, from * gradient + Math.sqrt(from)));
    }
    return within(isBinding ? limit + Math.sqrt(limit) : limit * RECOVERY);
  }

  private int within(double limit) {
    return (int) Math.clamp(limit, least, most);
  }
}

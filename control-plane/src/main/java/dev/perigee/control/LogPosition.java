package dev.perigee.control;

import java.time.Duration;
import java.time.Instant;

/** How far the log has come, by the database's last word. */
final class LogPosition {
  private volatile long revision;
  private volatile Instant saidAt;

  /**
   * As it was known at the start.
   *
   * @param saidAt when the database said so
   */
  LogPosition(Instant saidAt) {
    this.saidAt = saidAt;
  }

  /** The database says it. */
  void said(long newest, Instant now) {
    revision = newest;
    saidAt = now;
  }

  /** The newest revision; 0 where that is not known yet. */
  long revision() {
    return revision;
  }

  /** How long ago the database said anything. */
  Duration age(Instant now) {
    Duration age = Duration.between(saidAt, now);
    return age.isNegative() ? Duration.ZERO : age;
  }
}

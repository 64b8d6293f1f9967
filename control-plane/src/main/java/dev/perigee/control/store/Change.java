package dev.perigee.control.store;

import dev.perigee.contract.Problem;
import java.time.Duration;
import java.util.List;

/** The answer to an attempt to change something. */
public sealed interface Change<T> {
  /**
   * It is committed.
   *
   * @param revision the change log's number; for a purge the purge's number
   */
  record Committed<T>(T value, long revision) implements Change<T> {}

  /** It is invalid; nothing changed. */
  record Invalid<T>(List<Problem> problems) implements Change<T> {
    public Invalid {
      problems = List.copyOf(problems);
    }
  }

  /** It collides with something that exists, such as a host of another site; nothing changed. */
  record Conflict<T>(Problem problem) implements Change<T> {}

  /**
   * It was meant for an earlier state; nothing changed.
   *
   * @param revision of the newest change
   */
  record Stale<T>(long revision) implements Change<T> {}

  /** Its owner changes things faster than it may; nothing changed. */
  record Limited<T>(Duration retryAfter) implements Change<T> {}

  /** What it should change does not exist. */
  record Unknown<T>() implements Change<T> {}
}

package dev.perigee.cli;

/**
 * What a check of {@code perigee doctor} came to.
 *
 * @param what was looked at
 * @param says how it is
 * @param todo what to do about it; empty where nothing is
 */
record Finding(Level level, String what, String says, String todo) {
  /** How bad it is. */
  enum Level {
    OK,
    WARN,
    FAIL
  }

  static Finding ok(String what, String says) {
    return new Finding(Level.OK, what, says, "");
  }

  static Finding warn(String what, String says, String todo) {
    return new Finding(Level.WARN, what, says, todo);
  }

  static Finding fail(String what, String says, String todo) {
    return new Finding(Level.FAIL, what, says, todo);
  }
}

package dev.perigee.contract;

import java.util.List;
import java.util.regex.Pattern;

/** Patterns of paths as owners write them: a whole path, {@code /prefix*} or {@code *.suffix}. */
final class PathPattern {
  /** What a pattern looks like. */
  static final Pattern SHAPE = Pattern.compile("/[^*?#\\s]*\\*?|\\*[^*?#\\s]+");

  /** What to say of what is none. */
  static final String OTHERWISE = "must be a path, /prefix* or *.suffix";

  private PathPattern() {}

  /** The target without its query. */
  static String path(String target) {
    int query = target.indexOf('?');
    return query < 0 ? target : target.substring(0, query);
  }

  /** Whether one of the patterns fits; also for other texts of this shape. */
  static boolean anyFits(List<String> patterns, String text) {
    for (String pattern : patterns) {
      if (fits(pattern, text)) {
        return true;
      }
    }
    return false;
  }

  private static boolean fits(String pattern, String text) {
    if (pattern.endsWith("*")) {
      return text.startsWith(pattern.substring(0, pattern.length() - 1));
    }
    return pattern.startsWith("*") ? text.endsWith(pattern.substring(1)) : text.equals(pattern);
  }
}

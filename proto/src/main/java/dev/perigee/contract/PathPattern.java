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
    return anyFits(patterns, text, text.length());
  }

  /** Whether one of the patterns fits the path of the target. */
  static boolean anyFitsPathOf(List<String> patterns, String target) {
    int query = target.indexOf('?');
    return anyFits(patterns, target, query < 0 ? target.length() : query);
  }

  /** Makes no object: this is asked of each request. */
  private static boolean anyFits(List<String> patterns, String text, int end) {
    for (int i = 0; i < patterns.size(); i++) {
      if (fits(patterns.get(i), text, end)) {
        return true;
      }
    }
    return false;
  }

  private static boolean fits(String pattern, String text, int end) {
    int length = pattern.length();
    if (pattern.endsWith("*")) {
      return length - 1 <= end && text.regionMatches(0, pattern, 0, length - 1);
    }
    if (pattern.startsWith("*")) {
      int from = end - (length - 1);
      return from >= 0 && text.regionMatches(from, pattern, 1, length - 1);
    }
    return length == end && text.startsWith(pattern);
  }
}

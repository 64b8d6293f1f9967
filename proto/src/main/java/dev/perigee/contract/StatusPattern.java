package dev.perigee.contract;

import java.util.List;
import java.util.regex.Pattern;

/** Patterns of statuses as owners write them: {@code 404}, or a class such as {@code 5xx}. */
public final class StatusPattern {
  /** What a pattern looks like. */
  static final Pattern SHAPE = Pattern.compile("[2-5]([0-9]{2}|xx)");

  /** What to say of what is none. */
  static final String OTHERWISE = "must be a status such as 404, or 5xx";

  private StatusPattern() {}

  /** Whether one of the patterns fits. */
  public static boolean anyFits(List<String> patterns, int status) {
    for (String pattern : patterns) {
      if (fits(pattern, status)) {
        return true;
      }
    }
    return false;
  }

  private static boolean fits(String pattern, int status) {
    boolean first = pattern.charAt(0) - '0' == status / 100;
    return first && (pattern.endsWith("xx") || Integer.parseInt(pattern, 1, 3, 10) == status % 100);
  }
}

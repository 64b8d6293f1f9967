package dev.perigee.edge;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A duration as operators write it: {@code 0}, {@code 500ms}, {@code 3s}, {@code 24h}. */
record TimeSpan(Duration duration) {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d)|0");

  /**
   * Reads a duration.
   *
   * @throws IllegalArgumentException with a sentence when it is none
   */
  static TimeSpan parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException("'" + text + "' is not a duration such as 3s or 24h.");
    }
    if (matcher.group(1) == null) {
      return new TimeSpan(Duration.ZERO);
    }
    long number = Long.parseLong(matcher.group(1));
    return new TimeSpan(
        switch (matcher.group(2)) {
          case "ms" -> Duration.ofMillis(number);
          case "s" -> Duration.ofSeconds(number);
          case "m" -> Duration.ofMinutes(number);
          case "h" -> Duration.ofHours(number);
          default -> Duration.ofDays(number);
        });
  }

  @Override
  public String toString() {
    return duration.toMillis() % 1000 == 0
        ? duration.toSeconds() + "s"
        : duration.toMillis() + "ms";
  }
}

package dev.perigee.edge.origin.pool;

import java.time.DateTimeException;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.OptionalLong;

/** The field Retry-After (RFC 9110, section 10.2.3) of a 503. */
final class RetryAfter {
  /** No server is left alone for longer because it says so. */
  static final long MOST_MILLIS = 300_000;

  private static final long SECOND = 1_000;
  private static final int DIGITS = 9;

  private RetryAfter() {}

  /** How long to leave the server alone; empty for not at all. */
  static OptionalLong millis(int status, Optional<String> field, long nowMillis) {
    if (status != 503 || field.isEmpty()) {
      return OptionalLong.empty();
    }
    String text = field.get().strip();
    long millis;
    if (!text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      millis = text.length() > DIGITS ? MOST_MILLIS : Long.parseLong(text) * SECOND;
    } else {
      try {
        ZonedDateTime at = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME);
        millis = at.toInstant().toEpochMilli() - nowMillis;
      } catch (DateTimeException e) {
        return OptionalLong.empty();
      }
    }
    return millis <= 0 ? OptionalLong.empty() : OptionalLong.of(Math.min(millis, MOST_MILLIS));
  }
}

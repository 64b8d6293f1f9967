package dev.perigee.edge.cache;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/** Dates in header fields, in all three forms (RFC 9110, section 5.6.7). */
public final class HttpDate {
  private static final DateTimeFormatter IMF =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH);
  private static final DateTimeFormatter ASCTIME =
      DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.ENGLISH);
  private static final int CENTURY = 100;
  private static final int FIFTY_YEARS = 50;

  private HttpDate() {}

  /**
   * Milliseconds since the epoch, or empty when the text is no date.
   *
   * @param nowMillis decides the century of a two-digit year
   */
  public static OptionalLong parse(String text, long nowMillis) {
    for (DateTimeFormatter form : List.of(IMF, rfc850(nowMillis), ASCTIME)) {
      try {
        LocalDateTime time = LocalDateTime.parse(text.strip(), form);
        return OptionalLong.of(time.toInstant(ZoneOffset.UTC).toEpochMilli());
      } catch (DateTimeException e) {
        // The next form may fit.
      }
    }
    return OptionalLong.empty();
  }

  /** The preferred form, IMF-fixdate. */
  public static String format(long millis) {
    return IMF.format(Instant.ofEpochMilli(millis).atOffset(ZoneOffset.UTC));
  }

  /** Two-digit years lie at most 50 years in the future. */
  private static DateTimeFormatter rfc850(long nowMillis) {
    int year = Instant.ofEpochMilli(nowMillis).atOffset(ZoneOffset.UTC).getYear();
    return new DateTimeFormatterBuilder()
        .appendPattern("EEEE, dd-MMM-")
        .appendValueReduced(ChronoField.YEAR, 2, 2, year + FIFTY_YEARS - CENTURY + 1)
        .appendPattern(" HH:mm:ss 'GMT'")
        .toFormatter(Locale.ENGLISH);
  }
}

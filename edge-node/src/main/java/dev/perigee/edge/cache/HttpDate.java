package dev.perigee.edge.cache;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Dates in header fields, in all three forms (RFC 9110, section 5.6.7), without regard to case (RFC
 * 9111, section 4.2). Whether the day of the week is the right one is not asked; asctime's day may
 * have lost its padding, for the parser of the origin's answers makes one space of several.
 */
public final class HttpDate {
  private static final DateTimeFormatter IMF =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH);
  private static final String MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec";
  private static final String DAY = "(?:mon|tue|wed|thu|fri|sat|sun)";
  private static final String LONG_DAY =
      "(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)";
  private static final String MONTH = "(?<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)";
  private static final String TIME =
      "(?<hour>[0-2][0-9]):(?<minute>[0-5][0-9]):(?<second>[0-6][0-9])";
  private static final Pattern FIXDATE =
      form(DAY + ", (?<day>[0-9]{2}) " + MONTH + " (?<year>[0-9]{4}) " + TIME + " gmt");
  private static final Pattern RFC850 =
      form(LONG_DAY + ", (?<day>[0-9]{2})-" + MONTH + "-(?<year>[0-9]{2}) " + TIME + " gmt");
  private static final Pattern ASCTIME =
      form(DAY + " " + MONTH + " (?<day> ?[0-9]{1,2}) " + TIME + " (?<year>[0-9]{4})");
  private static final int CENTURY = 100;
  private static final int FIFTY_YEARS = 50;
  private static final int LAST_SECOND = 59;

  private HttpDate() {}

  private static Pattern form(String text) {
    return Pattern.compile(text, Pattern.CASE_INSENSITIVE);
  }

  /**
   * Milliseconds since the epoch, or empty when the text is no date.
   *
   * @param nowMillis decides the century of a two-digit year
   */
  public static OptionalLong parse(String text, long nowMillis) {
    String bare = text.strip();
    Matcher fixdate = FIXDATE.matcher(bare);
    if (fixdate.matches()) {
      return millis(fixdate, number(fixdate, "year"));
    }
    Matcher asctime = ASCTIME.matcher(bare);
    if (asctime.matches()) {
      return millis(asctime, number(asctime, "year"));
    }
    Matcher rfc850 = RFC850.matcher(bare);
    return rfc850.matches()
        ? millis(rfc850, fullYear(number(rfc850, "year"), nowMillis))
        : OptionalLong.empty();
  }

  /** The preferred form, IMF-fixdate. */
  public static String format(long millis) {
    return IMF.format(Instant.ofEpochMilli(millis).atOffset(ZoneOffset.UTC));
  }

  /** A year that seems to lie more than 50 years in the future was in the past. */
  private static int fullYear(int twoDigits, long nowMillis) {
    int now = Instant.ofEpochMilli(nowMillis).atOffset(ZoneOffset.UTC).getYear();
    int year = now - now % CENTURY + twoDigits;
    return year > now + FIFTY_YEARS ? year - CENTURY : year;
  }

  private static OptionalLong millis(Matcher found, int year) {
    try {
      int month = MONTHS.indexOf(found.group("month").toLowerCase(Locale.ROOT)) / 3 + 1;
      int second = Math.min(LAST_SECOND, number(found, "second"));
      LocalDateTime time =
          LocalDateTime.of(
              year,
              month,
              number(found, "day"),
              number(found, "hour"),
              number(found, "minute"),
              second);
      return OptionalLong.of(time.toInstant(ZoneOffset.UTC).toEpochMilli());
    } catch (DateTimeException e) {
      return OptionalLong.empty();
    }
  }

  private static int number(Matcher found, String group) {
    return Integer.parseInt(found.group(group).strip());
  }
}

package dev.perigee.edge.cache;

import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * Dates in header fields, in all three forms (RFC 9110, section 5.6.7), without regard to case (RFC
 * 9111, section 4.2). Whether the day of the week is the right one is not asked; asctime's day may
 * have lost its padding, for the parser of the origin's answers makes one space of several.
 */
public final class HttpDate {
  private static final DateTimeFormatter IMF =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH);
  private static final String MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec";
  private static final String DAYS = "montuewedthufrisatsun";
  private static final List<String> LONG_DAYS =
      List.of("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday");
  private static final int ABBREVIATED = 3;
  private static final int CENTURY = 100;
  private static final int FIFTY_YEARS = 50;
  private static final int LAST_SECOND = 59;
  private static final long SECONDS_OF_DAY = 86_400;
  private static final long MILLIS = 1000;

  private HttpDate() {}

  /**
   * Milliseconds since the epoch, or empty when the text is no date.
   *
   * @param nowMillis decides the century of a two-digit year
   */
  public static OptionalLong parse(String text, long nowMillis) {
    Scan scan = new Scan(text.strip());
    OptionalLong millis =
        switch (scan.charAt(ABBREVIATED)) {
          case ',' -> fixdate(scan);
          case ' ' -> asctime(scan);
          default -> rfc850(scan, nowMillis);
        };
    return scan.isGood() ? millis : OptionalLong.empty();
  }

  /** {@code Sun, 06 Nov 1994 08:49:37 GMT}. */
  private static OptionalLong fixdate(Scan scan) {
    scan.word(DAYS);
    scan.literal(", ");
    int day = scan.digits(2, 2);
    scan.literal(" ");
    int month = scan.word(MONTHS);
    scan.literal(" ");
    int year = scan.digits(4, 4);
    scan.literal(" ");
    int time = scan.time();
    scan.literal(" gmt");
    return scan.millis(year, month, day, time);
  }

  /** {@code Sunday, 06-Nov-94 08:49:37 GMT}. */
  private static OptionalLong rfc850(Scan scan, long nowMillis) {
    scan.longDay();
    scan.literal(", ");
    int day = scan.digits(2, 2);
    scan.literal("-");
    int month = scan.word(MONTHS);
    scan.literal("-");
    int year = fullYear(scan.digits(2, 2), nowMillis);
    scan.literal(" ");
    int time = scan.time();
    scan.literal(" gmt");
    return scan.millis(year, month, day, time);
  }

  /** {@code Sun Nov 6 08:49:37 1994}. */
  private static OptionalLong asctime(Scan scan) {
    scan.word(DAYS);
    scan.literal(" ");
    int month = scan.word(MONTHS);
    scan.literal(" ");
    if (scan.charAt(scan.at) == ' ') {
      scan.literal(" ");
    }
    int day = scan.digits(1, 2);
    scan.literal(" ");
    int time = scan.time();
    scan.literal(" ");
    int year = scan.digits(4, 4);
    return scan.millis(year, month, day, time);
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

  /** Reads a text from left to right; once something else stands there, all is bad. */
  private static final class Scan {
    private final String text;
    private int at;
    private boolean good = true;

    Scan(String text) {
      this.text = text;
    }

    /** Whether all that was asked for was there, and nothing more. */
    boolean isGood() {
      return good && at == text.length();
    }

    /** NUL behind the end. */
    char charAt(int index) {
      return index < text.length() ? text.charAt(index) : 0;
    }

    void literal(String lower) {
      if (text.regionMatches(true, at, lower, 0, lower.length())) {
        at += lower.length();
      } else {
        good = false;
      }
    }

    /** The number, from 1, of the word of three letters that stands here. */
    int word(String words) {
      for (int i = 0; i < words.length(); i += ABBREVIATED) {
        if (text.regionMatches(true, at, words, i, ABBREVIATED)) {
          at += ABBREVIATED;
          return i / ABBREVIATED + 1;
        }
      }
      good = false;
      return 1;
    }

    void longDay() {
      for (String day : LONG_DAYS) {
        if (text.regionMatches(true, at, day, 0, day.length())) {
          at += day.length();
          return;
        }
      }
      good = false;
    }

    int digits(int least, int most) {
      int number = 0;
      int count = 0;
      while (count < most && charAt(at) >= '0' && charAt(at) <= '9') {
        number = number * 10 + (text.charAt(at++) - '0');
        count++;
      }
      good &= count >= least;
      return number;
    }

    /** Seconds of the day; a leap second counts as the one before it. */
    int time() {
      int hour = digits(2, 2);
      literal(":");
      int minute = digits(2, 2);
      literal(":");
      int second = digits(2, 2);
      good &= hour < 24 && minute < 60 && second < 70;
      return (hour * 60 + minute) * 60 + Math.min(LAST_SECOND, second);
    }

    OptionalLong millis(int year, int month, int day, int secondOfDay) {
      if (!isGood() || day < 1 || day > YearMonth.of(year, month).lengthOfMonth()) {
        good = false;
        return OptionalLong.empty();
      }
      long days = LocalDate.of(year, month, day).toEpochDay();
      return OptionalLong.of((days * SECONDS_OF_DAY + secondOfDay) * MILLIS);
    }
  }
}

package dev.perigee.local.demo;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One range of a file (RFC 9110, section 14.1.2), both ends inclusive. */
record ByteRange(long from, long to) {
  private static final Pattern FORM = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");

  /** What a Range field asks of a file; empty for several ranges and for what cannot be met. */
  static Optional<ByteRange> parse(String field, long length) {
    Matcher matcher = FORM.matcher(field);
    if (!matcher.matches() || field.equals("bytes=-")) {
      return Optional.empty();
    }
    long last = length - 1;
    if (matcher.group(1).isEmpty()) {
      long suffix = Math.min(Long.parseLong(matcher.group(2)), length);
      return suffix == 0 ? Optional.empty() : Optional.of(new ByteRange(length - suffix, last));
    }
    long from = Long.parseLong(matcher.group(1));
    long to = matcher.group(2).isEmpty() ? last : Long.parseLong(matcher.group(2));
    if (from > to || from > last) {
      return Optional.empty();
    }
    return Optional.of(new ByteRange(from, Math.min(to, last)));
  }

  long length() {
    return to - from + 1;
  }
}

package dev.perigee.edge.cache;

import dev.perigee.edge.request.Fields;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which bytes of a whole a response carries (RFC 9110, section 14.4).
 *
 * @param first byte, counted from 0
 * @param last byte, inclusive
 * @param total bytes of the whole
 */
public record ContentRange(long first, long last, long total) {
  private static final Pattern FORM =
      Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", Pattern.CASE_INSENSITIVE);

  /** What the fields say; empty where they say nothing, or nothing that can be. */
  public static Optional<ContentRange> of(Fields fields) {
    if (fields.all("Content-Range").size() != 1) {
      return Optional.empty();
    }
    Matcher matcher = FORM.matcher(fields.first("Content-Range").orElse("").strip());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    ContentRange range =
        new ContentRange(
            Long.parseLong(matcher.group(1)),
            Long.parseLong(matcher.group(2)),
            Long.parseLong(matcher.group(3)));
    boolean sound = range.first <= range.last && range.last < range.total;
    return sound ? Optional.of(range) : Optional.empty();
  }

  public long length() {
    return last - first + 1;
  }

  /** Whether it is the whole. */
  public boolean isWhole() {
    return length() == total;
  }

  /** Whether it is exactly one slice of the whole, the last one perhaps shorter. */
  public boolean isSlice(long number, long sliceBytes) {
    return first == number * sliceBytes && last == Math.min(first + sliceBytes, total) - 1;
  }
}

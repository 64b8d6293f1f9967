package dev.perigee.edge.respond;

import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which bytes of a whole response a request gets (RFC 9110, section 14). */
public final class RangePolicy {
  private static final Pattern SINGLE =
      Pattern.compile("bytes=\\s*([0-9]{1,18})?-([0-9]{1,18})?\\s*", Pattern.CASE_INSENSITIVE);

  private RangePolicy() {}

  /** The answer. */
  public sealed interface Ranged {
    /** All of it, with the response's own status. */
    record Whole() implements Ranged {}

    /** 206 with these bytes, both inclusive. */
    record Part(long first, long last) implements Ranged {}

    /** 416. */
    record Unsatisfiable() implements Ranged {}
  }

  /**
   * Decides; several ranges at once, and anything that is no range, get the whole (section 14.2).
   *
   * @param length of the whole body
   */
  public static Ranged decide(RequestHead request, ResponseHead response, long length) {
    Optional<String> range = request.fields().first("Range");
    boolean applies = request.isGet() && response.status() == 200 && range.isPresent();
    if (!applies || !ifRangeHolds(request, response)) {
      return new Ranged.Whole();
    }
    Matcher matcher = SINGLE.matcher(range.get());
    if (!matcher.matches() || (matcher.group(1) == null && matcher.group(2) == null)) {
      return new Ranged.Whole();
    }
    return matcher.group(1) == null
        ? suffix(Long.parseLong(matcher.group(2)), length)
        : part(matcher, length);
  }

  private static Ranged suffix(long count, long length) {
    if (count == 0 || length == 0) {
      return new Ranged.Unsatisfiable();
    }
    return new Ranged.Part(Math.max(0, length - count), length - 1);
  }

  private static Ranged part(Matcher matcher, long length) {
    long first = Long.parseLong(matcher.group(1));
    long last = matcher.group(2) == null ? Long.MAX_VALUE : Long.parseLong(matcher.group(2));
    if (last < first) {
      return new Ranged.Whole();
    }
    if (first >= length) {
      return new Ranged.Unsatisfiable();
    }
    return new Ranged.Part(first, Math.min(last, length - 1));
  }

  /** Section 13.1.5: a strong tag that is the same, or exactly the same date. */
  private static boolean ifRangeHolds(RequestHead request, ResponseHead response) {
    Optional<String> condition = request.fields().first("If-Range");
    if (condition.isEmpty()) {
      return true;
    }
    String value = condition.get().strip();
    String name = value.startsWith("\"") || value.startsWith("W/") ? "ETag" : "Last-Modified";
    return !value.startsWith("W/")
        && response.fields().first(name).filter(value::equals).isPresent();
  }
}

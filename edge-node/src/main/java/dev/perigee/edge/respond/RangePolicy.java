package dev.perigee.edge.respond;

import dev.perigee.edge.cache.HttpDate;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which bytes of a whole response a request gets (RFC 9110, section 14). */
public final class RangePolicy {
  /** Ranges that one request may ask for; with more it gets the whole (section 17.15). */
  static final int MAX_RANGES = 16;

  /** A gap that costs less than the head of another part. */
  private static final long GAP = 80;

  private static final Pattern UNIT = Pattern.compile("bytes=(.*)", Pattern.CASE_INSENSITIVE);
  private static final Pattern RANGE = Pattern.compile("([0-9]{1,18})?-([0-9]{1,18})?");

  private RangePolicy() {}

  /** The answer. */
  public sealed interface Ranged {
    /** All of it, with the response's own status. */
    record Whole() implements Ranged {}

    /** 206 with these bytes, both inclusive. */
    record Part(long first, long last) implements Ranged {
      long length() {
        return last - first + 1;
      }
    }

    /** 206 with several parts, at least two; none touches another. */
    record Parts(List<Part> parts) implements Ranged {
      /** Copies the list. */
      public Parts {
        parts = List.copyOf(parts);
      }
    }

    /** 416. */
    record Unsatisfiable() implements Ranged {}
  }

  /**
   * Decides; what is no range, or more than is good for anybody, gets the whole (section 14.2).
   *
   * @param length of the whole body
   */
  public static Ranged decide(
      RequestHead request, ResponseHead response, long length, long nowMillis) {
    Optional<String> range = request.fields().joined("Range");
    boolean applies = request.isGet() && response.status() == 200 && range.isPresent();
    if (!applies || !ifRangeHolds(request, response, nowMillis)) {
      return new Ranged.Whole();
    }
    Matcher unit = UNIT.matcher(range.get().strip());
    return unit.matches() ? decide(unit.group(1).split(",", -1), length) : new Ranged.Whole();
  }

  private static Ranged decide(String[] specs, long length) {
    List<Ranged.Part> parts = new ArrayList<>();
    int ranges = 0;
    for (String spec : specs) {
      String text = spec.strip();
      if (text.isEmpty()) {
        continue;
      }
      Matcher range = RANGE.matcher(text);
      boolean isRange = range.matches() && (range.group(1) != null || range.group(2) != null);
      if (!isRange || isBackwards(range) || ++ranges > MAX_RANGES) {
        return new Ranged.Whole();
      }
      part(range, length).ifPresent(parts::add);
    }
    if (ranges == 0) {
      return new Ranged.Whole();
    }
    if (parts.isEmpty()) {
      return new Ranged.Unsatisfiable();
    }
    List<Ranged.Part> joined = joined(parts);
    return joined.size() == 1 ? joined.getFirst() : new Ranged.Parts(joined);
  }

  private static boolean isBackwards(Matcher range) {
    return range.group(1) != null
        && range.group(2) != null
        && Long.parseLong(range.group(2)) < Long.parseLong(range.group(1));
  }

  private static Optional<Ranged.Part> part(Matcher range, long length) {
    if (range.group(1) == null) {
      long count = Long.parseLong(range.group(2));
      return count == 0 || length == 0
          ? Optional.empty()
          : Optional.of(new Ranged.Part(Math.max(0, length - count), length - 1));
    }
    long first = Long.parseLong(range.group(1));
    long last = range.group(2) == null ? Long.MAX_VALUE : Long.parseLong(range.group(2));
    return first >= length
        ? Optional.empty()
        : Optional.of(new Ranged.Part(first, Math.min(last, length - 1)));
  }

  /**
   * In the order asked for where none touches another; else in that of the body, with those that
   * overlap or nearly do made one (section 15.3.7.2).
   */
  private static List<Ranged.Part> joined(List<Ranged.Part> parts) {
    List<Ranged.Part> sorted = new ArrayList<>(parts);
    sorted.sort(Comparator.comparingLong(Ranged.Part::first));
    List<Ranged.Part> joined = new ArrayList<>();
    for (Ranged.Part part : sorted) {
      Ranged.Part last = joined.isEmpty() ? null : joined.getLast();
      if (last != null && part.first() <= last.last() + GAP) {
        joined.set(
            joined.size() - 1, new Ranged.Part(last.first(), Math.max(last.last(), part.last())));
      } else {
        joined.add(part);
      }
    }
    return joined.size() == parts.size() ? parts : joined;
  }

  /** Section 13.1.5: a strong tag that is the same, or exactly the same strong date. */
  private static boolean ifRangeHolds(RequestHead request, ResponseHead response, long nowMillis) {
    Optional<String> condition = request.fields().first("If-Range");
    if (condition.isEmpty()) {
      return true;
    }
    String value = condition.get().strip();
    if (value.startsWith("W/")) {
      return false;
    }
    if (value.startsWith("\"")) {
      return response.fields().first("ETag").filter(value::equals).isPresent();
    }
    return response.fields().first("Last-Modified").filter(value::equals).isPresent()
        && isStrongDate(value, response, nowMillis);
  }

  /** Section 8.8.2.2: the response was made at least a second after its last change. */
  private static boolean isStrongDate(String modified, ResponseHead response, long nowMillis) {
    OptionalLong changed = HttpDate.parse(modified, nowMillis);
    OptionalLong made =
        response
            .fields()
            .first("Date")
            .map(date -> HttpDate.parse(date, nowMillis))
            .orElse(OptionalLong.empty());
    return changed.isPresent()
        && made.isPresent()
        && made.getAsLong() - changed.getAsLong() >= 1000;
  }
}

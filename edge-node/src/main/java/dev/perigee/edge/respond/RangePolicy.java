package dev.perigee.edge.respond;

import dev.perigee.edge.cache.StrongValidator;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Which bytes of a whole response a request gets (RFC 9110, section 14). */
public final class RangePolicy {
  /** Ranges that one request may ask for; with more it gets the whole (section 17.15). */
  static final int MAX_RANGES = 16;

  /** Items of the list, those with nothing in them as well (RFC 9110, section 5.6.1.2). */
  private static final int MOST_SPECS = 4 * MAX_RANGES;

  /** A gap that costs less than the head of another part. */
  private static final long GAP = 80;

  private static final Pattern UNIT = Pattern.compile("bytes=", Pattern.CASE_INSENSITIVE);
  private static final Pattern RANGE = Pattern.compile("([0-9]{1,18})?-([0-9]{1,18})?");

  private static final Ranged WHOLE = new Ranged.Whole();

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

      /** The same in the order of the body. */
      public Parts inOrder() {
        return new Parts(
            parts.stream().sorted(Comparator.comparingLong(Ranged.Part::first)).toList());
      }
    }

    /** 416. */
    record Unsatisfiable() implements Ranged {}

    /** Whether no byte is wanted but those from {@code first} to {@code last} of so many. */
    default boolean isWithin(long first, long last, long total) {
      return switch (this) {
        case Whole() -> first == 0 && last == total - 1;
        case Part part -> first <= part.first && part.last <= last;
        case Parts(List<Part> parts) ->
            parts.stream().allMatch(part -> first <= part.first && part.last <= last);
        case Unsatisfiable() -> true;
      };
    }
  }

  /**
   * One range as it was asked for.
   *
   * @param first byte; empty for the last bytes
   * @param last byte, empty for the end; where {@code first} is empty how many of the last bytes
   */
  public record Asked(OptionalLong first, OptionalLong last) {
    private boolean isBackwards() {
      return first.isPresent() && last.isPresent() && last.getAsLong() < first.getAsLong();
    }

    private Optional<Ranged.Part> of(long length) {
      if (first.isEmpty()) {
        long count = last.orElse(0);
        return count == 0 || length == 0
            ? Optional.empty()
            : Optional.of(new Ranged.Part(Math.max(0, length - count), length - 1));
      }
      long from = first.getAsLong();
      return from >= length
          ? Optional.empty()
          : Optional.of(new Ranged.Part(from, Math.min(last.orElse(length), length - 1)));
    }
  }

  /**
   * The ranges of a request; none where it has none, where one of them is no range or where they
   * are more than is good for anybody (section 14.2).
   */
  public static List<Asked> asked(RequestHead request) {
    String field = request.fields().joined("Range").orElse("").strip();
    if (field.isEmpty() || !request.isGet()) {
      return List.of();
    }
    Matcher unit = UNIT.matcher(field);
    if (!unit.lookingAt()) {
      return List.of();
    }
    List<Asked> ranges = new ArrayList<>();
    // Of a field with thousands of them no more is looked at than that they are too many.
    for (String spec : field.substring(unit.end()).split(",", MOST_SPECS)) {
      String text = spec.strip();
      if (text.isEmpty()) {
        continue;
      }
      Matcher found = RANGE.matcher(text);
      if (!found.matches()) {
        return List.of();
      }
      Asked range = new Asked(number(found.group(1)), number(found.group(2)));
      boolean isRange = range.first.isPresent() || range.last.isPresent();
      if (!isRange || range.isBackwards() || ranges.size() == MAX_RANGES) {
        return List.of();
      }
      ranges.add(range);
    }
    return ranges;
  }

  private static OptionalLong number(@Nullable String digits) {
    return digits == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(digits));
  }

  /**
   * Decides.
   *
   * @param length of the whole body
   */
  public static Ranged decide(RequestHead request, ResponseHead response, long length) {
    List<Asked> asked = response.status() == 200 ? asked(request) : List.of();
    if (asked.isEmpty() || !ifRangeHolds(request, response)) {
      return WHOLE;
    }
    List<Ranged.Part> parts = new ArrayList<>();
    asked.forEach(range -> range.of(length).ifPresent(parts::add));
    if (parts.isEmpty()) {
      return new Ranged.Unsatisfiable();
    }
    List<Ranged.Part> joined = joined(parts);
    return joined.size() == 1 ? joined.getFirst() : new Ranged.Parts(joined);
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
  private static boolean ifRangeHolds(RequestHead request, ResponseHead response) {
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
        && StrongValidator.isStrongDate(value, response.fields());
  }
}

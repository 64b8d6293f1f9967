package dev.perigee.edge.cache;

import dev.perigee.edge.request.Fields;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The directives of a Cache-Control field (RFC 9111, section 5.2), names without case.
 *
 * <p>A number that cannot be read, or a directive that stands twice with different values, counts
 * as 0: the response is then stale, which is the safe side (section 4.2.1). More than 2³¹ seconds
 * count as that much (section 1.2.2).
 */
public final class CacheControl {
  /** Stands for values that contradict each other, and for those of a wrong type. */
  static final String BROKEN = "\0";

  private static final long MAX_SECONDS = 1L << 31;

  private static final CacheControl NONE = new CacheControl(Map.of(), false);

  private final Map<String, String> directives;
  private final boolean targeted;

  private CacheControl(Map<String, String> directives, boolean targeted) {
    this.directives = directives;
    this.targeted = targeted;
  }

  /** The directives of a request: of all Cache-Control lines together. */
  public static CacheControl ofRequest(Fields fields) {
    return fields.contains("Cache-Control") ? new CacheControl(parsed(fields), false) : NONE;
  }

  /** The directives that a response has for this cache; those addressed to it go first. */
  public static CacheControl ofResponse(Fields fields) {
    return TargetedControl.directives(fields)
        .map(own -> new CacheControl(own, true))
        .orElseGet(() -> new CacheControl(parsed(fields), false));
  }

  /**
   * Whether a directive stands in Cache-Control itself, whatever is addressed to this cache. Asked
   * for each response: the field is only taken apart where the word is in it.
   */
  public static boolean says(Fields fields, String directive) {
    return fields.mentions("Cache-Control", directive) && parsed(fields).containsKey(directive);
  }

  private static Map<String, String> parsed(Fields fields) {
    Map<String, String> directives = new HashMap<>(4);
    for (String line : fields.all("Cache-Control")) {
      parse(line, directives);
    }
    return directives;
  }

  /** Fields that the response has for this cache alone: not to be sent on. */
  public static List<String> ownFields() {
    return TargetedControl.OURS;
  }

  /** Whether they were addressed to this cache, so that Expires is not (RFC 9213, 2.1). */
  public boolean isTargeted() {
    return targeted;
  }

  /** Whether {@code private} or {@code no-cache} stands for the whole response. */
  public boolean isUnqualified(String name) {
    String value = directives.get(name);
    return value != null && (value.isBlank() || value.equals(BROKEN));
  }

  /** The field names that {@code private} or {@code no-cache} is limited to. */
  public Set<String> qualified(String name) {
    String value = directives.get(name);
    if (value == null || isUnqualified(name)) {
      return Set.of();
    }
    Set<String> names = new HashSet<>();
    for (String field : value.split(",", -1)) {
      names.add(field.strip().toLowerCase(Locale.ROOT));
    }
    return names;
  }

  public boolean has(String name) {
    return directives.containsKey(name);
  }

  /** Seconds of a directive with a number, or empty when it is absent. */
  public OptionalLong seconds(String name) {
    String text = directives.get(name);
    if (text == null) {
      return OptionalLong.empty();
    }
    if (text.isEmpty() || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return OptionalLong.of(0);
    }
    return OptionalLong.of(text.length() > 10 ? MAX_SECONDS : Math.min(MAX_SECONDS, number(text)));
  }

  /** Whether a directive stands without a value, as {@code max-stale} may. */
  public boolean isBare(String name) {
    return "".equals(directives.get(name));
  }

  private static long number(String digits) {
    return Long.parseLong(digits);
  }

  private static void parse(String line, Map<String, String> into) {
    int at = 0;
    while (at < line.length()) {
      int end = endOfDirective(line, at);
      String directive = line.substring(at, end).strip();
      at = end + 1;
      if (directive.isEmpty()) {
        continue;
      }
      int equals = directive.indexOf('=');
      String name = equals < 0 ? directive : directive.substring(0, equals);
      String value = equals < 0 ? "" : unquoted(directive.substring(equals + 1));
      String key = name.strip().toLowerCase(Locale.ROOT);
      String before = into.putIfAbsent(key, value);
      if (before != null && !before.equals(value)) {
        into.put(key, BROKEN);
      }
    }
  }

  /**
   * The comma behind the directive; one inside quotes does not count. A quote that is never closed
   * is no quote: it must not hide a {@code no-store} behind it.
   */
  private static int endOfDirective(String line, int from) {
    int end = endOfQuoted(line, from);
    if (end >= 0) {
      return end;
    }
    int comma = line.indexOf(',', from);
    return comma < 0 ? line.length() : comma;
  }

  /** The same, or -1 where a quote is open at the end of the line. */
  private static int endOfQuoted(String line, int from) {
    boolean quoted = false;
    for (int i = from; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '\\' && quoted) {
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        return i;
      }
    }
    return quoted ? -1 : line.length();
  }

  private static String unquoted(String value) {
    boolean quoted = value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"");
    return quoted ? value.substring(1, value.length() - 1) : value;
  }
}

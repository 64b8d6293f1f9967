package dev.perigee.edge.cache;

import dev.perigee.edge.request.Fields;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.greenbytes.http.sfv.IntegerItem;
import org.greenbytes.http.sfv.ListElement;
import org.greenbytes.http.sfv.ParseException;
import org.greenbytes.http.sfv.Parser;

/**
 * Directives that an origin addresses to this cache alone: the first valid one of the fields of our
 * target list (RFC 9213, section 2.2), or Surrogate-Control of the Edge Architecture. Where there
 * is one, Cache-Control and Expires are for others.
 */
final class TargetedControl {
  /** Read by us and by nobody behind us, so never sent on. */
  static final List<String> OURS = List.of("Perigee-CDN-Cache-Control", "Surrogate-Control");

  private static final List<String> STRUCTURED =
      List.of("Perigee-CDN-Cache-Control", "CDN-Cache-Control");

  private static final String SURROGATE = "Surrogate-Control";
  private static final String OUR_TARGET = "perigee";

  private TargetedControl() {}

  /** Names in lower case to values as text; empty where no valid field is addressed to us. */
  static Optional<Map<String, String>> directives(Fields response) {
    for (String name : STRUCTURED) {
      if (response.contains(name)) {
        Optional<Map<String, String>> valid = structured(response.all(name));
        if (valid.isPresent()) {
          return valid;
        }
      }
    }
    return response.contains(SURROGATE) ? surrogate(response.all(SURROGATE)) : Optional.empty();
  }

  /** A dictionary (RFC 9651, section 3.2); an empty or a broken one does not count. */
  private static Optional<Map<String, String>> structured(List<String> lines) {
    try {
      Map<String, String> directives = new HashMap<>();
      new Parser(lines)
          .parseDictionary()
          .get()
          .forEach((name, value) -> directives.put(name, text(value)));
      return directives.isEmpty() ? Optional.empty() : Optional.of(directives);
    } catch (ParseException e) {
      return Optional.empty();
    }
  }

  private static String text(ListElement<?> value) {
    Object bare = value.get();
    if (Boolean.TRUE.equals(bare)) {
      return "";
    }
    if (value instanceof IntegerItem) {
      return String.valueOf(bare);
    }
    // A number in quotes is a text, and no directive has one as its value.
    boolean text = bare instanceof String string && !string.chars().allMatch(Character::isDigit);
    return text ? String.valueOf(bare) : CacheControl.BROKEN;
  }

  /** {@code max-age=60, no-store;other}: a directive with a target that is not ours is skipped. */
  private static Optional<Map<String, String>> surrogate(List<String> lines) {
    Map<String, String> directives = new HashMap<>();
    for (String line : lines) {
      for (String directive : line.split(",", -1)) {
        String[] parts = directive.split(";", 2);
        boolean ours = parts.length == 1 || parts[1].strip().equalsIgnoreCase(OUR_TARGET);
        String[] pair = parts[0].split("=", 2);
        String name = pair[0].strip().toLowerCase(Locale.ROOT);
        if (ours && !name.isEmpty()) {
          put(name, pair.length == 1 ? "" : pair[1].strip(), directives);
        }
      }
    }
    return directives.isEmpty() ? Optional.empty() : Optional.of(directives);
  }

  /**
   * {@code max-age=600+60} is stale but acceptable for another minute; a network of caches is
   * remote from its origin.
   */
  private static void put(String name, String value, Map<String, String> directives) {
    int plus = name.equals("max-age") ? value.indexOf('+') : -1;
    if (plus >= 0) {
      directives.put(name, value.substring(0, plus).strip());
      directives.put("stale-while-revalidate", value.substring(plus + 1).strip());
      directives.put("stale-if-error", value.substring(plus + 1).strip());
    } else {
      directives.put(name.equals("no-store-remote") ? "no-store" : name, value);
    }
  }
}

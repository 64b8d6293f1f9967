package dev.perigee.edge.cache;

import dev.perigee.edge.request.Fields;
import dev.perigee.edge.request.RecentTexts;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Vary: which request fields a response was made for (RFC 9111, section 4.1). */
public final class Variants {
  private static final Set<String> WITHOUT_CASE = Set.of("accept-language", "accept-encoding");
  private static final Set<String> WITHOUT_ORDER =
      Set.of("accept", "accept-language", "accept-encoding", "accept-charset");

  /** These come with every hit of what varies by them, and nearly always in the same words. */
  private static final Map<String, RecentTexts<String>> RECENT =
      WITHOUT_ORDER.stream()
          .collect(
              Collectors.toUnmodifiableMap(
                  name -> name, name -> new RecentTexts<>(line -> normal(name, line))));

  private Variants() {}

  /** Names that Vary lists, lower case, sorted; {@code *} stands for itself. */
  public static List<String> names(Fields response) {
    List<String> lines = response.all("Vary");
    if (lines.isEmpty()) {
      return List.of();
    }
    TreeSet<String> names = new TreeSet<>();
    for (String line : lines) {
      for (String name : line.split(",", -1)) {
        if (!name.isBlank()) {
          names.add(name.strip().toLowerCase(Locale.ROOT));
        }
      }
    }
    return List.copyOf(names);
  }

  /** The values of those fields in a request. */
  public static Map<String, String> values(List<String> names, Fields request) {
    Map<String, String> values = new HashMap<>();
    names.forEach(name -> values.put(name, value(name, request)));
    return values;
  }

  /** Whether the response was made for a request such as this. */
  public static boolean match(StoredMeta meta, Fields request) {
    for (String name : meta.varyNames()) {
      if (!value(name, request).equals(meta.varyValues().get(name))) {
        return false;
      }
    }
    return true;
  }

  /** All lines together, as {@link #normal} says. */
  private static String value(String name, Fields request) {
    List<String> lines = request.all(name);
    return switch (lines.size()) {
      case 0 -> "";
      case 1 -> one(name, lines.getFirst());
      default -> normal(name, String.join(",", lines));
    };
  }

  private static String one(String name, String line) {
    RecentTexts<String> recent = RECENT.get(name);
    return recent == null ? normal(name, line) : recent.of(line);
  }

  /**
   * Without space around the members; where the order says nothing (RFC 9110, section 12.5) it is
   * the alphabet's, and where case says nothing it is lower.
   */
  private static String normal(String name, String line) {
    List<String> members = new ArrayList<>();
    for (String member : line.split(",", -1)) {
      String bare = member.strip();
      members.add(WITHOUT_CASE.contains(name) ? bare.toLowerCase(Locale.ROOT) : bare);
    }
    if (WITHOUT_ORDER.contains(name)) {
      Collections.sort(members);
    }
    return String.join(",", members);
  }
}

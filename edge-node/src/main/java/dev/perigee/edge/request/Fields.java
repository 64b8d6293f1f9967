package dev.perigee.edge.request;

import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/** Header fields in their order; names compare without case (RFC 9110, section 5.1). */
public interface Fields {
  /** The first value of the field, or empty when it is absent. */
  Optional<String> first(String name);

  /** Every value of the field, in order; empty when it is absent. */
  List<String> all(String name);

  /** Calls with each field line's name and value, in order. */
  void forEach(BiConsumer<String, String> action);

  default boolean contains(String name) {
    return first(name).isPresent();
  }

  /** Whether a line of the field has this text in it, without case. */
  default boolean mentions(String name, String text) {
    for (String value : all(name)) {
      if (isIn(value, text)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a text is part of another, without case; makes no strings.
   *
   * @param text begins with an ASCII letter
   */
  static boolean isIn(String value, String text) {
    char first = lower(text.charAt(0));
    for (int at = value.length() - text.length(); at >= 0; at--) {
      if (lower(value.charAt(at)) == first
          && value.regionMatches(true, at, text, 0, text.length())) {
        return true;
      }
    }
    return false;
  }

  /** An ASCII letter in lower case; anything else as it is. */
  private static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
  }

  /** All lines of the field joined by a comma (RFC 9110, section 5.3), or empty. */
  default Optional<String> joined(String name) {
    List<String> values = all(name);
    return switch (values.size()) {
      case 0 -> Optional.empty();
      case 1 -> Optional.of(values.getFirst());
      default -> Optional.of(String.join(", ", values));
    };
  }
}

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

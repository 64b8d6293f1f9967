package dev.perigee.edge.request;

import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Header fields of which one has another value than it was sent with.
 *
 * @param others the fields as sent
 * @param name of the one
 * @param value it has now
 */
public record ReplacedField(Fields others, String name, String value) implements Fields {
  @Override
  public Optional<String> first(String asked) {
    return asked.equalsIgnoreCase(name) ? Optional.of(value) : others.first(asked);
  }

  @Override
  public List<String> all(String asked) {
    return asked.equalsIgnoreCase(name) ? List.of(value) : others.all(asked);
  }

  @Override
  public void forEach(BiConsumer<String, String> action) {
    others.forEach(
        (other, sent) -> {
          if (!other.equalsIgnoreCase(name)) {
            action.accept(other, sent);
          }
        });
    action.accept(name, value);
  }
}

package dev.perigee.edge.listener;

import dev.perigee.edge.request.Fields;
import io.undertow.util.HeaderMap;
import io.undertow.util.HeaderValues;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/** A view of Undertow's header map. */
record UndertowFields(HeaderMap headers) implements Fields {
  @Override
  public Optional<String> first(String name) {
    return Optional.ofNullable(headers.getFirst(UndertowNames.of(name)));
  }

  @Override
  public List<String> all(String name) {
    HeaderValues values = headers.get(UndertowNames.of(name));
    return values == null ? List.of() : List.copyOf(values);
  }

  @Override
  public void forEach(BiConsumer<String, String> action) {
    for (HeaderValues values : headers) {
      String name = values.getHeaderName().toString();
      values.forEach(value -> action.accept(name, value));
    }
  }
}

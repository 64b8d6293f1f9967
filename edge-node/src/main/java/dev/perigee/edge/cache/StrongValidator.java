package dev.perigee.edge.cache;

import dev.perigee.edge.request.Fields;
import java.util.Optional;
import java.util.OptionalLong;

/** What tells the bytes of one version from those of the next (RFC 9110, section 8.8.1). */
public final class StrongValidator {
  private static final long SECOND_MILLIS = 1000;

  private StrongValidator() {}

  /** A strong tag, else a date that is strong enough; empty where there is neither. */
  public static Optional<String> of(Fields response) {
    Optional<String> tag = response.first("ETag");
    if (tag.isPresent()) {
      return tag.filter(value -> value.startsWith("\""));
    }
    return response.first("Last-Modified").filter(value -> isStrongDate(value, response));
  }

  /** Section 8.8.2.2: the response was made at least a second after its last change. */
  public static boolean isStrongDate(String modified, Fields response) {
    OptionalLong made =
        response.first("Date").map(date -> HttpDate.parse(date, 0)).orElse(OptionalLong.empty());
    OptionalLong changed = HttpDate.parse(modified, made.orElse(0));
    return changed.isPresent()
        && made.isPresent()
        && made.getAsLong() - changed.getAsLong() >= SECOND_MILLIS;
  }
}

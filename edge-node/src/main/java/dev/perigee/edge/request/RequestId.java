package dev.perigee.edge.request;

import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The id of one request: in the access log, in our error pages and in what the origin is asked.
 * Made when it is first needed, as most hits need none. Used on the request's I/O thread only.
 */
public final class RequestId {
  private static final Pattern SOUND = Pattern.compile("[A-Za-z0-9._:+/=@-]{1,128}");

  private final Supplier<String> ids;
  private @Nullable String text;

  private RequestId(Supplier<String> ids) {
    this.ids = ids;
  }

  /** One that {@code ids} makes. */
  public static RequestId from(Supplier<String> ids) {
    return new RequestId(ids);
  }

  /** The one that a trusted proxy gave, or empty where it is none that could stand in a log. */
  public static Optional<RequestId> given(String text) {
    return SOUND.matcher(text).matches()
        ? Optional.of(new RequestId(() -> text))
        : Optional.empty();
  }

  /** Always the same. */
  public String text() {
    String known = text;
    if (known == null) {
      known = ids.get();
      text = known;
    }
    return known;
  }

  @Override
  public String toString() {
    return text();
  }
}

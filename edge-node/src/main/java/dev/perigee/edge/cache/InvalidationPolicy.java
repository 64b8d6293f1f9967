package dev.perigee.edge.cache;

import dev.perigee.contract.HostName;
import dev.perigee.contract.UrlNormaliser;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a successful unsafe request makes invalid (RFC 9111, section 4.4). */
public final class InvalidationPolicy {
  private InvalidationPolicy() {}

  /** The keys to remove: the request's own, and those of Location and Content-Location. */
  public static List<CacheKey> keys(RequestHead request, ResponseHead response, CacheKey key) {
    boolean success = response.status() >= 200 && response.status() < 400;
    if (request.isSafe() || !success) {
      return List.of();
    }
    List<CacheKey> keys = new ArrayList<>(List.of(key));
    for (String name : List.of("Location", "Content-Location")) {
      response.fields().first(name).flatMap(value -> sameOrigin(value, key)).ifPresent(keys::add);
    }
    return keys;
  }

  /** Whether the response says that it is what a GET of the request's own target would get. */
  static boolean isOfItsTarget(RequestHead request, ResponseHead response, CacheKey key) {
    return response
        .fields()
        .first("Content-Location")
        .filter(value -> !value.isBlank())
        .flatMap(value -> sameOrigin(value, key.withTarget(request.target())))
        .filter(key.withTarget(request.target())::equals)
        .isPresent();
  }

  /** Only on the same host: a site must not invalidate another's content. */
  private static Optional<CacheKey> sameOrigin(String reference, CacheKey key) {
    try {
      URI base = new URI("http", key.host(), "/", null);
      URI uri = base.resolve("http://" + key.host() + key.target()).resolve(new URI(reference));
      boolean sameHost =
          uri.getHost() != null
              && HostName.normalise(uri.getHost()).filter(key.host()::equals).isPresent();
      if (!sameHost) {
        return Optional.empty();
      }
      String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
      return UrlNormaliser.target(uri.getRawPath() + query).map(key::withTarget);
    } catch (URISyntaxException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}

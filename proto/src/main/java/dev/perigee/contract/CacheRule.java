package dev.perigee.contract;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a site's owner decides about some of its responses. It applies to a response that fits
 * <em>all</em> of its conditions; an empty list is no condition.
 *
 * @param paths of the request, without the query: a whole path, {@code /prefix*} or {@code
 *     *.suffix}
 * @param statuses of the response: {@code 404} or a class such as {@code 5xx}
 * @param types of the response's content: {@code text/html} or {@code image/*}
 * @param mode how it stands beside what the origin says
 * @param ttlSeconds how long such a response is fresh
 * @param staleWhileRevalidateSeconds how long past that it may be served while it is validated
 * @param staleIfErrorSeconds how long past that it may stand in for an origin that fails
 */
public record CacheRule(
    List<String> paths,
    List<String> statuses,
    List<String> types,
    Mode mode,
    OptionalLong ttlSeconds,
    OptionalLong staleWhileRevalidateSeconds,
    OptionalLong staleIfErrorSeconds) {
  /** Copies the lists. */
  public CacheRule {
    paths = List.copyOf(paths);
    statuses = List.copyOf(statuses);
    types = List.copyOf(types);
  }

  /** How a rule stands beside what the origin says. */
  public enum Mode {
    /** Only where the origin says nothing of freshness. */
    RESPECT,
    /** In place of the origin's max-age, s-maxage, Expires and no-cache. */
    OVERRIDE,
    /** Also where the origin says no-store or private; never for cookies or credentials. */
    FORCE,
    /** Never stored. */
    BYPASS;

    /** As it stands in JSON. */
    public String token() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** The mode with this token. */
    public static Optional<Mode> of(String token) {
      for (Mode mode : values()) {
        if (mode.token().equals(token)) {
          return Optional.of(mode);
        }
      }
      return Optional.empty();
    }
  }

  /**
   * Whether it applies to a response.
   *
   * @param target of the request, path and query
   * @param contentType of the response, with parameters or without; empty for none
   */
  public boolean appliesTo(String target, int status, String contentType) {
    String path = PathPattern.path(target);
    int semicolon = contentType.indexOf(';');
    String type =
        (semicolon < 0 ? contentType : contentType.substring(0, semicolon))
            .strip()
            .toLowerCase(Locale.ROOT);
    return (paths.isEmpty() || PathPattern.anyFits(paths, path))
        && (statuses.isEmpty() || StatusPattern.anyFits(statuses, status))
        && (types.isEmpty() || PathPattern.anyFits(types, type));
  }
}

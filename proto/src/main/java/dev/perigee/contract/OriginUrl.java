package dev.perigee.contract;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;

/**
 * An origin server: scheme, host and port, no path.
 *
 * @param scheme {@code http} or {@code https}
 * @param host normalised, see {@link HostName}
 * @param port 1 to 65535
 */
public record OriginUrl(String scheme, String host, int port) {
  /** Refuses what {@link #parse} would not give. */
  public OriginUrl {
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw new IllegalArgumentException("origin scheme must be http or https: " + scheme);
    }
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("origin port must be 1 to 65535: " + port);
    }
  }

  /** The origin named by {@code http(s)://host[:port][/]}, or empty when it is anything else. */
  public static Optional<OriginUrl> parse(String text) {
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    boolean bare = uri.getRawUserInfo() == null && uri.getRawQuery() == null;
    String path = uri.getRawPath() == null ? "" : uri.getRawPath();
    boolean rootless = uri.getRawFragment() == null && (path.isEmpty() || path.equals("/"));
    boolean http = scheme.equals("http") || scheme.equals("https");
    if (!bare || !rootless || !http || uri.getHost() == null) {
      return Optional.empty();
    }
    int port = uri.getPort() == -1 ? (scheme.equals("https") ? 443 : 80) : uri.getPort();
    if (port < 1 || port > 65535) {
      return Optional.empty();
    }
    return HostName.normalise(uri.getHost()).map(host -> new OriginUrl(scheme, host, port));
  }

  /** {@code host} with the port where it is not the scheme's own: what Host says to it. */
  public String authority() {
    boolean own = port == (scheme.equals("https") ? 443 : 80);
    return own ? host : host + ":" + port;
  }

  @Override
  public String toString() {
    return scheme + "://" + authority();
  }
}

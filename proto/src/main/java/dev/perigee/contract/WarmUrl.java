package dev.perigee.contract;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;

/**
 * A URL as an edge sees one in a request.
 *
 * @param scheme {@code http} or {@code https}
 * @param host normalised, see {@link HostName}
 * @param target normalised path and query, see {@link UrlNormaliser}
 */
public record WarmUrl(String scheme, String host, String target) {
  /** Refuses what {@link #parse} would not give. */
  public WarmUrl {
    boolean sound =
        (scheme.equals("http") || scheme.equals("https"))
            && HostName.normalise(host).filter(host::equals).isPresent()
            && UrlNormaliser.target(target).filter(target::equals).isPresent();
    if (!sound) {
      throw new IllegalArgumentException("not a URL: " + scheme + "://" + host + target);
    }
  }

  /** The URL {@code http(s)://host/path}, without port and fragment; empty for anything else. */
  public static Optional<WarmUrl> parse(String text) {
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
    boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
    boolean bare =
        uri.getRawFragment() == null && uri.getRawUserInfo() == null && uri.getPort() == -1;
    if (!http || !bare || uri.getHost() == null) {
      return Optional.empty();
    }
    String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    return HostName.normalise(uri.getHost())
        .flatMap(
            host ->
                UrlNormaliser.target(path + query)
                    .map(target -> new WarmUrl(uri.getScheme(), host, target)));
  }

  @Override
  public String toString() {
    return scheme + "://" + host + target;
  }
}

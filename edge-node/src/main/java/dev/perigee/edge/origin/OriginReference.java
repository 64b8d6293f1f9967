package dev.perigee.edge.origin;

import dev.perigee.contract.HostName;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PoolServer;
import dev.perigee.contract.SiteConfig;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * References of an origin's response, with the origin's name taken out.
 *
 * <p>{@code http://origin:8080/a} becomes {@code /a}, which is stored as it is and right for every
 * host, port and scheme of the site. An origin of http that sends an http reader to https must keep
 * doing so: {@code https://origin/a} becomes {@code https:///a}, and {@link #filled} puts the host
 * that was asked in its place when it is served. An origin's own scheme is only its own name, and
 * says nothing to the reader.
 */
public final class OriginReference {
  /** An absolute or network-path reference (RFC 3986, sections 4.2 and 4.3). */
  private static final Pattern WITH_AUTHORITY =
      Pattern.compile("(?:(https?):)?//([^/?#\\\\]*)(.*)", Pattern.CASE_INSENSITIVE);

  /** Begin of a Location whose host is yet to come. */
  private static final String SECURED = "https:///";

  private static final Pattern PORT = Pattern.compile(":[0-9]*$");

  private final SiteConfig site;
  private final String scheme;

  OriginReference(SiteConfig site, String scheme) {
    this.site = site;
    this.scheme = scheme;
  }

  /** The reference; as it was where it names no origin. */
  String of(String reference) {
    return path(reference).orElse(reference);
  }

  /** The same for a redirect, whose step from http to https stays. */
  String ofLocation(String reference) {
    Optional<String> path = path(reference);
    Matcher matcher = WITH_AUTHORITY.matcher(reference.strip());
    boolean secures =
        matcher.matches()
            && "https".equalsIgnoreCase(matcher.group(1))
            && scheme.equals("http")
            && origins(site).allMatch(origin -> origin.scheme().equals("http"));
    return path.map(p -> secures ? "https://" + p : p).orElse(reference);
  }

  /** Every server of the site. */
  static Stream<OriginUrl> origins(SiteConfig site) {
    return site.originPools().pools().stream()
        .flatMap(pool -> pool.servers().stream())
        .map(PoolServer::url);
  }

  /** Path, query and fragment of a reference to an origin; empty for any other. */
  private Optional<String> path(String reference) {
    Matcher matcher = WITH_AUTHORITY.matcher(reference.strip());
    if (!matcher.matches() || !namesOrigin(matcher.group(2))) {
      return Optional.empty();
    }
    String rest = matcher.group(3).replace('\\', '/');
    if (!rest.startsWith("/")) {
      return Optional.of("/" + rest);
    }
    // Two slashes would begin another authority.
    return Optional.of(rest.startsWith("//") ? "/." + rest : rest);
  }

  private boolean namesOrigin(String authority) {
    String hostAndPort = authority.substring(authority.lastIndexOf('@') + 1);
    Optional<String> host = HostName.normalise(PORT.matcher(hostAndPort).replaceFirst(""));
    return host.isPresent()
        && !site.answersFor(host.get())
        && origins(site).map(OriginUrl::host).anyMatch(host.get()::equals);
  }

  /**
   * A stored Location as it goes out.
   *
   * @param host that was asked, without a port: the other scheme's own one is meant
   */
  public static String filled(String location, String host) {
    return location.startsWith(SECURED)
        ? "https://" + host + location.substring(SECURED.length() - 1)
        : location;
  }
}

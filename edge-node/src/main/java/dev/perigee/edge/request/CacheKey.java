package dev.perigee.edge.request;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a response is stored under. The method is not part of it: only GET is stored, and HEAD is
 * answered from it.
 *
 * @param site the site's id
 * @param host normalised host; for the steered names the site's primary host
 * @param target normalised path and query
 * @param scheme only where the site caches http and https apart
 * @param port only where the site caches ports apart
 */
public record CacheKey(
    String site, String host, String target, Optional<String> scheme, OptionalInt port) {

  /** The key of a site with the usual settings. */
  public static CacheKey of(String site, String host, String target) {
    return new CacheKey(site, host, target, Optional.empty(), OptionalInt.empty());
  }

  /**
   * One line without ambiguity: site, port, scheme, host and target, divided by spaces, which none
   * of them holds.
   */
  public String canonical() {
    String portText = port.isPresent() ? Integer.toString(port.getAsInt()) : "-";
    return site + ' ' + portText + ' ' + scheme.orElse("-") + ' ' + host + ' ' + target;
  }
}

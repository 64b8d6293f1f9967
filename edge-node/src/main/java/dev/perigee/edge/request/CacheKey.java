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
 * @param extra what else tells the responses of one URL apart by the site's policy; empty as a rule
 * @param slice number of the slice of a large body, counted from 0; {@link #WHOLE} for all of it;
 *     less than that while the last bytes are fetched, of which nobody knows the place yet
 */
public record CacheKey(
    String site,
    String host,
    String target,
    Optional<String> scheme,
    OptionalInt port,
    String extra,
    long slice) {
  /** In place of a slice's number: the whole body. */
  public static final long WHOLE = -1;

  /** The key of a site with the usual settings. */
  public static CacheKey of(String site, String host, String target) {
    return new CacheKey(site, host, target, Optional.empty(), OptionalInt.empty(), "", WHOLE);
  }

  /** The same for another URL of the host. */
  public CacheKey withTarget(String other) {
    return new CacheKey(site, host, other, scheme, port, extra, slice);
  }

  /** The same for one slice of the body. */
  public CacheKey withSlice(long number) {
    return new CacheKey(site, host, target, scheme, port, extra, number);
  }

  /**
   * The same for its body in a content coding; no field, cookie or other part of a site's own has a
   * name with a space in it and this one.
   */
  public CacheKey withCoding(String coding) {
    String more = "content coding=" + coding + '\n';
    return new CacheKey(
        site, host, target, scheme, port, extra.isEmpty() ? more : extra + more, slice);
  }

  /**
   * One line without ambiguity: site, port, scheme, host, slice, target and extra, divided by
   * spaces, which none but the last holds.
   */
  public String canonical() {
    String portText = port.isPresent() ? Integer.toString(port.getAsInt()) : "-";
    String sliceText = slice == WHOLE ? "-" : Long.toString(slice);
    return site
        + ' '
        + portText
        + ' '
        + scheme.orElse("-")
        + ' '
        + host
        + ' '
        + sliceText
        + ' '
        + target
        + ' '
        + extra;
  }
}

package dev.perigee.contract;

import java.util.List;
import java.util.Optional;

/**
 * What of a site's origins is kept from readers, and what of readers from the origins.
 *
 * @param dropped response fields dropped on top of the usual ones, in lower case
 * @param passed request fields passed on though usually they are not, in lower case
 * @param rewrite whether references and cookie domains that name an origin are made to name the
 *     site
 * @param replaceErrors whether a page stands in for what an origin says beside a 5xx
 * @param pages the site's own; one for a status wins over one for its class
 * @param signing how origins can tell that a request comes from here
 */
public record HidingPolicy(
    List<String> dropped,
    List<String> passed,
    boolean rewrite,
    boolean replaceErrors,
    List<ErrorPage> pages,
    OriginSigning signing) {
  /** What every site has. */
  public static final HidingPolicy DEFAULT =
      new HidingPolicy(List.of(), List.of(), true, false, List.of(), OriginSigning.none());

  /** Copies the lists. */
  public HidingPolicy {
    dropped = List.copyOf(dropped);
    passed = List.copyOf(passed);
    pages = List.copyOf(pages);
  }

  /** The site's own page for a status. */
  public Optional<ErrorPage> page(int status) {
    String exactly = Integer.toString(status);
    return pages.stream()
        .filter(page -> page.statuses().equals(exactly))
        .findFirst()
        .or(() -> pages.stream().filter(page -> page.isFor(status)).findFirst());
  }

  /** The same with another way of signing. */
  public HidingPolicy withSigning(OriginSigning other) {
    return new HidingPolicy(dropped, passed, rewrite, replaceErrors, pages, other);
  }
}

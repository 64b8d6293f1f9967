package dev.perigee.edge.pipeline;

import dev.perigee.contract.OriginSigning;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.cache.SlicePolicy;
import dev.perigee.edge.origin.FetchRequest;
import dev.perigee.edge.origin.Fetched;
import dev.perigee.edge.origin.OriginFields;
import dev.perigee.edge.origin.OriginHiding;
import dev.perigee.edge.origin.OriginSigner;
import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.FieldList;
import java.time.InstantSource;
import java.util.Optional;

/**
 * What goes to a site's origin and what comes from there: requests as the site wants them named and
 * signed, responses without what tells of the origin.
 */
final class OriginSide {
  private final String pseudonym;
  private final InstantSource clock;

  /**
   * @param pseudonym this network's name in Via and CDN-Loop
   */
  OriginSide(String pseudonym, InstantSource clock) {
    this.pseudonym = pseudonym;
    this.clock = clock;
  }

  /** The fields that go out, Host included. */
  FieldList.Builder fields(Fetch fetch) {
    return OriginFields.request(
        fetch.request(), host(fetch), pseudonym, fetch.site().hiding().passed());
  }

  /** What is signed names the host that reads it; an object store wants its own name. */
  private static String host(Fetch fetch) {
    SiteConfig site = fetch.site();
    String own = fetch.transport().host();
    if (!own.isEmpty()) {
      return own;
    }
    return site.hiding().signing() instanceof OriginSigning.AwsV4
        ? site.origins().getFirst().authority()
        : fetch.key().host();
  }

  /** The request with these fields, signed where the site wants it. */
  FetchRequest request(Fetch fetch, String method, FieldList fields, Optional<BodySource> body) {
    SiteConfig site = fetch.site();
    OriginSigner.Signed signed =
        OriginSigner.sign(
            site.hiding().signing(),
            method,
            fetch.request().target(),
            fields,
            body.isPresent(),
            clock.instant());
    return new FetchRequest(
        site.origins(),
        fetch.transport(),
        fetch.request().client(),
        method,
        signed.target(),
        signed.fields(),
        body,
        head -> fetch.interim(OriginHiding.hide(head, site, fetch.request().scheme())));
  }

  /** The response without what tells of the origin, and without a range that it cannot have. */
  static Fetched.Response shown(Fetch fetch, Fetched.Response response) {
    return new Fetched.Response(
        SlicePolicy.withoutRange(
            OriginHiding.hide(response.head(), fetch.site(), fetch.request().scheme())),
        response.body(),
        response.requestMillis(),
        response.responseMillis());
  }

  /** Whether a page of ours stands in for what the origin says beside its error. */
  static boolean isReplaced(Fetch fetch, int status) {
    return status >= 500 && fetch.site().hiding().replaceErrors();
  }
}

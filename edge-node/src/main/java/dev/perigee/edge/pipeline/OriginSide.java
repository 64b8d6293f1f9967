package dev.perigee.edge.pipeline;

import dev.perigee.contract.OriginPool;
import dev.perigee.contract.OriginSigning;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.cache.SlicePolicy;
import dev.perigee.edge.cache.StoragePolicy;
import dev.perigee.edge.origin.FetchRequest;
import dev.perigee.edge.origin.Fetched;
import dev.perigee.edge.origin.OriginFields;
import dev.perigee.edge.origin.OriginHiding;
import dev.perigee.edge.origin.OriginSigner;
import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.ClientCert;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
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
    FieldList.Builder fields =
        OriginFields.request(
            fetch.request(), host(fetch), pseudonym, fetch.site().hiding().passed());
    return certified(fetch, fields);
  }

  /** Without the certificate that a reader showed to another site on the same connection. */
  static FieldList.Builder certified(Fetch fetch, FieldList.Builder fields) {
    return fetch.site().clientCertificates().isAsked() ? fields : fields.remove(ClientCert.FIELD);
  }

  /** What is signed names the host that reads it; an object store wants its own name. */
  private static String host(Fetch fetch) {
    SiteConfig site = fetch.site();
    if (!(site.hiding().signing() instanceof OriginSigning.AwsV4)) {
      return fetch.key().host();
    }
    OriginPool pool = site.originPools().poolFor(fetch.request().target());
    String own = pool.transport().host();
    return own.isEmpty() ? pool.servers().getFirst().url().authority() : own;
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
        site,
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
        response.responseMillis(),
        response.stickyCookie());
  }

  /** Whether nobody else may store it either: our readers may be caches, too. */
  static boolean isForOne(StoragePolicy.NotStoredReason reason) {
    return switch (reason) {
      case NO_STORE, PRIVATE, VARY_ALL, COOKIE, NO_LIFETIME -> true;
      case METHOD, REQUEST_NO_STORE, AUTHORIZATION, NOT_UNDERSTOOD, PARTIAL, RULE -> false;
    };
  }

  /** With the cookie by which the reader stays at the server; never on what anybody may store. */
  static Fetched.Response sticky(Fetched.Response response) {
    if (response.stickyCookie().isEmpty()) {
      return response;
    }
    FieldList.Builder fields = response.head().fields().toBuilder();
    fields.add("Set-Cookie", response.stickyCookie().get());
    return new Fetched.Response(
        new ResponseHead(response.head().status(), fields.build()),
        response.body(),
        response.requestMillis(),
        response.responseMillis(),
        Optional.empty());
  }

  /** Whether a page of ours stands in for what the origin says beside its error. */
  static boolean isReplaced(Fetch fetch, int status) {
    return status >= 500 && fetch.site().hiding().replaceErrors();
  }
}

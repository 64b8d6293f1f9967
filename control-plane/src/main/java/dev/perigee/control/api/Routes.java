package dev.perigee.control.api;

import java.util.List;
import java.util.Optional;

/**
 * Every route of the API with what it does and takes: the server is built from it and the OpenAPI
 * document too, so that neither can have one that the other lacks.
 */
final class Routes {
  private Routes() {}

  /** What a handler gets. */
  interface Call {
    /** A part of the path. */
    String path(String name);

    Optional<String> query(String name);

    Optional<String> header(String name);

    String body();
  }

  /** Answers one call; may block. */
  interface Action {
    Reply answer(Call call);
  }

  /**
   * One route.
   *
   * @param template with path parameters in braces
   * @param summary a sentence for the document
   * @param request name of the body's schema; empty for none
   * @param response name of the answer's schema; empty for none
   * @param query names of query parameters
   * @param headers names of request headers that it looks at
   */
  record Route(
      String method,
      String template,
      String summary,
      String request,
      String response,
      List<String> query,
      List<String> headers,
      Action action) {}

  static List<Route> all(
      Resources resources, PurgeResource purges, WarmUpResource warmUps, Operations operations) {
    return List.of(
        get("/v1/sites", "All sites.", "SiteList", c -> resources.listSites()),
        edited(
            "POST",
            "/v1/sites",
            "Register a site.",
            "Site",
            c -> resources.addSite(Edits.of(c), c.body())),
        get("/v1/sites/{site}", "A site by id or host.", "Site", c -> resources.showSite(site(c))),
        edited(
            "PUT",
            "/v1/sites/{site}",
            "Replace a site's settings; a revision in the body insists on being the newest.",
            "Site",
            c -> resources.replaceSite(site(c), Edits.of(c), c.body())),
        edited(
            "DELETE",
            "/v1/sites/{site}",
            "Remove a site.",
            "",
            c -> resources.removeSite(site(c), Edits.of(c))),
        get(
            "/v1/sites/{site}/health",
            "How each node sees the site's origins.",
            "SiteHealth",
            c -> resources.siteHealth(site(c))),
        get("/v1/nodes", "All nodes.", "NodeList", c -> resources.listNodes()),
        with("POST", "/v1/nodes", "Provision a node.", "Node", c -> resources.addNode(c.body())),
        get("/v1/nodes/{node}", "A node.", "Node", c -> resources.showNode(node(c))),
        with(
            "PUT",
            "/v1/nodes/{node}",
            "Replace a node's settings.",
            "Node",
            c -> resources.replaceNode(node(c), c.body())),
        bare(
            "DELETE", "/v1/nodes/{node}", "Remove a node.", "", c -> resources.removeNode(node(c))),
        bare(
            "POST",
            "/v1/nodes/{node}/drain",
            "Steer new readers elsewhere.",
            "Node",
            c -> resources.drainNode(node(c), true)),
        bare(
            "POST",
            "/v1/nodes/{node}/undrain",
            "Steer readers here again.",
            "Node",
            c -> resources.drainNode(node(c), false)),
        bare(
            "POST",
            "/v1/nodes/{node}/shield",
            "Name the node a shield: edges ask it before they ask origins.",
            "Node",
            c -> resources.shieldNode(node(c), true)),
        bare(
            "POST",
            "/v1/nodes/{node}/unshield",
            "Ask the node no more as a shield.",
            "Node",
            c -> resources.shieldNode(node(c), false)),
        bare(
            "POST",
            "/v1/nodes/{node}/join-token",
            "A token to enrol the node with, once.",
            "JoinToken",
            c -> resources.joinToken(node(c))),
        get(
            "/v1/certificates",
            "All certificates.",
            "CertificateList",
            c -> resources.listCertificates()),
        new Route(
            "POST",
            "/v1/certificates",
            "Upload a certificate chain and its key, both PEM.",
            "CertificateUpload",
            "Certificate",
            List.of(),
            List.of(),
            c -> resources.addCertificate(c.body())),
        bare(
            "DELETE",
            "/v1/certificates/{certificate}",
            "Remove a certificate.",
            "",
            c -> resources.removeCertificate(c.path("certificate"))),
        get("/v1/purges", "The newest purges.", "PurgeList", c -> purges.list()),
        new Route(
            "POST",
            "/v1/purges",
            "Purge. An Idempotency-Key header makes it safe to repeat for a day. An owner who"
                + " purges faster than it may gets a 429 with Retry-After.",
            "PurgeOrder",
            "Purge",
            List.of(),
            List.of("Idempotency-Key"),
            c -> purges.issue(c.body(), c.header("Idempotency-Key"))),
        new Route(
            "GET",
            "/v1/purges/{purge}",
            "A purge's receipt; waits for its completion where asked.",
            "",
            "Purge",
            List.of("wait"),
            List.of(),
            c -> purges.receipt(c.path("purge"), c.query("wait"))),
        new Route(
            "POST",
            "/v1/warmups",
            "Have nodes fetch URLs into their caches.",
            "WarmUpOrder",
            "WarmUp",
            List.of(),
            List.of(),
            c -> warmUps.begin(c.body())),
        get(
            "/v1/warmups/{warmup}",
            "How far a warm-up is; known for an hour.",
            "WarmUp",
            c -> warmUps.progress(c.path("warmup"))),
        get("/v1/status", "How everything is.", "Status", c -> operations.status()));
  }

  private static String site(Call call) {
    return call.path("site");
  }

  private static String node(Call call) {
    return call.path("node");
  }

  private static Route get(String template, String summary, String response, Action action) {
    return bare("GET", template, summary, response, action);
  }

  private static Route bare(
      String method, String template, String summary, String response, Action action) {
    return new Route(method, template, summary, "", response, List.of(), List.of(), action);
  }

  /** A change whose author and reason are kept. */
  private static Route edited(
      String method, String template, String summary, String schema, Action action) {
    return new Route(
        method,
        template,
        summary,
        schema,
        schema,
        List.of(Edits.NOTE),
        List.of(Edits.USER),
        action);
  }

  private static Route with(
      String method, String template, String summary, String schema, Action action) {
    return new Route(method, template, summary, schema, schema, List.of(), List.of(), action);
  }
}

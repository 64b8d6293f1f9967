package dev.perigee.control.api;

import dev.perigee.control.pki.Caller;
import dev.perigee.control.store.Purview;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * Every route of the API with what it does and takes: the server is built from it and the OpenAPI
 * document too, so that neither can have one that the other lacks.
 */
final class Routes {
  /** Where simulations are asked for. */
  static final String SIMULATION = "/v1/steer/simulate";

  private Routes() {}

  /** What a handler gets. */
  interface Call {
    /** Who calls; its role is enough. */
    Caller caller();

    /** What the caller may know of: everything is looked up by way of it. */
    default Purview purview() {
      return caller().purview();
    }

    /** A part of the path. */
    String path(String name);

    Optional<String> query(String name);

    Optional<String> header(String name);

    String body();

    /** The revision that what is changed must have; by way of its tag. */
    default OptionalLong ifRevision() {
      return OptionalLong.empty();
    }
  }

  /** Answers one call; may block. */
  interface Action {
    Reply answer(Call call);
  }

  /**
   * One route.
   *
   * @param access who may call it; there is no route that does not say
   * @param template with path parameters in braces
   * @param summary a sentence for the document
   * @param request name of the body's schema; empty for none
   * @param response name of the answer's schema; empty for none
   * @param query names of query parameters
   * @param headers names of request headers that it looks at
   */
  record Route(
      Access access,
      String method,
      String template,
      String summary,
      String request,
      String response,
      List<String> query,
      List<String> headers,
      Action action) {
    Route {
      Objects.requireNonNull(access, template);
      query = List.copyOf(query);
      headers = List.copyOf(headers);
    }

    /** Whether it is more than a look; a simulation is sent what it looks at. */
    boolean changes() {
      return !method.equals("GET") && !template.equals(SIMULATION);
    }
  }

  static List<Route> all(
      Resources resources, PurgeResource purges, WarmUpResource warmUps, Operations operations) {
    return List.of(
        list(
            Access.VIEWER,
            "/v1/sites",
            "The sites, by id: those of an organisation, that list a host, that a region serves.",
            "SiteList",
            Resources.SITE_FILTERS,
            c -> resources.listSites(c.purview(), Listing.of(c, Resources.SITE_FILTERS))),
        edited(
            Access.EDITOR_OF_ALL,
            "POST",
            "/v1/sites",
            "Register a site.",
            "Site",
            c -> resources.addSite(c.purview(), Edits.of(c), c.body())),
        get(
            Access.VIEWER,
            "/v1/sites/{site}",
            "A site by id or host.",
            "Site",
            c -> resources.showSite(c.purview(), site(c))),
        edited(
            Access.EDITOR,
            "PUT",
            "/v1/sites/{site}",
            "Replace a site's settings; a revision in the body insists on being the newest.",
            "Site",
            c -> resources.replaceSite(c.purview(), site(c), Edits.of(c), c.body())),
        edited(
            Access.EDITOR,
            "DELETE",
            "/v1/sites/{site}",
            "Remove a site.",
            "",
            c -> resources.removeSite(c.purview(), site(c), Edits.of(c))),
        get(
            Access.VIEWER,
            "/v1/sites/{site}/health",
            "How each node sees the site's origins.",
            "SiteHealth",
            c -> resources.siteHealth(c.purview(), site(c))),
        list(
            Access.OPERATOR,
            "/v1/nodes",
            "The nodes, by name.",
            "NodeList",
            Resources.NODE_FILTERS,
            c -> resources.listNodes(Listing.of(c, Resources.NODE_FILTERS))),
        with(
            Access.OPERATOR,
            "POST",
            "/v1/nodes",
            "Provision a node.",
            "Node",
            c -> resources.addNode(c.body())),
        get(
            Access.OPERATOR,
            "/v1/nodes/{node}",
            "A node.",
            "Node",
            c -> resources.showNode(node(c))),
        with(
            Access.OPERATOR,
            "PUT",
            "/v1/nodes/{node}",
            "Replace a node's settings.",
            "Node",
            c -> resources.replaceNode(node(c), c.body())),
        bare(
            Access.OPERATOR,
            "DELETE",
            "/v1/nodes/{node}",
            "Remove a node.",
            "",
            c -> resources.removeNode(node(c))),
        bare(
            Access.OPERATOR,
            "POST",
            "/v1/nodes/{node}/drain",
            "Steer new readers elsewhere.",
            "Node",
            c -> resources.drainNode(node(c), true)),
        bare(
            Access.OPERATOR,
            "POST",
            "/v1/nodes/{node}/undrain",
            "Steer readers here again.",
            "Node",
            c -> resources.drainNode(node(c), false)),
        bare(
            Access.OPERATOR,
            "POST",
            "/v1/nodes/{node}/shield",
            "Name the node a shield: edges ask it before they ask origins.",
            "Node",
            c -> resources.shieldNode(node(c), true)),
        bare(
            Access.OPERATOR,
            "POST",
            "/v1/nodes/{node}/unshield",
            "Ask the node no more as a shield.",
            "Node",
            c -> resources.shieldNode(node(c), false)),
        bare(
            Access.OPERATOR,
            "POST",
            "/v1/nodes/{node}/join-token",
            "A token to enrol the node with, once.",
            "JoinToken",
            c -> resources.joinToken(node(c))),
        list(
            Access.VIEWER,
            "/v1/purges",
            "The purges, the newest first; those of a site.",
            "PurgeList",
            PurgeResource.FILTERS,
            purges::list),
        new Route(
            Access.PURGER,
            "POST",
            "/v1/purges",
            "Purge. An Idempotency-Key header makes it safe to repeat for a day. An owner who"
                + " purges faster than it may gets a 429 with Retry-After.",
            "PurgeOrder",
            "Purge",
            List.of(),
            List.of("Idempotency-Key"),
            c -> purges.issue(c.purview(), c.body(), c.header("Idempotency-Key"))),
        new Route(
            Access.ANYBODY,
            "GET",
            "/v1/purges/{purge}",
            "A purge's receipt; waits for its completion where asked.",
            "",
            "Purge",
            List.of("wait"),
            List.of(),
            c -> purges.receipt(c.purview(), c.path("purge"), c.query("wait"))),
        new Route(
            Access.EDITOR,
            "POST",
            "/v1/warmups",
            "Have nodes fetch URLs into their caches.",
            "WarmUpOrder",
            "WarmUp",
            List.of(),
            List.of(),
            c -> warmUps.begin(c.purview(), c.body())),
        get(
            Access.VIEWER,
            "/v1/warmups/{warmup}",
            "How far a warm-up is; known for an hour.",
            "WarmUp",
            c -> warmUps.progress(c.purview(), c.path("warmup"))),
        get(
            Access.OPERATOR,
            "/v1/status",
            "How everything is.",
            "Status",
            c -> operations.status()));
  }

  private static String site(Call call) {
    return call.path("site");
  }

  private static String node(Call call) {
    return call.path("node");
  }

  static Route get(Access access, String template, String summary, String response, Action action) {
    return bare(access, "GET", template, summary, response, action);
  }

  /** A list, which is shown in pages. */
  static Route list(
      Access access,
      String template,
      String summary,
      String response,
      List<String> filters,
      Function<Call, Reply> action) {
    List<String> query = new ArrayList<>(List.of(Listing.LIMIT, Listing.AFTER));
    query.addAll(filters);
    return new Route(
        access, "GET", template, summary, "", response, query, List.of(), action::apply);
  }

  /** One that takes no body. */
  static Route bare(
      Access access,
      String method,
      String template,
      String summary,
      String response,
      Action action) {
    return new Route(access, method, template, summary, "", response, List.of(), List.of(), action);
  }

  /** A change whose author and reason are kept. */
  private static Route edited(
      Access access, String method, String template, String summary, String schema, Action action) {
    return new Route(
        access,
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
      Access access, String method, String template, String summary, String schema, Action action) {
    return new Route(
        access, method, template, summary, schema, schema, List.of(), List.of(), action);
  }
}

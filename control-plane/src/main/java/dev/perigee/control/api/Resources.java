package dev.perigee.control.api;

import dev.perigee.contract.ClientCertificates;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.HidingPolicy;
import dev.perigee.contract.HostName;
import dev.perigee.contract.OriginPools;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.TierPolicy;
import dev.perigee.control.fleet.FleetView;
import dev.perigee.control.fleet.Probed;
import dev.perigee.control.pki.JoinTokens;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.Edit;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.NodeStore;
import dev.perigee.control.store.Organisation;
import dev.perigee.control.store.Purview;
import dev.perigee.control.store.SiteStore;
import dev.perigee.control.store.Terms;
import dev.perigee.control.store.VisibleSites;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/** Sites, nodes and certificates. */
final class Resources implements SiteFinder {
  static final List<String> SITE_FILTERS = List.of("organisation", "hosts", "regions");
  static final List<String> NODE_FILTERS =
      List.of("region", "country", "draining", "connected", "healthy", "shield");
  static final Set<String> SITE_FIELDS =
      Set.of(
          "id",
          "revision",
          "organisation",
          "hosts",
          "origins",
          "regions",
          "schemeInKey",
          "portInKey",
          "cache",
          "originPools",
          "hiding",
          "shield",
          "popShare",
          "steering",
          "limits",
          "bandwidth",
          "compression",
          "acme",
          "clientCertificates");
  private static final Set<String> NODE_FIELDS =
      Set.of(
          "name",
          "region",
          "latitude",
          "longitude",
          "addresses",
          "httpPort",
          "httpsPort",
          "shield",
          "peerPort",
          "country");

  private final SiteStore sites;
  private final VisibleSites visible;
  private final NodeStore nodes;
  private final FleetView fleet;
  private final JoinTokens tokens;
  private final Runnable nodesChanged;
  private final RandomGenerator random;
  private final InstantSource clock;

  Resources(
      SiteStore sites,
      VisibleSites visible,
      NodeStore nodes,
      FleetView fleet,
      JoinTokens tokens,
      Runnable nodesChanged,
      RandomGenerator random,
      InstantSource clock) {
    this.clock = clock;
    this.sites = sites;
    this.visible = visible;
    this.nodes = nodes;
    this.fleet = fleet;
    this.tokens = tokens;
    this.nodesChanged = nodesChanged;
    this.random = random;
  }

  Reply listSites(Purview purview, Listing listing) {
    return listing.cut(
        visible.page(
            purview,
            new VisibleSites.Wanted(
                listing.filter("organisation"),
                listing.filter("hosts"),
                listing.filter("regions"),
                listing.after(),
                listing.oneMore())),
        VisibleSites.Held::id,
        Resources::view);
  }

  Reply addSite(Purview purview, Edits edits, String body) {
    Input input = Input.read(body, SITE_FIELDS);
    SiteConfig site = site(input, input.text("id").orElse(""), Optional.empty());
    String organisation = organisation(input, purview);
    Edit edit = edits.read(input);
    return input.problems().isEmpty()
        ? changed(
            sites.add(site, organisation, edit),
            "site",
            (added, at) -> Reply.created(view(new VisibleSites.Held(added, organisation, at))))
        : Reply.invalid(input.problems());
  }

  /** Whose something new is to be: the caller's organisation's, or what an operator names. */
  static String organisation(Input input, Purview purview) {
    Optional<String> named = input.text("organisation");
    Optional<String> own = purview.organisation();
    if (named.isPresent() && own.isPresent() && !own.equals(named)) {
      input.problem("organisation", "must be " + own.get() + " or be left out");
    }
    return own.or(() -> named).orElse(Organisation.FIRST);
  }

  Reply showSite(Purview purview, String name) {
    return visible
        .find(purview, name)
        .map(held -> Reply.ok(view(held)))
        .orElseGet(() -> Reply.notFound("site"));
  }

  Reply replaceSite(Purview purview, String name, Edits edits, String body) {
    Optional<VisibleSites.Held> found = visible.find(purview, name);
    if (found.isEmpty()) {
      return Reply.notFound("site");
    }
    VisibleSites.Held before = found.get();
    Input input = Input.read(body, SITE_FIELDS);
    SiteConfig site = site(input, before.id(), found.map(VisibleSites.Held::site));
    unchanged(input, "id", before.id());
    unchanged(input, "organisation", before.organisation());
    Edit edit = edits.read(input);
    return input.problems().isEmpty()
        ? changed(
            sites.replace(site, edit),
            "site",
            (now, at) -> Reply.ok(view(new VisibleSites.Held(now, before.organisation(), at))))
        : Reply.invalid(input.problems());
  }

  static void unchanged(Input input, String field, String value) {
    if (input.text(field).filter(sent -> !sent.equals(value)).isPresent()) {
      input.problem(field, "cannot be changed");
    }
  }

  Reply siteHealth(Purview purview, String name) {
    return find(purview, name)
        .map(site -> Reply.ok(OriginHealthJson.view(site, fleet.origins(site.id()))))
        .orElseGet(() -> Reply.notFound("site"));
  }

  Reply removeSite(Purview purview, String name, Edits edits) {
    Optional<SiteConfig> found = find(purview, name);
    if (found.isEmpty()) {
      return Reply.notFound("site");
    }
    Input input = Input.read("{}", Set.of());
    Edit edit = edits.read(input);
    return input.problems().isEmpty()
        ? changed(sites.remove(found.get().id(), edit), "site", site -> new Reply.Empty())
        : Reply.invalid(input.problems());
  }

  /** A site within purview, by id or by one of its hosts. */
  @Override
  public Optional<SiteConfig> find(Purview purview, String name) {
    return visible.find(purview, name).map(VisibleSites.Held::site);
  }

  /**
   * The site that was sent.
   *
   * @param before the site until now, with the keys and secrets that are not shown
   */
  SiteConfig site(Input input, String id, Optional<SiteConfig> before) {
    List<String> hosts = new ArrayList<>();
    for (String text : input.texts("hosts")) {
      Optional<String> host = HostName.normalisePattern(text);
      if (host.isEmpty()) {
        input.problem("hosts[" + hosts.size() + "]", "is not a host name: " + text);
      }
      hosts.add(host.orElse(text));
    }
    List<OriginUrl> origins = new ArrayList<>();
    int index = 0;
    for (String text : input.texts("origins")) {
      Optional<OriginUrl> origin = OriginUrl.parse(text);
      if (origin.isEmpty()) {
        input.problem(
            "origins[" + index + "]", "must be http://host[:port] or https://host[:port]");
      }
      origin.ifPresent(origins::add);
      index++;
    }
    SiteConfig site =
        new SiteConfig(
            id,
            hosts,
            origins,
            Set.copyOf(input.texts("regions")),
            input.flag("schemeInKey"),
            input.flag("portInKey"),
            CachePolicyJson.read(input),
            new OriginPoolsJson(before.map(SiteConfig::pools).orElse(OriginPools.NONE), random)
                .read(input),
            HidingPolicyJson.read(
                input, before.map(SiteConfig::hiding).orElse(HidingPolicy.DEFAULT)),
            new TierPolicy(
                input.flag("shield", TierPolicy.DEFAULT.shield()),
                input.flag("popShare", TierPolicy.DEFAULT.popShare())),
            SteeringPolicyJson.read(input),
            RateRuleJson.read(input),
            input.whole("bandwidth").orElse(0),
            CompressionPolicyJson.read(input),
            AcmeResource.challenge(input),
            ClientCertificatesJson.read(
                input,
                before.map(SiteConfig::clientCertificates).orElse(ClientCertificates.OFF),
                clock.instant()));
    if (!origins.isEmpty() && !origins.equals(site.origins())) {
      input.problem(
          "origins", "are not the servers of the default pool: leave them out beside originPools");
    }
    return site;
  }

  /** A site with the revision of its newest change, on which a change can insist. */
  static Map<String, Object> view(VisibleSites.Held held) {
    Map<String, Object> view = view(held.site());
    view.put("revision", held.revision());
    view.put("organisation", held.organisation());
    return view;
  }

  static Map<String, Object> view(SiteConfig site) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("id", site.id());
    view.put("hosts", site.hosts());
    view.put("origins", site.origins().stream().map(OriginUrl::toString).toList());
    view.put("regions", site.regions().stream().sorted().toList());
    view.put("schemeInKey", site.schemeInKey());
    view.put("portInKey", site.portInKey());
    view.put("cache", CachePolicyJson.view(site.cache()));
    if (!site.pools().isNone()) {
      view.put("originPools", OriginPoolsJson.view(site.pools()));
    }
    view.put("hiding", HidingPolicyJson.view(site.hiding()));
    view.put("shield", site.tiers().shield());
    view.put("popShare", site.tiers().popShare());
    view.put("steering", SteeringPolicyJson.view(site.steering()));
    view.put("limits", RateRuleJson.view(site.limits()));
    view.put("bandwidth", site.bandwidth());
    view.put("compression", CompressionPolicyJson.view(site.compression()));
    view.put("acme", site.acme().token());
    view.put("clientCertificates", ClientCertificatesJson.view(site.clientCertificates()));
    return view;
  }

  Reply listNodes(Listing listing) {
    return listing.page(nodes.all(), Listing.Order.NAME, Node::name, this::view);
  }

  Reply showNode(String name) {
    return nodes
        .byName(name)
        .map(node -> Reply.ok(view(node)))
        .orElseGet(() -> Reply.notFound("node"));
  }

  Reply addNode(String body) {
    Input input = Input.read(body, NODE_FIELDS);
    Node node = node(input, input.required("name"));
    if (!input.problems().isEmpty()) {
      return Reply.invalid(input.problems());
    }
    return changed(
        nodes.add(node),
        "node",
        added -> {
          nodesChanged.run();
          Map<String, Object> view = view(added);
          if (!Terms.isTrial()) {
            view.put("joinToken", tokens.issue(added.name()).format());
          }
          return Reply.created(view);
        });
  }

  Reply replaceNode(String name, String body) {
    Input input = Input.read(body, NODE_FIELDS);
    Node node = node(input, name);
    return input.problems().isEmpty()
        ? nodeChanged(nodes.replace(node))
        : Reply.invalid(input.problems());
  }

  Reply drainNode(String name, boolean draining) {
    return nodeChanged(nodes.setDraining(name, draining));
  }

  Reply shieldNode(String name, boolean shield) {
    return nodeChanged(nodes.setShield(name, shield));
  }

  Reply removeNode(String name) {
    Reply reply = changed(nodes.remove(name), "node", node -> new Reply.Empty());
    nodesChanged.run();
    return reply;
  }

  Reply joinToken(String name) {
    return nodes
        .byName(name)
        .map(node -> tokens.issue(name).format())
        .map(token -> Reply.created(Terms.isTrial() ? Map.of() : Map.of("token", token)))
        .orElseGet(() -> Reply.notFound("node"));
  }

  private Reply nodeChanged(Change<Node> change) {
    Reply reply = changed(change, "node", node -> Reply.ok(view(node)));
    nodesChanged.run();
    return reply;
  }

  private static Node node(Input input, String name) {
    List<InetAddress> addresses = new ArrayList<>();
    int index = 0;
    for (String text : input.texts("addresses")) {
      try {
        if (!text.matches("[0-9.]{7,15}|[0-9A-Fa-f:.]{2,45}")) {
          throw new UnknownHostException(text);
        }
        addresses.add(InetAddress.getByName(text));
      } catch (UnknownHostException e) {
        input.problem("addresses[" + index + "]", "is no IP address: " + text);
      }
      index++;
    }
    return new Node(
        name,
        input.required("region"),
        input.number("latitude"),
        input.number("longitude"),
        addresses,
        input.integer("httpPort", 8080),
        input.integer("httpsPort", 8443),
        false,
        false,
        input.flag("shield"),
        input.integer("peerPort", 0),
        input.text("country").orElse(""));
  }

  private Map<String, Object> view(Node node) {
    FleetView.NodeState state = fleet.state(node.name());
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("name", node.name());
    view.put("region", node.region());
    view.put("latitude", node.latitude());
    view.put("longitude", node.longitude());
    view.put("addresses", node.addresses().stream().map(InetAddress::getHostAddress).toList());
    view.put("httpPort", node.httpPort());
    view.put("httpsPort", node.httpsPort());
    view.put("shield", node.shield());
    view.put("peerPort", node.peerPort());
    view.put("country", node.country());
    view.put("draining", node.draining());
    view.put("enrolled", node.enrolled());
    view.put("connected", state.connected());
    view.put("healthy", state.healthy());
    view.put("healthDetail", state.healthDetail());
    view.put("build", state.build());
    view.put("revision", state.revision());
    view.put("purge", state.purge());
    view.put("load", state.load());
    view.put("requestsPerSecond", state.requestsPerSecond());
    view.put("openConnections", state.openConnections());
    state.lastSeen().ifPresent(seen -> view.put("lastSeen", seen.toString()));
    view.put("probes", view(fleet.probed(node.name())));
    view.put("refusals", state.refusals());
    view.put("geoip", state.geo().stream().map(Resources::view).toList());
    return view;
  }

  static Map<String, Object> view(Probed probed) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("reached", probed.reached());
    view.put("unreached", probed.unreached());
    view.put("unheard", probed.unheard());
    view.put("down", probed.isDown());
    return view;
  }

  private static Map<String, Object> view(GeoHolding holding) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("kind", holding.kind().token());
    view.put("version", holding.version());
    view.put("built", Instant.ofEpochSecond(holding.builtSeconds()).toString());
    return view;
  }

  private static Reply later(String what, Duration retryAfter) {
    long seconds = Math.max(1, retryAfter.plusMillis(999).toSeconds());
    String detail =
        "Nothing was changed: the owner of this %s sends more than it may; again in %d s."
            .formatted(what, seconds);
    return new Reply.Later(detail, seconds);
  }

  static <T> Reply changed(Change<T> change, String what, Function<T, Reply> committed) {
    return changed(change, what, (value, revision) -> committed.apply(value));
  }

  /** The reply to a change: of what was committed and its revision, or why it was not. */
  static <T> Reply changed(Change<T> change, String what, BiFunction<T, Long, Reply> committed) {
    return switch (change) {
      case Change.Committed<T>(T value, long revision) -> committed.apply(value, revision);
      case Change.Invalid<T>(var problems) -> Reply.invalid(problems);
      case Change.Conflict<T>(var problem) -> Reply.conflict(problem);
      case Change.Stale<T>(long revision) -> Reply.stale(what, revision);
      case Change.Limited<T>(Duration retryAfter) -> later(what, retryAfter);
      case Change.Unknown<T>() -> Reply.notFound(what);
    };
  }
}

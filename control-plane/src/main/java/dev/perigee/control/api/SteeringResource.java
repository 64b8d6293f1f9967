package dev.perigee.control.api;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.fleet.FleetView;
import dev.perigee.control.steer.Simulation;
import dev.perigee.control.steer.Steering;
import dev.perigee.control.steer.Steering.Explanation;
import dev.perigee.control.store.Purview;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Why clients go where they go, and where they would go without some nodes. */
final class SteeringResource {
  private static final Set<String> SIMULATION = Set.of("clients", "site", "fail");

  private final Steering steering;
  private final FleetView fleet;
  private final SiteFinder find;

  SteeringResource(Steering steering, FleetView fleet, SiteFinder find) {
    this.steering = steering;
    this.fleet = fleet;
    this.find = find;
  }

  List<Routes.Route> routes() {
    return List.of(
        new Routes.Route(
            Access.OPERATOR,
            "GET",
            "/v1/steer/explain",
            "Why a client goes where it goes; with subnet instead of client, as for a DNS query"
                + " with that client subnet (RFC 7871).",
            "",
            "Explanation",
            List.of("client", "subnet", "site"),
            List.of(),
            this::explain),
        new Routes.Route(
            Access.OPERATOR,
            "POST",
            Routes.SIMULATION,
            "How clients share the nodes as things are, and without some regions or nodes; nothing"
                + " is changed.",
            "SimulationOrder",
            "Simulation",
            List.of(),
            List.of(),
            call -> simulate(call.purview(), call.body())));
  }

  private Reply explain(Routes.Call call) {
    Optional<String> client = call.query("client");
    Optional<String> subnet = call.query("subnet");
    Optional<String> site = call.query("site");
    if (client.isPresent() == subnet.isPresent()) {
      return Reply.invalid("client", "or subnet must be given, and not both");
    }
    Optional<AddressRange> range =
        client
            .flatMap(AddressRange::address)
            .map(address -> new AddressRange(address, Byte.SIZE * address.getAddress().length))
            .or(() -> subnet.flatMap(AddressRange::parse));
    if (range.isEmpty()) {
      return client.isPresent()
          ? Reply.invalid("client", "must be an IP address")
          : Reply.invalid("subnet", "must be such as 192.0.2.0/24 or 2001:db8::/32");
    }
    Optional<String> siteId =
        site.flatMap(name -> find.find(call.purview(), name)).map(SiteConfig::id);
    if (site.isPresent() && siteId.isEmpty()) {
      return Reply.invalid("site", "is not known: " + site.get());
    }
    Explanation explained = steering.explain(range.get().first(), siteId);
    Map<String, Object> view = view(explained);
    if (subnet.isPresent()) {
      // RFC 7871, section 7.2.1: who says nothing of the client gets an answer for everybody.
      int scope = range.get().bits() == 0 ? 0 : explained.scopePrefix();
      view.put("subnet", Map.of("sourcePrefix", range.get().bits(), "scopePrefix", scope));
    }
    return Reply.ok(view);
  }

  private Map<String, Object> view(Explanation explained) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("client", explained.client().getHostAddress());
    explained.zone().ifPresent(zone -> view.put("zone", zone));
    explained.position().ifPresent(position -> view.put("position", position));
    explained.country().ifPresent(country -> view.put("country", country));
    view.put("positionSource", explained.positionSource());
    explained.pin().ifPresent(pin -> view.put("pin", pin));
    explained.chosen().ifPresent(chosen -> view.put("chosen", chosen.node()));
    view.put("network", explained.network());
    view.put("scopePrefix", explained.scopePrefix());
    view.put("fallback", explained.fallback());
    view.put("candidates", explained.candidates().stream().map(this::view).toList());
    return view;
  }

  private Map<String, Object> view(Steering.Candidate candidate) {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("node", candidate.node());
    one.put("region", candidate.region());
    candidate.distanceKm().ifPresent(km -> one.put("distanceKm", Math.round(km)));
    one.put("eligible", candidate.eligible());
    one.put("state", candidate.state());
    one.put("probes", Resources.view(fleet.probed(candidate.node())));
    one.put("load", candidate.load());
    one.put("weight", candidate.weight());
    one.put("reason", candidate.reason());
    return one;
  }

  private Reply simulate(Purview purview, String body) {
    Input input = Input.read(body, SIMULATION);
    List<InetAddress> clients = new ArrayList<>();
    List<String> texts = input.texts("clients");
    for (int i = 0; i < texts.size(); i++) {
      Optional<InetAddress> address = AddressRange.address(texts.get(i));
      if (address.isEmpty()) {
        input.problem("clients[" + i + "]", "must be an IP address: " + texts.get(i));
      }
      address.ifPresent(clients::add);
    }
    if (texts.size() > Simulation.GIVEN) {
      input.problem("clients", "must be at most " + Simulation.GIVEN);
    }
    Optional<String> site = input.text("site");
    Optional<String> siteId = site.flatMap(name -> find.find(purview, name)).map(SiteConfig::id);
    if (site.isPresent() && siteId.isEmpty()) {
      input.problem("site", "is not known: " + site.get());
    }
    Set<String> failing = Set.copyOf(input.texts("fail"));
    Set<String> unknown = steering.unknownOf(failing);
    if (!unknown.isEmpty()) {
      input.problem("fail", "names no node and no region of one: " + String.join(" ", unknown));
    }
    return input.problems().isEmpty()
        ? Reply.ok(view(steering.simulate(clients, siteId, failing)))
        : Reply.invalid(input.problems());
  }

  private static Map<String, Object> view(Simulation simulated) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("clients", simulated.clients());
    view.put("before", view(simulated.before()));
    view.put("after", view(simulated.after()));
    List<Map<String, Object>> items = new ArrayList<>();
    for (Simulation.Share share : simulated.shares()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("node", share.node());
      one.put("region", share.region());
      one.put("before", share.before());
      one.put("after", share.after());
      items.add(one);
    }
    view.put("items", items);
    return view;
  }

  private static Map<String, Object> view(Simulation.Distances distances) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("medianKm", distances.medianKm());
    view.put("p95Km", distances.p95Km());
    view.put("unanswered", distances.unanswered());
    return view;
  }
}

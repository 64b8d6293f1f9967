package dev.perigee.control.api;

import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoHolding;
import dev.perigee.control.fleet.FleetView;
import dev.perigee.control.steer.Steering;
import dev.perigee.control.store.NodeStore;
import dev.perigee.control.store.PurgeStore;
import dev.perigee.control.store.SiteStore;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** What operators ask: why a client goes where it goes, and how everything is. */
final class Operations {
  private final Resources resources;
  private final Steering steering;
  private final SiteStore sites;
  private final NodeStore nodes;
  private final PurgeStore purges;
  private final FleetView fleet;
  private final LongSupplier revision;
  private final Supplier<Optional<Duration>> geoAge;
  private final Supplier<List<GeoFile>> geoFiles;

  Operations(
      Resources resources,
      Steering steering,
      SiteStore sites,
      NodeStore nodes,
      PurgeStore purges,
      FleetView fleet,
      LongSupplier revision,
      Supplier<Optional<Duration>> geoAge,
      Supplier<List<GeoFile>> geoFiles) {
    this.resources = resources;
    this.steering = steering;
    this.sites = sites;
    this.nodes = nodes;
    this.purges = purges;
    this.fleet = fleet;
    this.revision = revision;
    this.geoAge = geoAge;
    this.geoFiles = geoFiles;
  }

  Reply explain(Optional<String> client, Optional<String> site) {
    String text = client.orElse("");
    if (!text.matches("[0-9.]{7,15}|[0-9A-Fa-f:.]{2,45}")) {
      return Reply.invalid("client", "must be an IP address");
    }
    Optional<String> siteId = site.flatMap(resources::find).map(s -> s.id());
    if (site.isPresent() && siteId.isEmpty()) {
      return Reply.invalid("site", "is not known: " + site.get());
    }
    try {
      return Reply.ok(view(steering.explain(InetAddress.getByName(text), siteId)));
    } catch (UnknownHostException e) {
      return Reply.invalid("client", "must be an IP address");
    }
  }

  private static Map<String, Object> view(Steering.Explanation explained) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("client", explained.client().getHostAddress());
    explained.position().ifPresent(position -> view.put("position", position));
    explained.country().ifPresent(country -> view.put("country", country));
    view.put("positionSource", explained.positionSource());
    explained.chosen().ifPresent(chosen -> view.put("chosen", chosen.node()));
    view.put("scopePrefix", explained.scopePrefix());
    view.put("fallback", explained.fallback());
    List<Map<String, Object>> candidates = new ArrayList<>();
    for (Steering.Candidate candidate : explained.candidates()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("node", candidate.node());
      one.put("region", candidate.region());
      candidate.distanceKm().ifPresent(km -> one.put("distanceKm", Math.round(km)));
      one.put("eligible", candidate.eligible());
      one.put("reason", candidate.reason());
      candidates.add(one);
    }
    view.put("candidates", candidates);
    return view;
  }

  Reply status() {
    long head = revision.getAsLong();
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("revision", head);
    view.put("purge", purges.head());
    view.put("sites", sites.all().size());
    List<String> names = nodes.all().stream().map(node -> node.name()).toList();
    view.put("nodes", names.size());
    view.put("serving", names.stream().filter(name -> fleet.state(name).isServing()).count());
    view.put(
        "upToDate", names.stream().filter(name -> fleet.state(name).revision() == head).count());
    geoAge.get().ifPresent(age -> view.put("geoipAgeDays", age.toDays()));
    view.put("geoipNodes", names.stream().filter(this::hasGeoFiles).count());
    return Reply.ok(view);
  }

  /** Whether every GeoIP database serves on the node in the version that is here. */
  private boolean hasGeoFiles(String node) {
    List<GeoHolding> held = fleet.state(node).geo();
    return geoFiles.get().stream()
        .allMatch(file -> held.stream().anyMatch(h -> h.version().equals(file.version())));
  }
}

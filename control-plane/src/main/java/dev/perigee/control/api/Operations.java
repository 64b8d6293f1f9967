package dev.perigee.control.api;

import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.Limits;
import dev.perigee.control.fleet.FleetView;
import dev.perigee.control.store.CertificateCounts;
import dev.perigee.control.store.NodeStore;
import dev.perigee.control.store.PurgeStore;
import dev.perigee.control.store.Replica;
import dev.perigee.control.store.SiteStore;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** How everything is. */
final class Operations {
  private final SiteStore sites;
  private final NodeStore nodes;
  private final PurgeStore purges;
  private final FleetView fleet;
  private final LongSupplier revision;
  private final Supplier<Optional<Duration>> geoAge;
  private final Supplier<List<GeoFile>> geoFiles;
  private final Supplier<CertificateCounts.Counts> certificates;
  private final ApiPorts.Builds builds;

  Operations(
      SiteStore sites,
      NodeStore nodes,
      PurgeStore purges,
      FleetView fleet,
      LongSupplier revision,
      Supplier<Optional<Duration>> geoAge,
      Supplier<List<GeoFile>> geoFiles,
      Supplier<CertificateCounts.Counts> certificates,
      ApiPorts.Builds builds) {
    this.sites = sites;
    this.nodes = nodes;
    this.purges = purges;
    this.fleet = fleet;
    this.revision = revision;
    this.geoAge = geoAge;
    this.geoFiles = geoFiles;
    this.certificates = certificates;
    this.builds = builds;
  }

  Reply status() {
    long head = revision.getAsLong();
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("version", builds.own());
    view.put(
        "controlPlanes",
        builds.living().get().stream().limit(Limits.REPLICAS).map(Operations::view).toList());
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
    view.put("certificates", view(certificates.get()));
    return Reply.ok(view);
  }

  private static Map<String, Object> view(Replica one) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("address", one.address());
    view.put("version", one.build());
    return view;
  }

  private static Map<String, Object> view(CertificateCounts.Counts counts) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("all", counts.all());
    view.put("expiring", counts.expiring());
    view.put("failing", counts.failing());
    return view;
  }

  /** Whether every GeoIP database serves on the node in the version that is here. */
  private boolean hasGeoFiles(String node) {
    List<GeoHolding> held = fleet.state(node).geo();
    return geoFiles.get().stream()
        .allMatch(file -> held.stream().anyMatch(h -> h.version().equals(file.version())));
  }
}

package dev.perigee.control.api;

import dev.perigee.contract.GeoFile;
import dev.perigee.control.fleet.FleetView;
import dev.perigee.control.pki.JoinTokens;
import dev.perigee.control.steer.Steering;
import dev.perigee.control.store.CertificateStore;
import dev.perigee.control.store.DnsChallengeStore;
import dev.perigee.control.store.DnsKeyStore;
import dev.perigee.control.store.NodeStore;
import dev.perigee.control.store.PostgresRolloutStore;
import dev.perigee.control.store.PurgeReceipts;
import dev.perigee.control.store.PurgeStore;
import dev.perigee.control.store.SiteHistory;
import dev.perigee.control.store.SiteStore;
import dev.perigee.control.store.WarmUpStore;
import dev.perigee.control.store.ZoneStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Everything the API asks.
 *
 * @param revision the newest
 * @param geoAge of the GeoIP data, where there is any
 * @param geoFiles what edges are brought of it
 * @param nodesChanged run after nodes changed
 * @param random for secrets that sites are given
 */
public record ApiPorts(
    SiteStore sites,
    SiteHistory history,
    PostgresRolloutStore rollouts,
    NodeStore nodes,
    ZoneStore zones,
    CertificateStore certificates,
    DnsChallengeStore challenges,
    DnsKeyStore keys,
    PurgeStore purges,
    PurgeReceipts receipts,
    FleetView fleet,
    WarmUpStore warmUps,
    Steering steering,
    JoinTokens joinTokens,
    LongSupplier revision,
    Supplier<Optional<Duration>> geoAge,
    Supplier<List<GeoFile>> geoFiles,
    Runnable nodesChanged,
    RandomGenerator random) {
  List<Routes.Route> routes() {
    Resources resources =
        new Resources(sites, nodes, certificates, fleet, joinTokens, nodesChanged, random);
    PurgeResource purgeResource = new PurgeResource(purges, receipts, fleet, resources::find);
    Operations operations = new Operations(sites, nodes, purges, fleet, revision, geoAge, geoFiles);
    WarmUpResource warmUpResource = new WarmUpResource(warmUps, nodes, fleet, resources::find);
    List<Routes.Route> routes =
        new ArrayList<>(Routes.all(resources, purgeResource, warmUpResource, operations));
    routes.addAll(new SiteHistoryResource(sites, history, resources::find).routes());
    routes.addAll(new RolloutResource(resources, history, rollouts, nodes, fleet).routes());
    routes.addAll(new ZoneResource(zones).routes());
    routes.addAll(new SteeringResource(steering, fleet, resources::find).routes());
    routes.addAll(new DnsChallengeResource(challenges).routes());
    routes.addAll(new DnsKeyResource(keys).routes());
    return List.copyOf(routes);
  }
}

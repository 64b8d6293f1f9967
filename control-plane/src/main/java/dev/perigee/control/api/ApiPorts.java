package dev.perigee.control.api;

import dev.perigee.contract.GeoFile;
import dev.perigee.control.acme.NextOrder;
import dev.perigee.control.claim.HostProver;
import dev.perigee.control.fleet.FleetView;
import dev.perigee.control.pki.ApiTokens;
import dev.perigee.control.pki.AuthorityRotation;
import dev.perigee.control.pki.JoinTokens;
import dev.perigee.control.signin.SignInFlow;
import dev.perigee.control.steer.Steering;
import dev.perigee.control.store.AcmeSites;
import dev.perigee.control.store.AcmeStore;
import dev.perigee.control.store.AuditLog;
import dev.perigee.control.store.CertificateCounts;
import dev.perigee.control.store.CertificateStore;
import dev.perigee.control.store.DnsChallengeStore;
import dev.perigee.control.store.DnsKeyStore;
import dev.perigee.control.store.HostClaims;
import dev.perigee.control.store.NodeStore;
import dev.perigee.control.store.OrganisationStore;
import dev.perigee.control.store.PostgresRolloutStore;
import dev.perigee.control.store.PurgeReceipts;
import dev.perigee.control.store.PurgeStore;
import dev.perigee.control.store.Replica;
import dev.perigee.control.store.SignInStore;
import dev.perigee.control.store.SiteHistory;
import dev.perigee.control.store.SiteStore;
import dev.perigee.control.store.SitesTogether;
import dev.perigee.control.store.TokenStore;
import dev.perigee.control.store.VisibleSites;
import dev.perigee.control.store.WarmUpStore;
import dev.perigee.control.store.ZoneStore;
import java.time.Duration;
import java.time.InstantSource;
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
 * @param tenancy who may do what
 * @param acme of certificates that are got of an authority
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
    AuthorityRotation rotation,
    LongSupplier revision,
    Supplier<Optional<Duration>> geoAge,
    Supplier<List<GeoFile>> geoFiles,
    Runnable nodesChanged,
    RandomGenerator random,
    Tenancy tenancy,
    Acme acme,
    Builds builds) {
  /**
   * Which builds of the software run.
   *
   * @param own version of this control plane
   * @param living all control planes that live on the database, as it says now
   */
  public record Builds(String own, Supplier<List<Replica>> living) {}

  /**
   * What is known of certificates that are got of an authority.
   *
   * @param next when a site's is ordered next
   * @param on whether any are got here
   */
  public record Acme(
      AcmeSites sites,
      AcmeStore store,
      CertificateCounts counts,
      NextOrder next,
      boolean on,
      InstantSource clock) {
    CertificateCounts.Counts countsNow() {
      return counts.at(clock.instant());
    }
  }

  /**
   * Who may do what, and whose things are.
   *
   * @param visible sites as callers may see them
   * @param together for several sites at once
   * @param signIn by way of an OpenID provider, where there is one
   */
  public record Tenancy(
      OrganisationStore organisations,
      TokenStore tokenStore,
      ApiTokens tokens,
      VisibleSites visible,
      SitesTogether together,
      HostClaims hosts,
      HostProver prover,
      AuditLog audit,
      SignInStore signIns,
      Optional<SignInFlow> signIn) {
    List<Routes.Route> routes(SiteFinder find) {
      Grant.Known known = new Grant.Known(organisations, find);
      List<Routes.Route> routes = new ArrayList<>(new OrganisationResource(organisations).routes());
      routes.addAll(new TokenResource(tokens, tokenStore, known).routes());
      routes.addAll(new HostResource(hosts, prover, tokens::secret).routes());
      routes.addAll(new AuditResource(audit).routes());
      routes.addAll(new SignInResource(signIns, known).routes());
      return routes;
    }

    SignInPages pages() {
      return new SignInPages(signIn, signIns, tokens, audit);
    }
  }

  List<Routes.Route> routes() {
    VisibleSites visible = tenancy.visible();
    Resources resources =
        new Resources(sites, visible, nodes, fleet, joinTokens, nodesChanged, random, acme.clock());
    PurgeResource purgeResource = new PurgeResource(purges, receipts, fleet, resources);
    Operations operations =
        new Operations(
            sites, nodes, purges, fleet, revision, geoAge, geoFiles, acme::countsNow, builds);
    WarmUpResource warmUpResource = new WarmUpResource(warmUps, nodes, fleet, resources);
    List<Routes.Route> routes =
        new ArrayList<>(Routes.all(resources, purgeResource, warmUpResource, operations));
    routes.addAll(new SiteHistoryResource(sites, history, visible).routes());
    routes.addAll(new RolloutResource(resources, history, rollouts, nodes, fleet).routes());
    routes.addAll(new ZoneResource(zones).routes());
    routes.addAll(new SteeringResource(steering, fleet, resources).routes());
    routes.addAll(new DnsChallengeResource(challenges).routes());
    routes.addAll(new DnsKeyResource(keys).routes());
    routes.addAll(new AuthorityResource(rotation).routes());
    routes.addAll(new CertificateResource(certificates, acme.clock()).routes());
    routes.addAll(new AcmeResource(acme, visible).routes());
    routes.addAll(new ApplyResource(resources, sites, visible, tenancy.together()).routes());
    routes.addAll(tenancy.routes(resources));
    return List.copyOf(routes);
  }
}

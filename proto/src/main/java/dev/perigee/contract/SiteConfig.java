package dev.perigee.contract;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A site as its owner registered it.
 *
 * @param id a DNS label, unique, never reused: cache keys begin with it and {@code <id>.<zone>} is
 *     its steered name
 * @param hosts normalised host names or wildcards ({@code *.shop.example}), at least one
 * @param origins the servers that hold the content, at least one; where the site has pools, those
 *     of its default pool, whatever is given
 * @param regions the regions that serve it; empty means all
 * @param schemeInKey whether http and https are cached apart
 * @param portInKey whether ports are cached apart
 * @param cache what its owner decides about caching
 * @param pools its origin servers in pools; {@link OriginPools#NONE} for the origins as one pool
 * @param hiding what readers and origins do not learn of each other
 * @param tiers which other nodes its misses go through
 * @param steering how its readers are steered to nodes
 * @param limits how many requests are let in
 * @param bandwidth bytes a second that its readers get of each node; 0 for what the node's operator
 *     lets a site have
 * @param compression how its responses are compressed at the edges
 * @param acme how its certificate is got
 * @param clientCertificates whether its readers are asked for certificates
 */
public record SiteConfig(
    String id,
    List<String> hosts,
    List<OriginUrl> origins,
    Set<String> regions,
    boolean schemeInKey,
    boolean portInKey,
    CachePolicy cache,
    OriginPools pools,
    HidingPolicy hiding,
    TierPolicy tiers,
    SteeringPolicy steering,
    List<RateRule> limits,
    long bandwidth,
    CompressionPolicy compression,
    AcmeChallenge acme,
    ClientCertificates clientCertificates) {
  /** Copies the collections. */
  public SiteConfig {
    hosts = List.copyOf(hosts);
    origins = pools.isNone() ? List.copyOf(origins) : pools.fallbackUrls();
    regions = Set.copyOf(regions);
    limits = List.copyOf(limits);
  }

  /** A site whose owner decides nothing but caching and pools. */
  public SiteConfig(
      String id,
      List<String> hosts,
      List<OriginUrl> origins,
      Set<String> regions,
      boolean schemeInKey,
      boolean portInKey,
      CachePolicy cache,
      OriginPools pools) {
    this(
        id,
        hosts,
        origins,
        regions,
        schemeInKey,
        portInKey,
        cache,
        pools,
        HidingPolicy.DEFAULT,
        TierPolicy.DEFAULT,
        SteeringPolicy.DEFAULT,
        List.of(),
        0,
        CompressionPolicy.DEFAULT,
        AcmeChallenge.OFF,
        ClientCertificates.OFF);
  }

  /** A site whose origins are one pool. */
  public SiteConfig(
      String id,
      List<String> hosts,
      List<OriginUrl> origins,
      Set<String> regions,
      boolean schemeInKey,
      boolean portInKey,
      CachePolicy cache) {
    this(id, hosts, origins, regions, schemeInKey, portInKey, cache, OriginPools.NONE);
  }

  /** A site whose owner decides nothing about caching. */
  public SiteConfig(
      String id,
      List<String> hosts,
      List<OriginUrl> origins,
      Set<String> regions,
      boolean schemeInKey,
      boolean portInKey) {
    this(id, hosts, origins, regions, schemeInKey, portInKey, CachePolicy.DEFAULT);
  }

  /** The same under another id. */
  public SiteConfig withId(String other) {
    return with(draft -> draft.id = other);
  }

  /** The same with other hiding. */
  public SiteConfig withHiding(HidingPolicy other) {
    return with(draft -> draft.hiding = other);
  }

  /** The same with other tiers. */
  public SiteConfig withTiers(TierPolicy other) {
    return with(draft -> draft.tiers = other);
  }

  /** The same with other steering. */
  public SiteConfig withSteering(SteeringPolicy other) {
    return with(draft -> draft.steering = other);
  }

  /** The same with other rate limits. */
  public SiteConfig withLimits(List<RateRule> other) {
    return with(draft -> draft.limits = other);
  }

  /** The same with another bandwidth. */
  public SiteConfig withBandwidth(long other) {
    return with(draft -> draft.bandwidth = other);
  }

  /** The same with other compression. */
  public SiteConfig withCompression(CompressionPolicy other) {
    return with(draft -> draft.compression = other);
  }

  /** The same with its certificate got otherwise. */
  public SiteConfig withAcme(AcmeChallenge other) {
    return with(draft -> draft.acme = other);
  }

  /** The same with other wishes for its readers' certificates. */
  public SiteConfig withClientCertificates(ClientCertificates other) {
    return with(draft -> draft.clientCertificates = other);
  }

  private SiteConfig with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.site();
  }

  /** The pools in force: its own, or its origins as one. */
  public OriginPools originPools() {
    return pools.isNone() ? OriginPools.simple(origins) : pools;
  }

  /** Whether nodes of {@code region} serve this site. */
  public boolean isServedIn(String region) {
    return regions.isEmpty() || regions.contains(region);
  }

  /** Whether the site answers for this normalised host. */
  public boolean answersFor(String host) {
    return hosts.stream().anyMatch(pattern -> HostName.matches(pattern, host));
  }

  /**
   * The host under which requests for the steered names are keyed and fetched: the first that is
   * not a wildcard; empty where there are only wildcards.
   */
  public Optional<String> primaryHost() {
    return hosts.stream().filter(host -> !host.startsWith("*.")).findFirst();
  }

  /** A site with one thing about to be another. */
  private static final class Draft {
    private String id;
    private List<String> hosts;
    private List<OriginUrl> origins;
    private Set<String> regions;
    private boolean schemeInKey;
    private boolean portInKey;
    private CachePolicy cache;
    private OriginPools pools;
    private HidingPolicy hiding;
    private TierPolicy tiers;
    private SteeringPolicy steering;
    private List<RateRule> limits;
    private long bandwidth;
    private CompressionPolicy compression;
    private AcmeChallenge acme;
    private ClientCertificates clientCertificates;

    private Draft(SiteConfig of) {
      id = of.id;
      hosts = of.hosts;
      origins = of.origins;
      regions = of.regions;
      schemeInKey = of.schemeInKey;
      portInKey = of.portInKey;
      cache = of.cache;
      pools = of.pools;
      hiding = of.hiding;
      tiers = of.tiers;
      steering = of.steering;
      limits = of.limits;
      bandwidth = of.bandwidth;
      compression = of.compression;
      acme = of.acme;
      clientCertificates = of.clientCertificates;
    }

    private SiteConfig site() {
      return new SiteConfig(
          id,
          hosts,
          origins,
          regions,
          schemeInKey,
          portInKey,
          cache,
          pools,
          hiding,
          tiers,
          steering,
          limits,
          bandwidth,
          compression,
          acme,
          clientCertificates);
    }
  }
}

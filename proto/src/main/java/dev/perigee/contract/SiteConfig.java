package dev.perigee.contract;

import java.util.List;
import java.util.Optional;
import java.util.Set;

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

  /** A site that asks no reader for a certificate. */
  public SiteConfig(
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
      AcmeChallenge acme) {
    this(
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
        ClientCertificates.OFF);
  }

  /** A site whose owner brings its certificate. */
  public SiteConfig(
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
      CompressionPolicy compression) {
    this(
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
        AcmeChallenge.OFF);
  }

  /** A site that is compressed as usual. */
  public SiteConfig(
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
      long bandwidth) {
    this(
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
        CompressionPolicy.DEFAULT);
  }

  /** A site whose owner says nothing of its bandwidth. */
  public SiteConfig(
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
      List<RateRule> limits) {
    this(
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
        0);
  }

  /** A site without rate limits. */
  public SiteConfig(
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
      SteeringPolicy steering) {
    this(
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
        List.of());
  }

  /** A site that is steered as usual. */
  public SiteConfig(
      String id,
      List<String> hosts,
      List<OriginUrl> origins,
      Set<String> regions,
      boolean schemeInKey,
      boolean portInKey,
      CachePolicy cache,
      OriginPools pools,
      HidingPolicy hiding,
      TierPolicy tiers) {
    this(
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
        SteeringPolicy.DEFAULT);
  }

  /** A site that hides what every site hides, with the usual tiers. */
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
        TierPolicy.DEFAULT);
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
    return new SiteConfig(
        other,
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

  /** The same with other hiding. */
  public SiteConfig withHiding(HidingPolicy other) {
    return new SiteConfig(
        id,
        hosts,
        origins,
        regions,
        schemeInKey,
        portInKey,
        cache,
        pools,
        other,
        tiers,
        steering,
        limits,
        bandwidth,
        compression,
        acme,
        clientCertificates);
  }

  /** The same with other tiers. */
  public SiteConfig withTiers(TierPolicy other) {
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
        other,
        steering,
        limits,
        bandwidth,
        compression,
        acme,
        clientCertificates);
  }

  /** The same with other steering. */
  public SiteConfig withSteering(SteeringPolicy other) {
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
        other,
        limits,
        bandwidth,
        compression,
        acme,
        clientCertificates);
  }

  /** The same with other rate limits. */
  public SiteConfig withLimits(List<RateRule> other) {
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
        other,
        bandwidth,
        compression,
        acme,
        clientCertificates);
  }

  /** The same with another bandwidth. */
  public SiteConfig withBandwidth(long other) {
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
        other,
        compression,
        acme,
        clientCertificates);
  }

  /** The same with other compression. */
  public SiteConfig withCompression(CompressionPolicy other) {
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
        other,
        acme,
        clientCertificates);
  }

  /** The same with its certificate got otherwise. */
  public SiteConfig withAcme(AcmeChallenge other) {
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
        other,
        clientCertificates);
  }

  /** The same with other wishes for its readers' certificates. */
  public SiteConfig withClientCertificates(ClientCertificates other) {
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
        other);
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
}

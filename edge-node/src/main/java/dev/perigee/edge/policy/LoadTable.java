package dev.perigee.edge.policy;

import dev.perigee.contract.SiteConfig;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * What each site has of the node just now, so that one that is pressed, or whose origins are, does
 * not take it from the others. Sites that have nothing are forgotten.
 */
public final class LoadTable {
  private final LoadConfig config;
  private final LongSupplier nanos;
  private final ConcurrencyPolicy policy;
  private final Map<String, SiteLoad> sites = new ConcurrentHashMap<>();
  private final LongAdder refusedRequests = new LongAdder();
  private final LongAdder shedFetches = new LongAdder();
  private final LongAdder heldBack = new LongAdder();

  /**
   * A table without sites.
   *
   * @param nanos a clock that never jumps
   */
  public LoadTable(LoadConfig config, LongSupplier nanos) {
    this.config = config;
    this.nanos = nanos;
    this.policy = new ConcurrencyPolicy(config.leastFetches(), config.mostFetches());
  }

  /**
   * A request of the site begins; empty where it has as many as it may.
   *
   * @param ofReader not of another node, whose readers have the bandwidth there
   */
  public Optional<SiteLoad> ask(SiteConfig site, boolean ofReader) {
    SiteLoad load = of(site.id());
    load.paceAt(site.bandwidth() > 0 ? site.bandwidth() : config.bytesPerSecond());
    if (load.ask(config.siteRequests(), ofReader)) {
      return Optional.of(load);
    }
    refusedRequests.increment();
    return Optional.empty();
  }

  /** A fetch for the site begins; empty where it is not let through. */
  public Optional<SiteLoad> fetch(String site) {
    SiteLoad load = of(site);
    if (load.fetch()) {
      return Optional.of(load);
    }
    shedFetches.increment();
    return Optional.empty();
  }

  private SiteLoad of(String site) {
    SiteLoad known = sites.get(site);
    return known != null
        ? known
        : sites.computeIfAbsent(site, unknown -> new SiteLoad(policy, nanos, heldBack));
  }

  /** Ends a window for every site; to be called about once a second, on one thread. */
  public void sweep() {
    sites.values().forEach(SiteLoad::sweep);
    sites.values().removeIf(load -> load.isIdle() && load.limit() == config.mostFetches());
  }

  /** Requests of sites that had as many as they may. */
  public long refusedRequests() {
    return refusedRequests.sum();
  }

  /** Fetches that did not begin, for the site's origins are pressed. */
  public long shedFetches() {
    return shedFetches.sum();
  }

  /** Parts of responses that waited, for their site had sent as much as it may. */
  public long heldBack() {
    return heldBack.sum();
  }

  /** Sites that are known of. */
  public int size() {
    return sites.size();
  }
}

package dev.perigee.edge.respond;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * The tunnels of the node: how many there may be, for how long they may be quiet, and their end.
 */
public final class TunnelTable {
  private final TunnelConfig config;
  private final AtomicInteger open = new AtomicInteger();
  private final Map<String, Integer> bySite = new ConcurrentHashMap<>();
  private final Set<Tunnel> running = ConcurrentHashMap.newKeySet();
  private final LongAdder opened = new LongAdder();
  private final LongAdder refused = new LongAdder();

  public TunnelTable(TunnelConfig config) {
    this.config = config;
  }

  /** A place for one tunnel of the site; to be left once. Empty where there is none. */
  public Optional<Place> enter(String site) {
    if (open.incrementAndGet() > config.maxTunnels()) {
      open.decrementAndGet();
      refused.increment();
      return Optional.empty();
    }
    if (bySite.merge(site, 1, Integer::sum) > config.maxTunnelsPerSite()) {
      leave(site);
      refused.increment();
      return Optional.empty();
    }
    return Optional.of(new Place(site));
  }

  private void leave(String site) {
    open.decrementAndGet();
    bySite.computeIfPresent(site, (same, count) -> count == 1 ? null : count - 1);
  }

  /** Tunnels, and handshakes that may become some. */
  public int open() {
    return open.get();
  }

  /** Tunnels opened since the start. */
  public long opened() {
    return opened.sum();
  }

  /** Handshakes for which there was no room. */
  public long refused() {
    return refused.sum();
  }

  /** Ends those that have been quiet for too long; to be called about once a second. */
  public void sweep(long nowMillis) {
    long idle = config.idleTimeout().toMillis();
    long touch = config.touchInterval().toMillis();
    running.forEach(tunnel -> tunnel.sweep(nowMillis, idle, touch));
  }

  /** Ends all of them. */
  public void endAll() {
    running.forEach(Tunnel::end);
  }

  /** Room for one tunnel. Used on one thread. */
  public final class Place {
    private final String site;
    private boolean left;

    private Place(String site) {
      this.site = site;
    }

    /** The tunnel has begun; its place is left when it ends. */
    public void taken(Tunnel tunnel) {
      opened.increment();
      running.add(tunnel);
    }

    /** The tunnel has ended. */
    public void leave(Tunnel tunnel) {
      running.remove(tunnel);
      leave();
    }

    /** No tunnel came of it, or it has ended. */
    public void leave() {
      if (!left) {
        left = true;
        TunnelTable.this.leave(site);
      }
    }
  }
}

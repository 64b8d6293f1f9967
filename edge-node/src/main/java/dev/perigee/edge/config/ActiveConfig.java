package dev.perigee.edge.config;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.routing.PeerTable;
import dev.perigee.edge.routing.RouteTable;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The configuration in force: readers get one immutable snapshot, one writer swaps it whole. */
public final class ActiveConfig implements Supplier<EdgeSnapshot> {
  private final String node;
  private final Consumer<Collection<CertificateConfig>> certificates;
  private final Consumer<Collection<SiteConfig>> sites;
  private final AtomicReference<EdgeSnapshot> snapshot;
  private volatile ConfigState state;

  /**
   * Begins with what was last good, or empty.
   *
   * @param node this node's name
   * @param certificates is given all certificates of each new state before its sites are routed
   * @param sites is given all sites likewise
   */
  public ActiveConfig(
      String node,
      ConfigState first,
      Consumer<Collection<CertificateConfig>> certificates,
      Consumer<Collection<SiteConfig>> sites) {
    this.node = node;
    this.certificates = certificates;
    this.sites = sites;
    this.state = first;
    certificates.accept(first.certificates().values());
    sites.accept(first.sites().values());
    this.snapshot = new AtomicReference<>(snapshot(first));
  }

  @Override
  public EdgeSnapshot get() {
    return snapshot.get();
  }

  ConfigState state() {
    return state;
  }

  void swap(ConfigState next) {
    certificates.accept(next.certificates().values());
    sites.accept(next.sites().values());
    snapshot.set(snapshot(next));
    state = next;
  }

  private EdgeSnapshot snapshot(ConfigState state) {
    return new EdgeSnapshot(
        state.revision(),
        RouteTable.of(state.zone(), state.sites().values()),
        PeerTable.of(node, state.peers().values()));
  }
}

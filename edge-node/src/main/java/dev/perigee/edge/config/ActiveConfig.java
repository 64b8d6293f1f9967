package dev.perigee.edge.config;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge.Refusal;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.routing.PeerTable;
import dev.perigee.edge.routing.RouteTable;
import dev.perigee.edge.table.HashTrie;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The configuration in force: readers get one immutable snapshot, one writer swaps it whole. What
 * the next one shares with the one before is not looked at: a change costs what it changes.
 */
public final class ActiveConfig implements Supplier<EdgeSnapshot> {
  private final String node;
  private final Consumer<HashTrie<CertificateConfig>> certificates;
  private final Consumer<HashTrie<SiteConfig>> sites;
  private final AtomicReference<EdgeSnapshot> snapshot;
  private volatile ConfigState state;
  private volatile List<Refusal> refusals;
  private volatile ChallengeTable challenges = ChallengeTable.EMPTY;

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
      Consumer<HashTrie<CertificateConfig>> certificates,
      Consumer<HashTrie<SiteConfig>> sites) {
    this.node = node;
    this.certificates = certificates;
    this.sites = sites;
    this.state = first;
    this.refusals = first.refusals();
    certificates.accept(first.certificates());
    sites.accept(first.sites());
    this.snapshot =
        new AtomicReference<>(
            new EdgeSnapshot(
                first.revision(),
                RouteTable.empty().with(first.zone(), first.sites()),
                PeerTable.of(node, first.peers().values())));
  }

  @Override
  public EdgeSnapshot get() {
    return snapshot.get();
  }

  /** What certificate authorities are answered. */
  public ChallengeTable challenges() {
    return challenges;
  }

  /** Answers these from now on, in place of those before. */
  void answer(FromControl.AcmeTokens tokens) {
    challenges = ChallengeTable.of(tokens);
  }

  ConfigState state() {
    return state;
  }

  /** What is refused of the state, as the control plane is told it. */
  List<Refusal> refusals() {
    return refusals;
  }

  void swap(ConfigState next) {
    certificates.accept(next.certificates());
    sites.accept(next.sites());
    EdgeSnapshot before = snapshot.get();
    snapshot.set(
        new EdgeSnapshot(
            next.revision(),
            before.routes().with(next.zone(), next.sites()),
            next.peers().equals(state.peers())
                ? before.peers()
                : PeerTable.of(node, next.peers().values())));
    if (!next.refused().equals(state.refused())) {
      refusals = next.refusals();
    }
    state = next;
  }
}

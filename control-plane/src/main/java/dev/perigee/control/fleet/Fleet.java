package dev.perigee.control.fleet;

import dev.perigee.contract.FromEdge;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.OriginHealth;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/** The fleet as the streams of this control plane report it. */
public final class Fleet implements FleetView {
  /** Without a heartbeat for this long a node counts as gone. */
  private static final Duration SILENCE = Duration.ofSeconds(3);

  private final InstantSource clock;
  private final Supplier<List<String>> provisioned;
  private final Map<String, NodeState> states = new ConcurrentHashMap<>();
  private final Map<String, Object> streams = new ConcurrentHashMap<>();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final OriginViews views = new OriginViews();

  /**
   * A fleet that nobody has reported to.
   *
   * @param provisioned names of the nodes that exist
   */
  public Fleet(InstantSource clock, Supplier<List<String>> provisioned) {
    this.clock = clock;
    this.provisioned = provisioned;
  }

  /** A node's stream began. */
  public void connected(Object stream, FromEdge.Hello hello) {
    streams.put(hello.node(), stream);
    views.forget(hello.node());
    update(
        hello.node(),
        before ->
            new NodeState(
                hello.node(),
                true,
                before.healthy(),
                before.healthDetail(),
                hello.build(),
                hello.lastRevision(),
                hello.lastPurge(),
                0,
                0,
                0,
                Optional.of(clock.instant()),
                before.refusals(),
                held(hello.geo())));
    changed();
  }

  /** A node's stream ended; an older one that was replaced changes nothing. */
  public void lost(Object stream, String node) {
    if (streams.remove(node, stream)) {
      views.forget(node);
      update(node, before -> with(before, false));
      changed();
    }
  }

  public void heartbeat(String node, FromEdge.Heartbeat beat) {
    NodeState before = state(node);
    views.said(node, beat.origins());
    update(
        node,
        old ->
            new NodeState(
                node,
                true,
                beat.healthy(),
                beat.healthDetail(),
                old.build(),
                beat.revision(),
                Math.max(old.purge(), beat.purge()),
                beat.load(),
                beat.requestsPerSecond(),
                beat.openConnections(),
                Optional.of(clock.instant()),
                old.refusals(),
                beat.geo()));
    if (!before.isServing() || !beat.healthy()) {
      changed();
    }
  }

  public void acknowledged(String node, FromEdge.Ack ack) {
    update(
        node,
        old ->
            new NodeState(
                node,
                old.connected(),
                old.healthy(),
                old.healthDetail(),
                old.build(),
                ack.revision(),
                old.purge(),
                old.load(),
                old.requestsPerSecond(),
                old.openConnections(),
                old.lastSeen(),
                ack.refusals(),
                old.geo()));
    changed();
  }

  public void purged(String node, long through) {
    update(
        node,
        old ->
            new NodeState(
                node,
                old.connected(),
                old.healthy(),
                old.healthDetail(),
                old.build(),
                old.revision(),
                Math.max(old.purge(), through),
                old.load(),
                old.requestsPerSecond(),
                old.openConnections(),
                old.lastSeen(),
                old.refusals(),
                old.geo()));
  }

  /** Finds nodes that fell silent; to be called several times a second. */
  public void sweep() {
    boolean any = false;
    for (NodeState state : List.copyOf(states.values())) {
      if (state.connected() && isSilent(state)) {
        update(state.node(), before -> with(before, false));
        any = true;
      }
    }
    if (any) {
      changed();
    }
  }

  /** Something else about nodes changed, such as draining. */
  public void changed() {
    listeners.forEach(Runnable::run);
  }

  @Override
  public NodeState state(String node) {
    NodeState state = states.get(node);
    if (state == null) {
      return unknown(node);
    }
    return state.connected() && isSilent(state) ? with(state, false) : state;
  }

  @Override
  public Map<String, OriginHealth> origins(String site) {
    Map<String, OriginHealth> seen = new TreeMap<>();
    for (String node : provisioned.get()) {
      if (state(node).connected()) {
        views.of(node, site).ifPresent(health -> seen.put(node, health));
      }
    }
    return seen;
  }

  @Override
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }

  private boolean isSilent(NodeState state) {
    Instant limit = clock.instant().minus(SILENCE);
    return state.lastSeen().filter(seen -> seen.isAfter(limit)).isEmpty();
  }

  private void update(String node, java.util.function.UnaryOperator<NodeState> change) {
    states.compute(node, (name, now) -> change.apply(now == null ? unknown(name) : now));
  }

  private static List<GeoHolding> held(List<GeoHolding> geo) {
    return geo.stream().filter(holding -> !holding.version().isEmpty()).toList();
  }

  private static NodeState unknown(String node) {
    return new NodeState(
        node,
        false,
        false,
        "never connected",
        "",
        0,
        0,
        0,
        0,
        0,
        Optional.empty(),
        List.of(),
        List.of());
  }

  private static NodeState with(NodeState state, boolean connected) {
    return new NodeState(
        state.node(),
        connected,
        state.healthy(),
        state.healthDetail(),
        state.build(),
        state.revision(),
        state.purge(),
        state.load(),
        state.requestsPerSecond(),
        state.openConnections(),
        state.lastSeen(),
        state.refusals(),
        state.geo());
  }
}

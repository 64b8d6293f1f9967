package dev.perigee.control.fleet;

import dev.perigee.contract.FromEdge;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.OriginHealth;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The fleet as the streams of this control plane report it, and as other control planes report
 * theirs. A node that moves is for a moment known to both: then the one that heard it last counts.
 * What a node has applied of the purges it never loses, whoever heard of it.
 */
public final class Fleet implements FleetView {
  /** Without a heartbeat for this long a node counts as gone. */
  private static final Duration SILENCE = Duration.ofSeconds(3);

  private final InstantSource clock;
  private final Supplier<List<String>> provisioned;
  private final Map<String, NodeState> states = new ConcurrentHashMap<>();
  private final Map<String, Said> elsewhere = new ConcurrentHashMap<>();
  private final Map<String, Object> streams = new ConcurrentHashMap<>();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final List<Consumer<String>> reporters = new CopyOnWriteArrayList<>();
  private final OriginViews views = new OriginViews();
  private final Probes probes;
  private final TokensHeld tokens = new TokensHeld(this::report);
  private volatile Function<String, Map<String, OriginHealth>> others = site -> Map.of();
  private final Judgement judgement = new Judgement();
  private volatile Predicate<Instant> quorumSince = time -> true;

  /** What another control plane said of a node. */
  private record Said(String by, NodeState state) {}

  /**
   * A fleet that nobody has reported to.
   *
   * @param provisioned names of the nodes that exist
   */
  public Fleet(InstantSource clock, Supplier<List<String>> provisioned) {
    this.clock = clock;
    this.provisioned = provisioned;
    this.probes = new Probes(clock, judgement::counted, this::report, this::changed);
  }

  /** What probes come to, here and elsewhere. */
  public Probes probes() {
    return probes;
  }

  /** Which tokens of certificate authorities nodes answer. */
  public TokensHeld tokens() {
    return tokens;
  }

  /** Whether a node counted as serving when that was last judged. */
  public boolean isServing(String node) {
    return judgement.counted(node);
  }

  /** A node's stream began: until it says how it is, it is as it last said, here or elsewhere. */
  public void connected(Object stream, FromEdge.Hello hello) {
    NodeState last = state(hello.node());
    streams.put(hello.node(), stream);
    views.forget(hello.node());
    tokens.begun(hello.node());
    update(
        hello.node(),
        before ->
            new NodeState(
                hello.node(),
                true,
                last.healthy(),
                last.healthDetail(),
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
      tokens.lost(node);
      update(node, before -> before.withConnected(false));
      changed();
    }
  }

  public void heartbeat(String node, FromEdge.Heartbeat beat) {
    boolean served = state(node).isServing();
    views.said(node, beat.origins());
    update(node, old -> old.withHeartbeat(beat, clock.instant()));
    if (served != state(node).isServing()) {
      changed();
    }
  }

  public void acknowledged(String node, FromEdge.Ack ack) {
    update(node, old -> old.withAck(ack));
  }

  public void purged(String node, long through) {
    update(node, old -> old.withPurge(Math.max(old.purge(), through)));
  }

  /**
   * Another control plane says how a node does: heard by it just now, or not any more.
   *
   * @param by which one
   */
  public void heard(String by, NodeState said) {
    boolean served = state(said.node()).isServing();
    elsewhere.compute(
        said.node(),
        (node, before) -> {
          long purge = before == null ? 0 : before.state().purge();
          boolean counts = before == null || said.connected() || before.by().equals(by);
          Said now = counts ? new Said(by, said) : before;
          return new Said(now.by(), now.state().withPurge(Math.max(purge, said.purge())));
        });
    if (served != state(said.node()).isServing()) {
      changed();
    }
  }

  /** Finds nodes that fell silent, and whether they still do; for several times a second. */
  public void sweep() {
    boolean any = false;
    Instant limit = clock.instant().minus(SILENCE);
    for (NodeState state : List.copyOf(states.values())) {
      if (state.connected() && isSilent(state, limit)) {
        update(state.node(), before -> before.withConnected(false));
        any = true;
      }
    }
    for (Said said : List.copyOf(elsewhere.values())) {
      NodeState state = said.state();
      if (state.connected() && isSilent(state, limit)) {
        Said silent = new Said(said.by(), state.withConnected(false));
        any |= elsewhere.replace(state.node(), said, silent);
      }
    }
    if (any || judgement.isInDoubt()) {
      changed();
    }
  }

  /** Something else about nodes changed, such as draining: who listens is told. */
  public void changed() {
    listeners.forEach(Runnable::run);
  }

  @Override
  public NodeState state(String node) {
    NodeState own = now(states.get(node), node);
    Said said = elsewhere.get(node);
    if (said == null) {
      return own;
    }
    NodeState other = now(said.state(), node);
    boolean newer =
        own.connected() == other.connected()
            ? heardAt(other).isAfter(heardAt(own))
            : other.connected();
    return (newer ? other : own).withPurge(Math.max(own.purge(), other.purge()));
  }

  private NodeState now(@Nullable NodeState state, String node) {
    if (state == null) {
      return NodeState.unknown(node);
    }
    return state.connected() && isSilent(state) ? state.withConnected(false) : state;
  }

  private static Instant heardAt(NodeState state) {
    return state.lastSeen().orElse(Instant.MIN);
  }

  /** How many nodes are connected, to whichever control plane. */
  public int connected() {
    return (int) known().stream().filter(name -> state(name).connected()).count();
  }

  /** Names of the nodes that anybody ever heard. */
  public Set<String> known() {
    Set<String> names = new HashSet<>(states.keySet());
    names.addAll(elsewhere.keySet());
    return names;
  }

  /** Names of the nodes that ever had a stream here. */
  public Set<String> own() {
    return Set.copyOf(states.keySet());
  }

  /** Whether the node ever had a stream here. */
  public boolean hasOwn(String node) {
    return states.containsKey(node);
  }

  /** A node as the streams of this control plane alone report it. */
  public NodeState own(String node) {
    return now(states.get(node), node);
  }

  @Override
  public Map<String, OriginHealth> origins(String site) {
    Map<String, OriginHealth> seen = new TreeMap<>(others.apply(site));
    seen.putAll(ownOrigins(site));
    return seen;
  }

  /** The same, of the nodes whose streams are here. */
  public Map<String, OriginHealth> ownOrigins(String site) {
    Map<String, OriginHealth> seen = new TreeMap<>();
    for (String node : provisioned.get()) {
      if (own(node).connected()) {
        views.of(node, site).ifPresent(health -> seen.put(node, health));
      }
    }
    return seen;
  }

  /** Where the nodes of other control planes are asked for, by site; may block for a second. */
  public void others(Function<String, Map<String, OriginHealth>> asked) {
    others = asked;
  }

  /** Where it is known whether more than half of the control planes were heard after a time. */
  public void quorumSince(Predicate<Instant> asked) {
    quorumSince = asked;
  }

  @Override
  public Set<String> serving(Map<String, NodeState> nodes) {
    List<Judgement.Evidence> evidence =
        nodes.values().stream()
            .map(
                state ->
                    new Judgement.Evidence(
                        state, probes.of(state.node()), probes.answers(state.node())))
            .toList();
    return judgement.serving(evidence, quorumSince, clock.instant());
  }

  @Override
  public Probed probed(String node) {
    return probes.of(node);
  }

  @Override
  public void onChange(Runnable listener) {
    listeners.add(listener);
  }

  /** Called with a node's name after its stream or a probe said anything. Must not block. */
  public void onReport(Consumer<String> reporter) {
    reporters.add(reporter);
  }

  /** Nobody is to be told any more. */
  public void noMore(Consumer<String> reporter) {
    reporters.remove(reporter);
  }

  private boolean isSilent(NodeState state) {
    return isSilent(state, clock.instant().minus(SILENCE));
  }

  private static boolean isSilent(NodeState state, Instant limit) {
    return state.lastSeen().filter(seen -> seen.isAfter(limit)).isEmpty();
  }

  private void update(String node, UnaryOperator<NodeState> change) {
    states.compute(node, (name, now) -> change.apply(now == null ? NodeState.unknown(name) : now));
    report(node);
  }

  private void report(String node) {
    reporters.forEach(reporter -> reporter.accept(node));
  }

  private static List<GeoHolding> held(List<GeoHolding> geo) {
    return geo.stream().filter(holding -> !holding.version().isEmpty()).toList();
  }
}

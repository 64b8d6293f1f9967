package dev.perigee.e2e;

import dev.perigee.contract.FromControl.GeoChunk;
import dev.perigee.contract.FromEdge.GeoReport;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.JoinToken;
import dev.perigee.contract.Purge;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.config.ActiveConfig;
import dev.perigee.edge.config.ConfigState;
import dev.perigee.edge.config.ControlAddress;
import dev.perigee.edge.config.Enrolment;
import dev.perigee.edge.config.GeoSink;
import dev.perigee.edge.config.LastGoodStore;
import dev.perigee.edge.config.NodeLoad;
import dev.perigee.edge.config.PurgeSink;
import dev.perigee.edge.config.ServingState;
import dev.perigee.edge.config.StateKeys;
import dev.perigee.edge.config.SyncClient;
import dev.perigee.edge.config.SyncConfig;
import dev.perigee.edge.config.TicketKeeper;
import dev.perigee.edge.limit.RateLimits;
import dev.perigee.edge.limit.Ruling;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.routing.Routed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Nodes as far as limits that all of them share go: each with its identity, its stream to the
 * control plane and its counts, as in an edge; they answer nobody.
 */
final class LimitStreams implements AutoCloseable {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final long MILLI = 1_000_000;
  private static final ClientPlace NOWHERE =
      new ClientPlace() {
        @Override
        public String country() {
          return UNKNOWN;
        }

        @Override
        public OptionalLong system() {
          return OptionalLong.empty();
        }
      };

  private final InstantSource clock = InstantSource.system();
  private final Path folder;
  private final ControlAddress control;
  private final List<Node> nodes = new ArrayList<>();
  private double[] owed = {};

  private record Node(RateLimits limits, ActiveConfig active, SyncClient sync) {
    Optional<SiteConfig> site(String host) {
      return active.get().routes().route(host) instanceof Routed.Matched matched
          ? Optional.of(matched.site())
          : Optional.empty();
    }
  }

  LimitStreams(Path folder, ControlAddress control) {
    this.folder = folder;
    this.control = control;
  }

  /** Enrols one and lets it connect. */
  void join(String name, JoinToken token) throws Exception {
    Path state = Files.createDirectories(folder.resolve(name));
    Enrolment enrolment =
        new Enrolment(List.of(control), state.resolve("identity.pem"), StateKeys.none(), clock);
    RateLimits limits = new RateLimits(4096, System::nanoTime, new Random());
    NoPurges purges = new NoPurges();
    ActiveConfig active =
        new ActiveConfig(name, ConfigState.empty(), certificates -> {}, limits::swap);
    SyncClient sync =
        new SyncClient(
            new SyncConfig(name, "test", List.of(control), state.resolve("planes")),
            enrolment.identity(name, Optional.of(token)),
            enrolment,
            purges,
            new ServingState(
                SOON, purges::lastPurge, clock, System::nanoTime, state.resolve("contact")),
            active,
            new LastGoodStore(state.resolve("last-good")),
            (order, done) -> {},
            new NoGeo(),
            limits.fleet(),
            new TicketKeeper(
                state.resolve("ticket-keys"),
                StateKeys.none(),
                clock,
                new SecureRandom(),
                keys -> {}),
            () -> new NodeLoad(0, 0, 0, true, "", List.of(), List.of()),
            clock,
            System::nanoTime,
            new Random());
    nodes.add(new Node(limits, active, sync));
    owed = new double[nodes.size()];
    sync.start();
    if (!sync.awaitFirstSync(SOON)) {
      throw new AssertionError(name + " is not in step");
    }
  }

  /** Whether all nodes have a limit for this host. */
  boolean haveLimit(String host) {
    return nodes.stream()
        .allMatch(node -> node.site(host).map(site -> !site.limits().isEmpty()).orElse(false));
  }

  /**
   * What came of readers who asked for a while.
   *
   * @param seconds how long it was, which is longer on a busy machine
   * @param pause the longest in which nobody asked, in seconds, for this thread had no processor
   */
  record Asked(double seconds, long letIn, double pause) {}

  /**
   * Lets readers ask.
   *
   * @param perSecond requests each second at each node
   */
  Asked run(String host, long millis, double... perSecond) {
    List<SiteConfig> sites = nodes.stream().map(node -> node.site(host).orElseThrow()).toList();
    RequestHead request =
        new RequestHead(
            "GET", "https", host, 443, "/", "HTTP/1.1", FieldList.empty(), "192.0.2.1", false);
    long letIn = 0;
    long begun = System.nanoTime();
    long before = begun;
    long pause = 0;
    for (long now = begun; now - begun < millis * MILLI; now = System.nanoTime()) {
      for (int node = 0; node < perSecond.length; node++) {
        owed[node] += perSecond[node] * (now - before) / 1e9;
        for (; owed[node] >= 1; owed[node]--) {
          RateLimits limits = nodes.get(node).limits();
          Ruling ruling = limits.rule(sites.get(node), request, NOWHERE, false);
          letIn += ruling instanceof Ruling.LetIn ? 1 : 0;
        }
      }
      pause = Math.max(pause, now - before);
      before = now;
      LockSupport.parkNanos(MILLI);
    }
    return new Asked((before - begun) / 1e9, letIn, pause / 1e9);
  }

  @Override
  public void close() {
    nodes.forEach(node -> node.sync().close());
  }

  /** A store without objects. */
  private static final class NoPurges implements PurgeSink {
    private volatile long last;
    private volatile String log = "";

    @Override
    public long applyPurges(List<Purge> purges) {
      last = purges.getLast().number();
      return last;
    }

    @Override
    public long lastPurge() {
      return last;
    }

    @Override
    public String logId() {
      return log;
    }

    @Override
    public void adopt(String logId, long purgedThrough) {
      last = purgedThrough;
      log = logId;
    }
  }

  /** No databases. */
  private static final class NoGeo implements GeoSink {
    @Override
    public List<GeoHolding> holdings() {
      return List.of();
    }

    @Override
    public void take(GeoChunk chunk, Consumer<GeoReport> reports) {}
  }
}

package dev.perigee.benchmarks.sync;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Simulated edges, each over a TLS connection of its own, with the clocks that real ones have. */
final class SimulatedFleet implements SimulatedEdge.Listener, AutoCloseable {
  private static final int MAX_MESSAGE = 1 << 20;
  private static final int FLOW_WINDOW = 1 << 20;
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** Two seconds: as often as a real edge asks the only control plane there is. */
  private static final int TICKS_OF_PULSE = 200;

  private static final int TICKS_OF_BEAT = 100;

  /** A real edge would leave after so long. */
  private static final long SILENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(5_000);

  /** Before a node whose stream ended comes again, in milliseconds. */
  private static final long LEAST_WAIT = 500;

  private static final long MOST_WAIT = 2_000;

  private final List<SimulatedEdge> edges = new ArrayList<>();
  private final Random random = new Random(1);
  private final ScheduledThreadPoolExecutor again = new ScheduledThreadPoolExecutor(1);
  private final AtomicInteger ended = new AtomicInteger();
  private final AtomicInteger silences = new AtomicInteger();
  private final AtomicLong longestSilence = new AtomicLong();
  private final AtomicLong latestTick = new AtomicLong();
  private volatile @Nullable Arrivals purges;
  private volatile @Nullable Arrivals updates;
  private volatile boolean closing;
  private volatile String firstEnd = "";

  SimulatedFleet(Identities identities, int count, int port) throws IOException {
    for (Identities.Node node : identities.nodes().subList(0, count)) {
      SslContextBuilder tls =
          GrpcSslContexts.forClient()
              .trustManager(identities.authority())
              .keyManager(identities.key(), node.certificate());
      ManagedChannel channel =
          NettyChannelBuilder.forAddress("127.0.0.1", port)
              .sslContext(tls.build())
              .directExecutor()
              .flowControlWindow(FLOW_WINDOW)
              .maxInboundMessageSize(MAX_MESSAGE)
              .disableRetry()
              .build();
      edges.add(new SimulatedEdge(node.name(), channel, this));
    }
  }

  List<SimulatedEdge> edges() {
    return edges;
  }

  /** Connects all at once; the seconds until every one is current, or an error after a while. */
  double connect(long seconds) throws IOException {
    long start = System.nanoTime();
    edges.forEach(SimulatedEdge::connect);
    Thread.ofPlatform().daemon().name("clocks").start(this::tick);
    while (!edges.stream().allMatch(SimulatedEdge::isCurrent)) {
      if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(seconds)) {
        long current = edges.stream().filter(SimulatedEdge::isCurrent).count();
        throw new IOException(
            "after %d s %d of %d are current; %s"
                .formatted(seconds, current, edges.size(), trouble()));
      }
      LockSupport.parkNanos(TICK_NANOS);
    }
    return (System.nanoTime() - start) / 1e9;
  }

  /** Heartbeats and questions, spread evenly over their periods. */
  private void tick() {
    long next = System.nanoTime();
    for (int tick = 0; !closing; tick++) {
      for (int i = tick % TICKS_OF_PULSE; i < edges.size(); i += TICKS_OF_PULSE) {
        SimulatedEdge edge = edges.get(i);
        if (edge.heardNanos() != 0) {
          edge.ping();
          look(edge);
        }
      }
      for (int i = tick % TICKS_OF_BEAT; i < edges.size(); i += TICKS_OF_BEAT) {
        if (edges.get(i).heardNanos() != 0) {
          edges.get(i).beat();
        }
      }
      next += TICK_NANOS;
      long wait = next - System.nanoTime();
      latestTick.accumulateAndGet(-wait, Math::max);
      if (wait > 0) {
        LockSupport.parkNanos(wait);
      }
    }
  }

  private void look(SimulatedEdge edge) {
    long silence = System.nanoTime() - edge.heardNanos();
    longestSilence.accumulateAndGet(silence, Math::max);
    if (silence > SILENCE_NANOS) {
      silences.incrementAndGet();
    }
  }

  /** What went wrong since this was asked last. */
  String trouble() {
    return "streams ended %d %s, silences over 5 s %d, longest %d ms, clocks late by %d ms"
        .formatted(
            ended.getAndSet(0),
            firstEnd,
            silences.getAndSet(0),
            longestSilence.getAndSet(0) / 1_000_000,
            latestTick.getAndSet(0) / 1_000_000);
  }

  /** Begins to note when each node has this purge. */
  Arrivals watchPurge(long number) {
    Arrivals watch = new Arrivals(number, edges.size());
    purges = watch;
    return watch;
  }

  /** Begins to note when each node has this revision. */
  Arrivals watchRevision(long revision) {
    Arrivals watch = new Arrivals(revision, edges.size());
    updates = watch;
    return watch;
  }

  long leastPurge() {
    long least = Long.MAX_VALUE;
    for (SimulatedEdge edge : edges) {
      least = Math.min(least, edge.purge());
    }
    return least;
  }

  @Override
  public void purged(long from, long through) {
    Arrivals watch = purges;
    if (watch != null) {
      watch.passed(from, through);
    }
  }

  @Override
  public void updated(long from, long to) {
    Arrivals watch = updates;
    if (watch != null) {
      watch.passed(from, to);
    }
  }

  @Override
  public void ended(SimulatedEdge edge, String why) {
    if (!closing) {
      if (ended.getAndIncrement() == 0) {
        firstEnd = "(the first: " + why + ")";
      }
      var _ =
          again.schedule(
              edge::connect, random.nextLong(LEAST_WAIT, MOST_WAIT), TimeUnit.MILLISECONDS);
    }
  }

  @Override
  public void close() {
    closing = true;
    again.shutdownNow();
    edges.forEach(SimulatedEdge::close);
  }
}

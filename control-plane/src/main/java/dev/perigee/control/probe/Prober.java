package dev.perigee.control.probe;

import dev.perigee.control.fleet.Reach;
import dev.perigee.control.probe.NodeProbe.Outcome;
import dev.perigee.control.store.Node;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Probes every node that is enrolled, again and again, on one thread with one selector. Probes are
 * spread over the interval by chance. One that fails is followed by a second as soon as its
 * time-out is over, however soon it failed: by then a control plane that is cut off has failed with
 * most nodes, and knows that it is its own fault.
 */
public final class Prober implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Prober.class);

  /** How often it looks which nodes there are. */
  private static final long LOOK_NANOS = 1_000_000_000;

  /** What comes in so short a time is done together. */
  private static final long TICK_MILLIS = 5;

  /** A thread that was kept waiting so long has not heard answers that came in time. */
  private static final long STALL_NANOS = 250_000_000;

  /** Probes that begin so late say too little of how nodes are now. */
  private static final long LATE_NANOS = 1_000_000_000;

  /** One that does not answer for long is probed this often. */
  private static final long SELDOM_NANOS = 8_000_000_000L;

  /** When one for which no connection was left is tried again. */
  private static final long POSTPONED_NANOS = 20_000_000;

  private static final int BUFFER_BYTES = 2048;

  private final ProbeConfig config;
  private final Supplier<List<Node>> nodes;
  private final Found found;
  private final RandomGenerator random;
  private final LongSupplier nanos;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Selector selector;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
  private final Map<String, Tracked> probed = new HashMap<>();
  private final PriorityQueue<Due> queue =
      new PriorityQueue<>(Comparator.comparingLong((Due due) -> due.at));
  private final Map<String, Reach> news = new HashMap<>();
  private volatile Set<String> answeredBefore = Set.of();
  private long latest;
  private boolean timely = true;
  private int open;

  /** Is told what probes came to. */
  public interface Found {
    /** Nodes whose reach changed; whether probes are made as often as they should be. */
    void found(Map<String, Reach> news, boolean timely);
  }

  /** One node with its times. */
  private static final class Tracked {
    private final NodeProbe probe;
    private ReachPolicy policy = ReachPolicy.NEW;

    /** When the probe is to begin or, where it is under way, has its time-out. */
    private long next;

    private long begun;

    /** When it should have begun. */
    private long wanted;

    private boolean gone;

    Tracked(NodeProbe probe, long first) {
      this.probe = probe;
      this.next = first;
      this.wanted = first;
    }
  }

  private record Due(long at, Tracked one) {}

  /**
   * A prober that is not started.
   *
   * @param nodes all there are, asked every second
   * @param nanos a clock that only goes on
   */
  public Prober(
      ProbeConfig config,
      Supplier<List<Node>> nodes,
      Found found,
      RandomGenerator random,
      LongSupplier nanos)
      throws IOException {
    this.config = config;
    this.nodes = nodes;
    this.found = found;
    this.random = random;
    this.nanos = nanos;
    this.selector = Selector.open();
  }

  /** These nodes answered an earlier run of this process: one that is silent now counts as such. */
  public void expect(Set<String> names) {
    answeredBefore = Set.copyOf(names);
  }

  public void start() {
    Thread.ofPlatform().name("probe-nodes").daemon().start(this::run);
  }

  private void run() {
    try {
      long looked = nanos.getAsLong() - LOOK_NANOS;
      while (!closed.await(TICK_MILLIS, TimeUnit.MILLISECONDS)) {
        long now = nanos.getAsLong();
        if (now - looked >= LOOK_NANOS) {
          looked = now;
          look(now);
        }
        step(now, looked + LOOK_NANOS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      LOG.error("nodes are not probed any more", e);
      found.found(Map.of(), false);
    } finally {
      probed.values().forEach(one -> one.probe.abandon());
      try {
        selector.close();
      } catch (IOException e) {
        LOG.debug("on stopping", e);
      }
    }
  }

  /** Does what can be done until then. */
  private void step(long now, long until) throws IOException {
    Due head = queue.peek();
    long at = head == null ? until : Math.min(until, head.at);
    long millis = TimeUnit.NANOSECONDS.toMillis(at - now);
    if (millis > 0) {
      selector.select(millis);
    } else {
      selector.selectNow();
    }
    long then = nanos.getAsLong();
    List<SelectionKey> ready = new ArrayList<>(selector.selectedKeys());
    selector.selectedKeys().clear();
    ready.forEach(key -> proceed(key, then));
    due(then, then - Math.max(at, now) > STALL_NANOS);
    if (!news.isEmpty()) {
      tell();
    }
  }

  /** Follows the nodes that there are, and says how probing goes. */
  private void look(long now) {
    Map<String, Target> wanted = new HashMap<>();
    nodes.get().stream()
        .filter(Node::enrolled)
        .map(Target::of)
        .forEach(target -> wanted.put(target.node(), target));
    probed
        .values()
        .removeIf(
            one ->
                !one.probe.target().equals(wanted.get(one.probe.target().node())) && forget(one));
    wanted.forEach(
        (node, target) -> {
          if (!probed.containsKey(node)) {
            long first = now + random.nextLong(config.interval().toNanos());
            Tracked one = new Tracked(new NodeProbe(target, selector), first);
            probed.put(node, one);
            if (answeredBefore.contains(node)) {
              become(one, ReachPolicy.ANSWERED_BEFORE);
            }
            queue.add(new Due(first, one));
          }
        });
    open = (int) probed.values().stream().filter(one -> one.probe.isOpen()).count();
    boolean inTime = latest < LATE_NANOS;
    if (timely && !inTime) {
      LOG.warn(
          "probes of nodes begin {} ms late: this control plane has no vote on whether they are"
              + " down; --probe-interval and --probe-connections say how many there are",
          TimeUnit.NANOSECONDS.toMillis(latest));
    }
    timely = inTime;
    latest = 0;
    tell();
  }

  private boolean forget(Tracked one) {
    one.gone = true;
    one.probe.abandon();
    news.put(one.probe.target().node(), Reach.UNKNOWN);
    return true;
  }

  private void tell() {
    Map<String, Reach> told = Map.copyOf(news);
    news.clear();
    found.found(told, timely);
  }

  private void proceed(SelectionKey key, long now) {
    if (key.attachment() instanceof NodeProbe probe) {
      Tracked one = probed.get(probe.target().node());
      if (one != null && one.probe == probe) {
        track(one, now, () -> probe.proceed(probed.size() <= config.connections(), buffer));
      }
    }
  }

  /** Begins what is due, and ends what had its time. */
  private void due(long now, boolean stalled) {
    for (Due head = queue.peek(); head != null && head.at <= now; head = queue.peek()) {
      queue.poll();
      Tracked one = head.one;
      if (one.gone) {
        continue;
      }
      if (one.next <= now) {
        if (one.probe.isUnderWay()) {
          timedOut(one, now, stalled);
        } else {
          begin(one, now);
        }
      }
      queue.add(new Due(one.next, one));
    }
  }

  private void timedOut(Tracked one, long now, boolean stalled) {
    track(
        one,
        now,
        () -> {
          one.probe.abandon();
          return stalled ? Outcome.PENDING : Outcome.FAILED;
        });
    if (one.next <= now) {
      begin(one, now);
    }
  }

  private void begin(Tracked one, long now) {
    latest = Math.max(latest, now - one.wanted);
    if (open >= config.connections() && !one.probe.isOpen()) {
      one.next = now + POSTPONED_NANOS;
      return;
    }
    one.begun = now;
    one.next = now + config.timeout().toNanos();
    track(one, now, one.probe::begin);
  }

  /** One step of a probe, and what follows of it. */
  private void track(Tracked one, long now, Supplier<Outcome> step) {
    open -= one.probe.isOpen() ? 1 : 0;
    Outcome outcome = step.get();
    open += one.probe.isOpen() ? 1 : 0;
    switch (outcome) {
      case PENDING -> {}
      case ANSWERED -> {
        become(one, one.policy.answered());
        later(one);
      }
      case FAILED -> {
        become(one, one.policy.failed());
        if (one.policy.reach() == Reach.SUSPECT) {
          one.next = one.begun + config.timeout().toNanos();
          one.wanted = Math.max(now, one.next);
        } else {
          later(one);
        }
      }
    }
  }

  private void later(Tracked one) {
    long usual = config.interval().toNanos();
    long interval = Math.max(usual, Math.min(SELDOM_NANOS, usual * one.policy.stretch()));
    one.next = one.begun + interval + random.nextLong(interval / 5) - interval / 10;
    one.wanted = one.next;
  }

  private void become(Tracked one, ReachPolicy next) {
    if (one.policy.reach() != next.reach()) {
      news.put(one.probe.target().node(), next.reach());
    }
    one.policy = next;
  }

  @Override
  public void close() {
    closed.countDown();
    selector.wakeup();
  }
}

package dev.perigee.control.rollout;

import dev.perigee.contract.FromEdge;
import dev.perigee.contract.SiteTraffic;
import dev.perigee.control.store.OutageLog;
import dev.perigee.control.store.PostgresRolloutStore;
import dev.perigee.control.store.Rollout;
import dev.perigee.control.store.Rollout.Answered;
import dev.perigee.control.store.StoreException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the rollouts that are under way: keeps what nodes of this control plane say, and twice a
 * second notes it in the store and has it judged. Every control plane does; each step is one's.
 */
public final class Rollouts implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Rollouts.class);
  private static final OutageLog OUTAGE = new OutageLog(LOG, "rollouts wait for the database");
  private static final long LOOK_MILLIS = 500;

  /** Refusals of one node that are kept; more are as good as these. */
  private static final int MAX_REFUSALS = 100;

  private final PostgresRolloutStore store;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final Thread thread = Thread.ofVirtual().name("rollouts").unstarted(this::run);

  // Guarded by this.
  private final Map<String, Said> said = new HashMap<>();
  private final Map<String, Map<String, Answered>> traffic = new HashMap<>();
  private Set<String> watched = Set.of();
  private long looks;

  public Rollouts(PostgresRolloutStore store) {
    this.store = store;
  }

  /** What one connected node said: the revision that it took, and what it refused by site. */
  private static final class Said {
    long taken;
    final Map<String, Refusal> refusals = new HashMap<>();

    /** Of a whole update, of which each site may be innocent. */
    Optional<Refusal> whole = Optional.empty();

    /** Why it has not taken a revision of a site; empty where it refused nothing of it. */
    Optional<String> refusal(String site, long revision, boolean applied) {
      return Optional.ofNullable(refusals.get(site))
          .filter(one -> one.revision() >= revision)
          .or(() -> whole.filter(one -> !applied && one.revision() >= revision))
          .map(Refusal::reason);
    }
  }

  /**
   * One refusal.
   *
   * @param look after how many looks it came
   */
  private record Refusal(long revision, String reason, long look) {}

  /** Begins to watch. */
  public void start() {
    thread.start();
  }

  /** A node's stream began: what it said before is of another one. */
  public synchronized void forget(String node) {
    said.remove(node);
  }

  /** A node has an update in force, but for what it refused. */
  public synchronized void acknowledged(String node, FromEdge.Ack ack) {
    Said of = said.computeIfAbsent(node, n -> new Said());
    of.taken = Math.max(of.taken, ack.revision());
    for (FromEdge.Refusal refusal : ack.refusals()) {
      if (of.refusals.size() < MAX_REFUSALS) {
        of.refusals.put(refusal.resource(), new Refusal(ack.revision(), refusal.reason(), looks));
      }
    }
  }

  /**
   * A node could not take an update; which site's fault it is, nobody knows. It may be that of a
   * rollout which the next look finds.
   */
  public synchronized void refused(String node, FromEdge.Nack nack) {
    String reason = String.join(" ", nack.problems());
    said.computeIfAbsent(node, n -> new Said()).whole =
        Optional.of(new Refusal(nack.revision(), reason, looks));
  }

  /** A node answered readers. */
  public synchronized void answered(String node, List<SiteTraffic> some) {
    for (SiteTraffic of : some) {
      if (watched.contains(of.site())) {
        traffic
            .computeIfAbsent(of.site(), site -> new TreeMap<>())
            .merge(node, new Answered(of.requests(), of.errors()), Answered::plus);
      }
    }
  }

  private void run() {
    try {
      while (!stopping.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() {
    try {
      long look = begin();
      List<Rollout> underWay = store.underWay();
      watch(underWay, look);
      underWay.forEach(this::step);
    } catch (StoreException e) {
      OUTAGE.failed(e);
    }
  }

  private synchronized long begin() {
    return ++looks;
  }

  private synchronized void watch(List<Rollout> underWay, long look) {
    Set<String> sites = new HashSet<>();
    underWay.forEach(rollout -> sites.add(rollout.candidate().id()));
    watched = Set.copyOf(sites);
    traffic.keySet().retainAll(sites);
    // One that came after the rollouts were read may be of a rollout that is not among them.
    said.values()
        .forEach(
            node ->
                node.refusals
                    .entrySet()
                    .removeIf(r -> r.getValue().look() < look && !sites.contains(r.getKey())));
  }

  private void step(Rollout rollout) {
    Seen seen = seen(rollout);
    boolean noted =
        store.observe(
            rollout,
            seen.applied(),
            seen.answered(),
            now -> RolloutPolicy.judge(now, seen.refusal()));
    if (!noted) {
      putBack(rollout.candidate().id(), seen.answered());
    }
  }

  private record Seen(
      List<String> applied, Optional<String> refusal, Map<String, Answered> answered) {}

  /** What was said of a rollout since the last look; traffic is taken away. */
  private synchronized Seen seen(Rollout rollout) {
    String site = rollout.candidate().id();
    Map<String, Answered> all = new HashMap<>(traffic.getOrDefault(site, Map.of()));
    traffic.remove(site);
    List<String> applied = new ArrayList<>();
    Optional<String> refusal = Optional.empty();
    Map<String, Answered> answered = new TreeMap<>();
    for (Rollout.Canary canary : rollout.canaries()) {
      Answered own = all.remove(canary.node());
      if (own != null && canary.appliedAt().isPresent()) {
        answered.put(canary.node(), own);
      }
      Said of = said.get(canary.node());
      if (of == null) {
        continue;
      }
      Optional<String> why = of.refusal(site, rollout.revision(), canary.appliedAt().isPresent());
      if (why.isPresent()) {
        refusal = why.map(reason -> canary.node() + " refused it: " + reason);
      } else if (of.taken >= rollout.revision()) {
        applied.add(canary.node());
      }
    }
    all.values().stream().reduce(Answered::plus).ifPresent(others -> answered.put("", others));
    return new Seen(applied, refusal, answered);
  }

  private synchronized void putBack(String site, Map<String, Answered> answered) {
    if (watched.contains(site)) {
      Map<String, Answered> waiting = traffic.computeIfAbsent(site, s -> new TreeMap<>());
      answered.forEach((node, some) -> waiting.merge(node, some, Answered::plus));
    }
  }

  @Override
  public void close() {
    stopping.countDown();
    thread.interrupt();
  }
}

package dev.perigee.control.limit;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.FromControl.Share;
import dev.perigee.contract.FromControl.Shares;
import dev.perigee.contract.FromEdge.Demand;
import dev.perigee.contract.FromEdge.Demands;
import dev.perigee.contract.Limits;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * What all nodes want of the limits that they share, as the streams of this control plane and the
 * other control planes report it, and how much all of them have let in. Each control plane works
 * out the shares of its own nodes from the same picture, so none leads, and nothing is kept where
 * one dies.
 *
 * <p>Bounded by what one report may hold, the number of nodes, and {@link #COUNTS}.
 */
public final class FleetLimits {
  /** Counts that are divided at once; further ones stay undivided. */
  static final int COUNTS = 100_000;

  /** Counts over their limit that nodes are told of who want nothing of them. */
  static final int HOT = 128;

  private static final double NANOS = 1e9;

  /** A report that is older says nothing any more. */
  private static final double STALE_SECONDS = 2;

  /** What nobody reports is forgotten after so long. */
  private static final double FORGET_SECONDS = 60;

  /** More than that was let in too much is not held against anybody. */
  private static final double DEBT_SECONDS = 1;

  private final Bytes key;
  private final LongSupplier nanos;
  private final Map<String, Report> reports = new HashMap<>();
  private final Map<Long, Count> counts = new HashMap<>();
  private final List<Consumer<String>> reporters = new CopyOnWriteArrayList<>();
  private List<Count> hot = List.of();
  private int nodes = 1;

  private record Report(Demands demands, long atNanos, boolean own) {}

  /** One count of a limit. */
  private static final class Count {
    final long key;
    double rate;
    double burst;
    double credit;
    double wanted;
    double letIn;
    int reporters;
    long knownNanos;

    Count(Demand demand, long now) {
      this.key = demand.key();
      this.rate = demand.rate();
      this.burst = demand.burst();
      this.credit = demand.burst();
      this.knownNanos = now;
    }

    void advance(long now) {
      double seconds = (now - knownNanos) / NANOS;
      knownNanos = now;
      credit += (rate - letIn) * seconds;
      credit = Math.max(-DEBT_SECONDS * rate, Math.min(burst, credit));
    }

    void add(Demand demand) {
      rate = demand.rate();
      burst = demand.burst();
      wanted += demand.wanted();
      letIn += demand.letIn();
      reporters++;
    }

    void remove(Demand demand) {
      reporters--;
      // What is added and taken away again is never exactly nothing.
      wanted = reporters == 0 ? 0 : Math.max(0, wanted - demand.wanted());
      letIn = reporters == 0 ? 0 : Math.max(0, letIn - demand.letIn());
    }

    double excess() {
      return wanted / Division.available(rate, credit, wanted);
    }

    Share share(double own, int nodes) {
      return Division.share(key, rate, credit, own, wanted, nodes);
    }
  }

  /**
   * Nobody wants anything yet.
   *
   * @param key by which all nodes hash what they count
   * @param nanos a clock that never jumps
   */
  public FleetLimits(Bytes key, LongSupplier nanos) {
    this.key = key;
    this.nanos = nanos;
  }

  /** The key by which all nodes hash what they count. */
  public Bytes key() {
    return key;
  }

  /** A node whose stream is here says what it wants; gives its shares. */
  public Shares divide(String node, Demands demands) {
    Shares shares;
    boolean news;
    synchronized (this) {
      long now = nanos.getAsLong();
      Report before = reports.get(node);
      take(node, new Report(demands, now, true), now);
      shares = shares(demands);
      news =
          !demands.demands().isEmpty() || (before != null && !before.demands.demands().isEmpty());
    }
    if (news) {
      reporters.forEach(reporter -> reporter.accept(node));
    }
    return shares;
  }

  /** Another control plane says what one of its nodes wants. */
  public synchronized void heard(String node, Demands demands) {
    long now = nanos.getAsLong();
    Report before = reports.get(node);
    if (before == null || !before.own || isStale(before, now)) {
      take(node, new Report(demands, now, false), now);
    }
  }

  /** What a node whose stream is here wants; empty where it said nothing lately. */
  public synchronized Optional<Demands> own(String node) {
    long now = nanos.getAsLong();
    return Optional.ofNullable(reports.get(node))
        .filter(report -> report.own && !isStale(report, now))
        .map(Report::demands);
  }

  /**
   * Forgets what is old; to be called several times a second.
   *
   * @param connected how many nodes there are now
   */
  public synchronized void sweep(int connected) {
    nodes = Math.max(1, connected);
    long now = nanos.getAsLong();
    for (Iterator<Report> all = reports.values().iterator(); all.hasNext(); ) {
      Report report = all.next();
      if (isStale(report, now)) {
        all.remove();
        remove(report, now);
      }
    }
    List<Count> over = new ArrayList<>();
    for (Iterator<Count> all = counts.values().iterator(); all.hasNext(); ) {
      Count count = all.next();
      if (count.reporters > 0) {
        count.advance(now);
        if (count.excess() > 1) {
          over.add(count);
        }
      } else if ((now - count.knownNanos) / NANOS > FORGET_SECONDS) {
        all.remove();
      }
    }
    over.sort(Comparator.comparingDouble(count -> -count.excess()));
    hot = List.copyOf(over.subList(0, Math.min(HOT, over.size())));
  }

  /** Called with a node's name after it said what it wants here. Must not block. */
  public void onReport(Consumer<String> reporter) {
    reporters.add(reporter);
  }

  /** Nobody is to be told any more. */
  public void noMore(Consumer<String> reporter) {
    reporters.remove(reporter);
  }

  /** Counts that are known. */
  synchronized int known() {
    return counts.size();
  }

  private static boolean isStale(Report report, long now) {
    return (now - report.atNanos) / NANOS > STALE_SECONDS;
  }

  private void take(String node, Report report, long now) {
    Report before = reports.put(node, report);
    if (before != null) {
      remove(before, now);
    }
    for (Demand demand : report.demands.demands()) {
      Count count = counts.get(demand.key());
      if (count == null) {
        if (counts.size() >= COUNTS) {
          continue;
        }
        count = new Count(demand, now);
        counts.put(demand.key(), count);
      }
      count.advance(now);
      count.add(demand);
    }
  }

  private void remove(Report report, long now) {
    for (Demand demand : report.demands.demands()) {
      Count count = counts.get(demand.key());
      if (count != null && count.reporters > 0) {
        count.advance(now);
        count.remove(demand);
      }
    }
  }

  private Shares shares(Demands demands) {
    List<Share> shares = new ArrayList<>();
    Set<Long> asked = new HashSet<>();
    int among = Math.max(nodes, reports.size());
    for (Demand demand : demands.demands()) {
      Count count = counts.get(demand.key());
      if (count != null && asked.add(demand.key())) {
        shares.add(count.share(demand.wanted(), among));
      }
    }
    for (Count count : hot) {
      if (shares.size() < Limits.DEMANDS && count.reporters > 0 && asked.add(count.key)) {
        shares.add(count.share(0, among));
      }
    }
    return new Shares(among, shares);
  }
}

package dev.perigee.control.fleet;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What probes of the nodes' ports for readers came to, of this control plane and of the others.
 *
 * <p>A control plane votes on the nodes that answered it once. It has no vote while it does not
 * reach more than half of those that count as serving: then it is this one that is cut off. Of one
 * that lives and is not heard nobody knows the vote: it may be against.
 */
public final class Probes {
  /** Who was not heard for so long has no vote. */
  private static final Duration SILENCE = Duration.ofSeconds(3);

  /** Nodes that another control plane may speak of. */
  private static final int NODES = 100_000;

  private final InstantSource clock;
  private final Predicate<String> counted;
  private final Consumer<String> told;
  private final Runnable changed;
  private final Map<String, Reach> own = new ConcurrentHashMap<>();
  private final Map<String, View> others = new ConcurrentHashMap<>();
  private volatile Set<String> living = Set.of();
  private volatile boolean inTime;
  private volatile boolean cutOff;

  /** What another control plane said. */
  private static final class View {
    private final Map<String, Reach> nodes = new ConcurrentHashMap<>();
    private volatile boolean votes;
    private volatile long heardMillis;
  }

  /**
   * Nobody has probed anything.
   *
   * @param counted whether a node counts as serving
   * @param told called with a node's name where the others are to hear of it
   * @param changed called where nodes may have become up or down
   */
  Probes(InstantSource clock, Predicate<String> counted, Consumer<String> told, Runnable changed) {
    this.clock = clock;
    this.counted = counted;
    this.told = told;
    this.changed = changed;
  }

  /**
   * What probes of this control plane found out, of the nodes that have changed.
   *
   * @param news by the node's name; {@link Reach#UNKNOWN} forgets one
   * @param timely whether probes are made as often as they should be
   */
  public synchronized void found(Map<String, Reach> news, boolean timely) {
    boolean voted = votes();
    Set<String> turned = new TreeSet<>();
    news.forEach(
        (node, reach) -> {
          Reach before = reach == Reach.UNKNOWN ? own.remove(node) : own.put(node, reach);
          if (isDown(before) != isDown(reach) || before == null || reach == Reach.UNKNOWN) {
            turned.add(node);
          }
        });
    inTime = timely;
    cutOff = isCutOff();
    if (voted != votes()) {
      // All others hear of the vote with the next node.
      own.keySet().stream().findFirst().ifPresent(turned::add);
    }
    turned.forEach(told);
    if (!turned.isEmpty()) {
      changed.run();
    }
  }

  private static boolean isDown(@Nullable Reach reach) {
    return reach == Reach.DOWN;
  }

  private boolean isCutOff() {
    int all = 0;
    int missed = 0;
    for (Map.Entry<String, Reach> one : own.entrySet()) {
      if (counted.test(one.getKey())) {
        all++;
        missed += one.getValue() == Reach.UP ? 0 : 1;
      }
    }
    return Judgement.areMost(missed, all);
  }

  /** Whether this control plane has a vote: it probes in time, and it is not cut off. */
  public boolean votes() {
    return inTime && !cutOff;
  }

  /** The nodes on which it may vote. */
  public Set<String> nodes() {
    return Set.copyOf(own.keySet());
  }

  /** What it found out of a node. */
  public Reach reach(String node) {
    return own.getOrDefault(node, Reach.UNKNOWN);
  }

  /** Whether it answered its last probe; where this one has no vote, whether others reach it. */
  boolean answers(String node) {
    Reach mine = reach(node);
    boolean judges = votes() && mine != Reach.UNKNOWN;
    return judges ? mine == Reach.UP : of(node).reached() > 0;
  }

  /**
   * Another control plane says what its probes came to.
   *
   * @param votes whether it has a vote
   * @param news of some nodes; {@link Reach#UNKNOWN} where it has nothing to say any more
   */
  public void heard(String by, boolean votes, Map<String, Reach> news) {
    View view = others.computeIfAbsent(by, any -> new View());
    boolean any = view.votes != votes;
    view.votes = votes;
    view.heardMillis = clock.millis();
    for (Map.Entry<String, Reach> one : news.entrySet()) {
      if (one.getValue() == Reach.UNKNOWN) {
        any |= view.nodes.remove(one.getKey()) != null;
      } else if (view.nodes.size() < NODES || view.nodes.containsKey(one.getKey())) {
        any |= view.nodes.put(one.getKey(), one.getValue()) != one.getValue();
      }
    }
    if (any) {
      changed.run();
    }
  }

  /** These other control planes live, by the database's word, and nobody else. */
  public void living(Set<String> ids) {
    living = Set.copyOf(ids);
    others.keySet().retainAll(ids);
  }

  /** What all that are heard make of a node. */
  Probed of(String node) {
    int reached = 0;
    int unreached = 0;
    int unheard = 0;
    Reach mine = reach(node);
    if (votes() && mine != Reach.UNKNOWN) {
      unreached += mine == Reach.DOWN ? 1 : 0;
      reached += mine == Reach.DOWN ? 0 : 1;
    }
    long since = clock.millis() - SILENCE.toMillis();
    for (String other : living) {
      View view = others.get(other);
      if (view == null || view.heardMillis < since) {
        unheard++;
      } else if (view.votes) {
        Reach said = view.nodes.getOrDefault(node, Reach.UNKNOWN);
        unreached += said == Reach.DOWN ? 1 : 0;
        reached += said == Reach.UP || said == Reach.SUSPECT ? 1 : 0;
      }
    }
    return new Probed(reached, unreached, unheard);
  }
}

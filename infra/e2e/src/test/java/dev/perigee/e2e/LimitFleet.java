package dev.perigee.e2e;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.RateRule;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.limit.FleetLimits;
import dev.perigee.edge.limit.RateLimits;
import dev.perigee.edge.limit.Ruling;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.table.HashTrie;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;

/**
 * Nodes and control planes as far as limits that all nodes share go, with everything that decides
 * as it is in the processes, on a virtual clock. Messages take a while.
 */
final class LimitFleet {
  static final long MILLI = 1_000_000;
  private static final long STEP = MILLI / 2;
  private static final long REPORT = 500 * MILLI;
  private static final long WAY = 40 * MILLI;
  private static final long SWEEP = 250 * MILLI;
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

  private final Random random;
  private final SiteConfig site;
  private final List<RateLimits> nodes = new ArrayList<>();
  private final List<FleetLimits> planes = new ArrayList<>();
  private final PriorityQueue<Later> later =
      new PriorityQueue<>((a, b) -> Long.compare(a.atNanos, b.atNanos));
  private final double[] owed;
  private long now = 1;
  private boolean cut;

  private record Later(long atNanos, Runnable what) {}

  LimitFleet(int count, int control, RateRule rule, long seed) {
    random = new Random(seed);
    List<OriginUrl> origins = List.of(new OriginUrl("http", "origin.example", 80));
    site =
        new SiteConfig("shop", List.of("shop.example"), origins, Set.of(), false, false)
            .withLimits(List.of(rule));
    owed = new double[count];
    for (int i = 0; i < control; i++) {
      planes.add(new FleetLimits(Bytes.copyOf(new byte[16]), () -> now));
    }
    for (int i = 0; i < count; i++) {
      RateLimits limits = new RateLimits(4096, () -> now, random);
      limits.swap(HashTrie.of(List.of(site), SiteConfig::id));
      limits.fleet().agreed(1, 2);
      nodes.add(limits);
      int node = i;
      at(random.nextLong(REPORT), () -> report(node));
    }
    at(0, this::sweep);
    run(1_500, ""); // Everybody knows how many they are.
  }

  private void at(long delay, Runnable what) {
    later.add(new Later(now + delay, what));
  }

  private void sweep() {
    planes.forEach(plane -> plane.sweep(nodes.size()));
    at(SWEEP, this::sweep);
  }

  private void report(int node) {
    FromEdge.Demands demands = nodes.get(node).fleet().report(now).orElseThrow();
    at(REPORT, () -> report(node));
    if (cut) {
      return;
    }
    FleetLimits own = planes.get(node % planes.size());
    at(
        WAY,
        () -> {
          FromControl.Shares shares = own.divide("node-" + node, demands);
          at(WAY, () -> nodes.get(node).fleet().take(shares, now));
          for (FleetLimits other : planes) {
            if (other != own) {
              at(WAY, () -> other.heard("node-" + node, demands));
            }
          }
        });
  }

  /** Nobody hears of anybody from now on. */
  void cut() {
    cut = true;
  }

  /**
   * Lets readers ask for a while.
   *
   * @param perSecond requests each second at each node
   * @return those that were let in, at all nodes
   */
  long run(long millis, String client, double... perSecond) {
    long letIn = 0;
    long end = now + millis * MILLI;
    while (now < end) {
      now += STEP;
      while (!later.isEmpty() && later.peek().atNanos <= now) {
        later.remove().what.run();
      }
      for (int node = 0; node < perSecond.length; node++) {
        // Now more, now less, as readers come.
        owed[node] += perSecond[node] * STEP / 1e9 * 2 * random.nextDouble();
        for (; owed[node] >= 1; owed[node]--) {
          letIn += ask(node, client) ? 1 : 0;
        }
      }
    }
    return letIn;
  }

  private boolean ask(int node, String client) {
    RequestHead request =
        new RequestHead(
            "GET", "https", "shop.example", 443, "/", "HTTP/1.1", FieldList.empty(), client, false);
    return nodes.get(node).rule(site, request, NOWHERE, false) instanceof Ruling.LetIn;
  }
}

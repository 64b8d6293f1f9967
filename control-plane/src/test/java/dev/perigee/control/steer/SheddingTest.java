package dev.perigee.control.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.steer.Roster.Said;
import dev.perigee.control.steer.SteeringSnapshot.SteeredNode;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * A region that is full gives some of its networks to the next nearest, one after the other, and
 * keeps the rest: simulated second by second, with resolvers that ask every half minute and a load
 * that is a minute's average, as nodes report it.
 */
final class SheddingTest {
  private static final SiteConfig SITE = Fixtures.site("all", List.of("all.example"));
  private static final int NETWORKS = 2_000;
  private static final int TTL = 30;
  private static final double AVERAGE_SECONDS = 60;

  private final NearestSteering steering =
      new NearestSteering(Fixtures.at(50, 8, 16), NearestSteering.DEFAULT_POSITION);
  private final List<SteeredNode> nodes =
      List.of(
          Fixtures.serving(Fixtures.node("fra-1", "eu", 50, 8)),
          Fixtures.serving(Fixtures.node("par-1", "fr", 48, 2)),
          Fixtures.serving(Fixtures.node("iad-1", "us", 39, -77)));
  private final Map<String, Double> capacity = new HashMap<>();
  private final Map<String, Double> loads = new HashMap<>();
  private final Shedding shedding = new Shedding();
  private final String[] at = new String[NETWORKS];
  private final int[] moves = new int[NETWORKS];
  private int second;

  SheddingTest() {
    steering.swap(new SteeringSnapshot(nodes, List.of(SITE), 1));
    nodes.forEach(node -> loads.put(node.node().name(), 0.0));
  }

  /** Networks a /16 apart: what moves is never smaller. */
  private static byte[] network(int number) {
    return new byte[] {(byte) (20 + number / 256), (byte) number, 0, 1};
  }

  /** Each second some resolvers ask again, and loads follow what comes. */
  private void run(int seconds, double demand) {
    for (int until = second + seconds; second < until; second++) {
      Instant now = Instant.ofEpochSecond(1_000_000 + second);
      Map<String, Said> said = new HashMap<>();
      shedding
          .shares(loads, steering.state().placement(), now)
          .forEach(
              (name, share) ->
                  said.put(name, new Said(load(name), share.kept(), share.hasRoom(), 9, Set.of())));
      steering.swap(new SteeringSnapshot(nodes, List.of(SITE), 1), said, 0);
      for (int i = second % TTL; i < NETWORKS; i += TTL) {
        String to = steering.choose(network(i), 32, SITE, 7).nodes().getFirst().name();
        moves[i] += at[i] != null && !to.equals(at[i]) ? 1 : 0;
        at[i] = to;
      }
      Map<String, Integer> counts = new HashMap<>();
      for (String node : at) {
        if (node != null) {
          counts.merge(node, 1, Integer::sum);
        }
      }
      capacity.forEach(
          (name, most) -> {
            double real = demand * counts.getOrDefault(name, 0) / NETWORKS / most;
            double before = load(name);
            loads.put(name, Math.min(1, before + (real - before) / AVERAGE_SECONDS));
          });
    }
  }

  private double load(String name) {
    return loads.getOrDefault(name, 0.0);
  }

  private double share(String name) {
    int count = 0;
    for (String node : at) {
      count += name.equals(node) ? 1 : 0;
    }
    return (double) count / NETWORKS;
  }

  private int movesSince(int[] before) {
    int sum = 0;
    for (int i = 0; i < NETWORKS; i++) {
      sum += moves[i] - before[i];
    }
    return sum;
  }

  @Test
  void aFullRegionSpillsToTheNextNearestAndSettles() {
    capacity.put("fra-1", 1.0);
    capacity.put("par-1", 1.0);
    capacity.put("iad-1", 1.0);
    run(600, 0.7);
    assertEquals(1, share("fra-1"), "what it can do it does");
    run(3_600, 1.4);
    assertTrue(share("fra-1") > 0.45 && share("fra-1") < 0.65, loads + " " + share("fra-1"));
    assertTrue(share("par-1") > 0.35, "the next nearest takes the rest: " + share("par-1"));
    assertEquals(0, share("iad-1"), 0.05);
    loads.values().forEach(load -> assertTrue(load <= Shedding.HIGH, loads.toString()));
    int[] before = moves.clone();
    run(3_600, 1.4);
    assertEquals(0, movesSince(before), "nothing moves any more: " + loads);
  }

  @Test
  void aWaveOfLoadMovesEachNetworkAwayAndBackAndNothingElse() {
    capacity.put("fra-1", 1.0);
    capacity.put("par-1", 2.0);
    capacity.put("iad-1", 2.0);
    run(1_200, 0.6);
    int[] before = moves.clone();
    for (int hour = 0; hour < 6; hour++) {
      run(1_200, 0.6 + 0.15 * hour);
    }
    for (int hour = 6; hour >= 0; hour--) {
      run(1_200, 0.6 + 0.15 * hour - 0.15);
    }
    run(3_600, 0.4);
    assertEquals(1, share("fra-1"), "all is back: " + loads);
    int most = 0;
    int total = 0;
    for (int i = 0; i < NETWORKS; i++) {
      most = Math.max(most, moves[i] - before[i]);
      total += moves[i] - before[i];
    }
    assertTrue(most <= 6, "one network moved %d times".formatted(most));
    assertTrue(total <= 2.5 * NETWORKS, total + " moves of " + NETWORKS + " networks");
  }

  @Test
  void whereNobodyHasRoomEverybodyStays() {
    capacity.put("fra-1", 0.2);
    capacity.put("par-1", 0.0001);
    capacity.put("iad-1", 0.0001);
    loads.put("par-1", 1.0);
    loads.put("iad-1", 1.0);
    loads.put("fra-1", 1.0);
    Random random = new Random(1);
    Placement placement = steering.state().placement();
    for (int i = 0; i < 3_600; i += 1 + random.nextInt(5)) {
      shedding
          .shares(loads, placement, Instant.ofEpochSecond(i))
          .forEach((name, share) -> assertEquals(1, share.kept(), name));
    }
  }
}

package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.RateRule;
import dev.perigee.contract.RateRule.Action;
import dev.perigee.contract.RateRule.Algorithm;
import dev.perigee.contract.RateRule.By;
import dev.perigee.contract.RateRule.Scope;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Twenty nodes keep one limit together while demand moves between them, by the classes that decide
 * in edges and control planes, on a virtual clock.
 */
final class FleetLimitE2E {
  private static final int NODES = 20;
  private static final long SEED = 20_261_126;
  private static final String CLIENT = "192.0.2.1";

  private static RateRule rule(long requests, long seconds, long burst, By by) {
    return new RateRule(
        "shared",
        List.of(),
        List.of(),
        Algorithm.TOKEN_BUCKET,
        requests,
        seconds,
        burst,
        by,
        "",
        RateRule.IPV6_PREFIX,
        Action.BLOCK,
        Scope.FLEET,
        false,
        false);
  }

  /** So much at some nodes, nothing at the others. */
  private static double[] demand(double perSecond, int from, int count) {
    double[] all = new double[NODES];
    for (int i = 0; i < count; i++) {
      all[(from + i) % NODES] = perSecond / count;
    }
    return all;
  }

  private static double[] sum(double[] one, double[] other) {
    double[] all = one.clone();
    Arrays.setAll(all, i -> one[i] + other[i]);
    return all;
  }

  private static void within(long wanted, long letIn, String when) {
    System.out.printf("FleetLimitE2E: %s: %d of %d%n", when, letIn, wanted);
    assertTrue(10 * Math.abs(letIn - wanted) <= wanted, when + ": " + letIn + " of " + wanted);
  }

  /** Besides the rate a limit has its burst, which whoever has not used it may use later. */
  @ParameterizedTest
  @CsvSource({"ALL, 1", "ALL, 2", "ADDRESS, 1", "ADDRESS, 3"})
  void twoSecondsAfterDemandMovedTheFleetLetsInTheLimitWithinATenth(By by, int control) {
    long limit = 1_000;
    LimitFleet fleet = new LimitFleet(NODES, control, rule(limit, 1, 100, by), SEED);
    double[][] moves = {
      demand(5_000, 0, 5),
      demand(3_000, 5, 3),
      demand(20_000, 0, 20),
      demand(1_500, 19, 1),
      demand(4_000, 10, 10),
      sum(demand(4_000, 3, 1), demand(400, 12, 8)),
      demand(2_000, 7, 2),
    };
    for (int move = 0; move < moves.length; move++) {
      fleet.run(2_000, CLIENT, moves[move]);
      for (int second = 0; second < 5; second++) {
        within(limit, fleet.run(1_000, CLIENT, moves[move]), by + " move " + move);
      }
    }
  }

  @Test
  void whoStaysBelowTheLimitIsLetInWherever() {
    LimitFleet fleet = new LimitFleet(NODES, 1, rule(1_000, 1, 1_000, By.ALL), SEED);
    for (int from = 0; from < NODES; from += 4) {
      fleet.run(2_000, CLIENT, demand(800, from, 4));
      within(800 * 4, fleet.run(4_000, CLIENT, demand(800, from, 4)), "demand at " + from);
    }
  }

  /** Slow limits, which a minute is long for: what each reader has is what the rule says. */
  @Test
  void aReaderWhoGoesFromNodeToNodeGetsLittleMore() {
    long limit = 600;
    LimitFleet fleet = new LimitFleet(NODES, 1, rule(limit, 60, 60, By.ADDRESS), SEED);
    fleet.run(10_000, CLIENT, demand(100, 0, 1));
    long letIn = 0;
    for (int from = 1; from < 31; from++) {
      letIn += fleet.run(2_000, CLIENT, demand(100, from, 1));
    }
    System.out.println("FleetLimitE2E: a minute, another node each two seconds: " + letIn);
    assertTrue(letIn <= 1.1 * limit, letIn + " of " + limit);
    assertTrue(letIn >= 0.5 * limit, "and is not shut out: " + letIn);
  }

  @Test
  void withoutAControlPlaneTheSharesBecomeEvenAndNeverComeToMoreThanTheLimit() {
    long limit = 1_000;
    LimitFleet fleet = new LimitFleet(NODES, 1, rule(limit, 1, limit, By.ALL), SEED);
    fleet.run(5_000, CLIENT, demand(5_000, 0, 5));
    fleet.cut();
    long kept = fleet.run(3_000, CLIENT, demand(5_000, 0, 5));
    within(3 * limit, kept, "the last shares hold");
    fleet.run(60_000, CLIENT, demand(5_000, 0, 5));
    within(limit / 4, fleet.run(1_000, CLIENT, demand(5_000, 0, 5)), "a quarter of the nodes");
    fleet.run(5_000, CLIENT, demand(40_000, 0, 20));
    within(limit, fleet.run(1_000, CLIENT, demand(40_000, 0, 20)), "all nodes, evenly");
  }
}

package dev.perigee.edge.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class PaceBudgetTest {
  private static final DoorLimits.Pace PACE =
      new DoorLimits.Pace(100, Duration.ofSeconds(10), Duration.ofSeconds(60));

  private final PaceBudget budget = new PaceBudget(PACE);

  private static long seconds(long count) {
    return TimeUnit.SECONDS.toNanos(count);
  }

  @Test
  void whoSendsNothingHasTheGraceAndNoMore() {
    budget.waits(0);
    assertTrue(budget.leftMillis(seconds(9)) > 0);
    assertEquals(0, budget.leftMillis(seconds(10)));
  }

  @Test
  void whoKeepsThePaceIsNeverTooSlow() {
    for (int second = 0; second < 10_000; second++) {
      budget.waits(seconds(second));
      assertTrue(budget.leftMillis(seconds(second)) > 0);
      budget.moved(101, seconds(second + 1));
    }
  }

  @Test
  void whoTricklesRunsOutOfTime() {
    int second = 0;
    do {
      budget.waits(seconds(second));
      second++;
      budget.moved(1, seconds(second));
    } while (budget.leftMillis(seconds(second)) > 0);
    assertTrue(second > 10 && second < 13, "after " + second + " s");
  }

  @Test
  void timeInWhichItIsNotThePeersTurnIsNotItsOwn() {
    budget.waits(0);
    budget.rests(seconds(5));
    budget.waits(seconds(1000));
    assertTrue(budget.leftMillis(seconds(1004)) > 0);
    assertEquals(0, budget.leftMillis(seconds(1005)));
  }

  @Test
  void aBurstSavesUpNoMoreThanTheBound() {
    budget.moved(1 << 30, 0);
    budget.waits(0);
    assertTrue(budget.leftMillis(seconds(59)) > 0);
    assertEquals(0, budget.leftMillis(seconds(60)));
  }
}

package dev.perigee.edge.origin.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Further attempts are a share of what is under way, with a floor; the rest waits. */
final class RetryBudgetTest {
  @ParameterizedTest
  @CsvSource({"0, 3", "14, 3", "15, 3", "20, 4", "100, 20"})
  void aFifthOfTheRequestsButThreeInAnyCase(int requests, int most) {
    assertEquals(most, RetryBudget.most(requests, 20, 3));
  }

  @Test
  void whatIsPastItWaitsForAnotherToEnd() {
    RetryBudget budget = new RetryBudget();
    List<String> begun = new ArrayList<>();
    assertTrue(budget.begin(2, 2, Runnable::run, () -> begun.add("a")));
    assertTrue(budget.begin(2, 2, Runnable::run, () -> begun.add("b")));
    assertTrue(budget.begin(2, 2, Runnable::run, () -> begun.add("c")));
    assertTrue(budget.begin(2, 2, Runnable::run, () -> begun.add("d")));
    assertFalse(budget.begin(2, 2, Runnable::run, () -> begun.add("too many wait")));
    assertEquals(List.of("a", "b"), begun);
    budget.end();
    assertEquals(List.of("a", "b", "c"), begun);
    assertEquals(2, budget.active());
    budget.end();
    budget.end();
    budget.end();
    assertEquals(List.of("a", "b", "c", "d"), begun);
    assertEquals(0, budget.active());
  }

  @Test
  void noBudgetIsNoAttempt() {
    RetryBudget budget = new RetryBudget();
    assertFalse(budget.begin(0, 10, Runnable::run, () -> {}));
  }

  /** Whoever waits is never forgotten, and no more are under way than may be. */
  @Test
  void nobodyIsForgotten() {
    RetryBudget budget = new RetryBudget();
    int many = 20_000;
    AtomicInteger under = new AtomicInteger();
    AtomicInteger highest = new AtomicInteger();
    AtomicInteger begun = new AtomicInteger();
    Phaser all = new Phaser(many + 1);
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      for (int i = 0; i < many; i++) {
        threads.execute(
            () ->
                assertTrue(
                    budget.begin(
                        3,
                        many,
                        threads,
                        () -> {
                          highest.accumulateAndGet(under.incrementAndGet(), Math::max);
                          begun.incrementAndGet();
                          under.decrementAndGet();
                          budget.end();
                          all.arrive();
                        })));
      }
      all.arriveAndAwaitAdvance();
    }
    assertEquals(many, begun.get());
    assertTrue(highest.get() <= 3, "" + highest.get());
    assertEquals(0, budget.active());
  }
}

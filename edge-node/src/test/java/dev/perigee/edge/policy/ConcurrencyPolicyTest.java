package dev.perigee.edge.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.policy.ConcurrencyPolicy.State;
import dev.perigee.edge.policy.ConcurrencyPolicy.Window;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class ConcurrencyPolicyTest {
  private static final double MILLI = 1e6;
  private static final int LEAST = 8;
  private static final int MOST = 10_000;

  private final ConcurrencyPolicy policy = new ConcurrencyPolicy(LEAST, MOST);

  /**
   * An origin of so many servers, with a queue in front of them, behind the policy; readers come at
   * random and do not wait for each other.
   */
  private final class Simulation {
    private final SplittableRandom random = new SplittableRandom(42);
    private final int servers;
    private final PriorityQueue<Double> free = new PriorityQueue<>();
    private final PriorityQueue<double[]> ends =
        new PriorityQueue<>((a, b) -> Double.compare(a[0], b[0]));
    private final List<Double> served = new ArrayList<>();
    private State state = policy.first();
    private int costly;
    private int peak;
    private final TimeSketch took = new TimeSketch();
    private long shed;

    Simulation(int servers) {
      this.servers = servers;
      for (int i = 0; i < servers; i++) {
        free.add(0.0);
      }
    }

    /** In milliseconds; what is served from {@code from} on is kept. */
    void run(double from, double to, double perMilli, double serviceMillis) {
      double window = from + 1000;
      for (double now = from; now < to; now -= Math.log(1 - random.nextDouble()) / perMilli) {
        while (!ends.isEmpty() && ends.peek()[0] <= now) {
          double[] one = ends.poll();
          took.add((long) (one[1] * MILLI));
          served.add(one[1]);
        }
        if (now >= window) {
          TimeSketch.Taken taken = took.take();
          state = policy.next(state, new Window(taken.count(), taken.fastNanos(), peak));
          peak = ends.size();
          window += 1000;
        }
        arrive(now, serviceMillis);
      }
    }

    /** One in so many costs a hundred times as much. */
    private void cost(int oneIn) {
      costly = oneIn;
    }

    private void arrive(double now, double serviceMillis) {
      if (ends.size() >= state.limit()) {
        shed++;
        return;
      }
      double begins = Math.max(now, free.poll());
      double times = costly > 0 && random.nextInt(costly) == 0 ? 100 : 1;
      double end = begins + times * serviceMillis * (0.8 + 0.4 * random.nextDouble());
      free.add(end);
      ends.add(new double[] {end, end - now});
      peak = Math.max(peak, ends.size());
    }

    double capacity(double serviceMillis) {
      return servers / serviceMillis;
    }

    double p99() {
      Collections.sort(served);
      return served.get(served.size() * 99 / 100);
    }
  }

  @Test
  void atThreeTimesItsCapacityAnOriginStillDoesWhatItCan() {
    Simulation origin = new Simulation(20);
    origin.run(0, 10_000, 0.3, 20);
    double idle = origin.p99();
    assertEquals(0, origin.shed);
    origin.run(10_000, 20_000, 3 * origin.capacity(20), 20);
    origin.served.clear();
    origin.run(20_000, 80_000, 3 * origin.capacity(20), 20);
    double goodput = origin.served.size() / 60_000.0 / origin.capacity(20);
    System.out.printf(
        "at three times the capacity: goodput %.3f of it, p99 %.1f ms, idle %.1f ms%n",
        goodput, origin.p99(), idle);
    assertTrue(goodput > 0.85, "goodput " + goodput);
    assertTrue(origin.p99() < 3 * idle, "p99 " + origin.p99() + " ms, idle " + idle);
  }

  @Test
  void whereNothingPressesNothingIsShed() {
    Simulation origin = new Simulation(500);
    origin.run(0, 60_000, 0.5 * origin.capacity(50), 50);
    assertEquals(0, origin.shed);
  }

  /** Every second request costs a hundred times what all did before: no queue, and no shedding. */
  @Test
  void requestsThatCostMoreThanOthersAreNotTakenForPressure() {
    Simulation origin = new Simulation(5000);
    origin.run(0, 30_000, 1, 20);
    origin.cost(2);
    origin.run(30_000, 90_000, 1, 20);
    assertEquals(0, origin.shed);
  }

  /** Five times as slow, and still with room for everybody. */
  @Test
  void anOriginThatHasBecomeSlowerIsNotTakenForOneThatIsPressed() {
    Simulation origin = new Simulation(2000);
    origin.run(0, 30_000, 1, 20);
    origin.run(30_000, 130_000, 1, 100);
    origin.shed = 0;
    origin.run(130_000, 190_000, 1, 100);
    assertEquals(0, origin.shed);
  }

  @Test
  void afterAnOverloadThereIsSoonRoomAgain() {
    Simulation origin = new Simulation(20);
    origin.run(0, 5_000, 0.3, 20);
    origin.run(5_000, 30_000, 3, 20);
    assertTrue(origin.state.limit() < 100, "limit " + origin.state.limit());
    origin.run(30_000, 60_000, 0.3, 20);
    assertEquals(MOST, origin.state.limit());
  }

  @Test
  void aLimitIsNeverBelowTheLeast() {
    State state = policy.first();
    state = policy.next(state, new Window(10, MILLI, 100));
    for (int i = 0; i < 100; i++) {
      state = policy.next(state, new Window(10, 1000 * MILLI, 100));
      assertTrue(state.limit() >= LEAST);
    }
  }

  @Test
  void aWindowWithoutAnswersSaysNothing() {
    assertEquals(policy.first(), policy.next(policy.first(), new Window(0, 0, 50)));
  }
}

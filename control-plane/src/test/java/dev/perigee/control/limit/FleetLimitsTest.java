package dev.perigee.control.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.FromControl.Share;
import dev.perigee.contract.FromControl.Shares;
import dev.perigee.contract.FromEdge.Demand;
import dev.perigee.contract.FromEdge.Demands;
import dev.perigee.contract.Limits;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** How limits that all nodes share are divided, on a clock of the test's own. */
final class FleetLimitsTest {
  private static final long SECOND = 1_000_000_000;
  private static final Bytes KEY = Bytes.copyOf(new byte[16]);

  private final AtomicLong clock = new AtomicLong();
  private final FleetLimits limits = new FleetLimits(KEY, clock::get);

  /** Of a limit of 100 each second. */
  private static Demands wants(double wanted) {
    return new Demands(List.of(new Demand(7, 100, 100, wanted, Math.min(wanted, 50))));
  }

  private double rate(String node, Demands demands) {
    return limits.divide(node, demands).shares().getFirst().rate();
  }

  @Test
  void sharesOfWhatIsScarceGoByDemandAndComeToWhatThereIs() {
    limits.sweep(4);
    limits.divide("a", wants(300));
    limits.divide("b", wants(100));
    double a = rate("a", wants(300));
    double b = rate("b", wants(100));
    double rest = 2 * 0.05 / 4;
    double available = (a + b) / (1 - rest);
    assertTrue(a > 2.8 * b && a < 3 * b, a + " and " + b);
    assertEquals(105, available, 1e-6, "the limit and a little of what was not used");
  }

  @Test
  void whereThereIsEnoughEachGetsWhatItWantsAndMore() {
    limits.sweep(4);
    limits.divide("a", wants(10));
    assertTrue(rate("b", wants(20)) > 20);
    assertTrue(rate("a", wants(10)) > 10);
  }

  @Test
  void whatWasLetInTooMuchComesBackButNeverAllAtOnce() {
    assertEquals(97, Division.available(100, -1_000, 500));
    assertEquals(99, Division.available(100, -4, 500));
    assertEquals(100, Division.available(100, 0, 500));
    assertEquals(105, Division.available(100, 100, 500));
    assertEquals(125, Division.available(100, 100, 110), "nobody is refused for it");
    Share share = Division.share(1, 100, 0, 0, 1_000, 20);
    assertEquals(0.25, share.rate(), 1e-9);
    assertEquals(1, share.burst());
  }

  @Test
  void aNodeThatFallsSilentHoldsNothing() {
    limits.sweep(2);
    limits.divide("a", wants(500));
    double together = rate("b", wants(500));
    clock.addAndGet(3 * SECOND);
    limits.sweep(2);
    double alone = rate("b", wants(500));
    assertTrue(alone > 1.5 * together, together + " and then " + alone);
    assertEquals(Optional.empty(), limits.own("a"));
  }

  @Test
  void whatOtherControlPlanesSayCountsUnlessTheNodeIsHere() {
    limits.sweep(2);
    limits.heard("far", wants(500));
    double shared = rate("b", wants(500));
    assertEquals(Optional.empty(), limits.own("far"));
    assertEquals(Optional.of(wants(500)), limits.own("b"));
    limits.heard("b", wants(9_000));
    assertEquals(Optional.of(wants(500)), limits.own("b"), "it is heard here itself");
    limits.heard("far", new Demands(List.of()));
    assertTrue(rate("b", wants(500)) > 1.5 * shared);
  }

  @Test
  void whatIsOverItsLimitIsToldToNodesThatWantNothingOfIt() {
    limits.divide("a", wants(500));
    limits.sweep(20);
    Shares told = limits.divide("b", new Demands(List.of()));
    assertEquals(20, told.nodes());
    Share hot = told.shares().getFirst();
    assertEquals(7, hot.key());
    assertTrue(hot.rate() < 1, "an even part of a twentieth: " + hot.rate());
  }

  @Test
  void manyCountsAreBounded() {
    int perReport = Limits.DEMANDS;
    for (int node = 0; node < 300; node++) {
      long from = 1 + (long) node * perReport;
      List<Demand> all =
          LongStream.range(from, from + perReport)
              .mapToObj(key -> new Demand(key, 1, 1, 5, 1))
              .toList();
      Shares shares = limits.divide("n" + node, new Demands(all));
      assertTrue(shares.shares().size() <= perReport);
    }
    assertEquals(FleetLimits.COUNTS, limits.known());
    limits.sweep(300);
    Shares idle = limits.divide("idle", new Demands(List.of()));
    assertEquals(FleetLimits.HOT, idle.shares().size());
    clock.addAndGet(100 * SECOND);
    limits.sweep(300);
    clock.addAndGet(100 * SECOND);
    limits.sweep(300);
    assertEquals(0, limits.known(), "what nobody wants is forgotten");
  }

  @Test
  void whoeverFollowsIsToldOfNodesThatWantSomethingAndOfTheEnd() {
    List<String> told = new ArrayList<>();
    limits.onReport(told::add);
    limits.divide("a", new Demands(List.of()));
    limits.divide("a", wants(1));
    limits.divide("a", new Demands(List.of()));
    limits.divide("a", new Demands(List.of()));
    assertEquals(List.of("a", "a"), told);
  }
}

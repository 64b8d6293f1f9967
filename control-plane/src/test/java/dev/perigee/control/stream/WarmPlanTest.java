package dev.perigee.control.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.Limits;
import dev.perigee.contract.WarmUrl;
import dev.perigee.control.store.WarmUpStore.Job;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What of a warm-up one edge is sent, and what of its answers is noted. */
final class WarmPlanTest {
  private final WarmPlan plan = new WarmPlan();

  private static Job job(int urls, int perSecond) {
    List<WarmUrl> all =
        IntStream.range(0, urls)
            .mapToObj(i -> new WarmUrl("https", "shop.example", "/" + i))
            .toList();
    return new Job("job", "shop", all, Map.of(), perSecond);
  }

  private List<FromControl.WarmUp> due(Job job, int through) {
    return plan.due(List.of(job), any -> Optional.of(through));
  }

  private static List<Integer> froms(List<FromControl.WarmUp> batches) {
    return batches.stream().map(FromControl.WarmUp::from).toList();
  }

  private List<Integer> stored(FromControl.WarmUp batch) {
    int count = batch.urls().size();
    FromEdge.Warmed warmed =
        new FromEdge.Warmed(batch.job(), batch.from() + count, 0, count, 0, 0, List.of());
    return plan.warmed(warmed).stream().map(WarmPlan.Step::from).toList();
  }

  @Test
  void aNodeHasAtMostTwoBatchesOfASecondEachAtOnce() {
    Job job = job(25, 10);
    List<FromControl.WarmUp> first = due(job, 0);
    assertEquals(List.of(0, 10), froms(first));
    assertEquals(List.of(), due(job, 0));
    assertEquals(List.of(0), stored(first.get(0)));
    List<FromControl.WarmUp> last = due(job, 0);
    assertEquals(List.of(20), froms(last));
    assertEquals(5, last.getFirst().urls().size());
  }

  @Test
  void whatComesOutOfOrderIsNotedOnceTheGapIsClosedAndOnlyOnce() {
    List<FromControl.WarmUp> sent = due(job(20, 10), 0);
    assertEquals(List.of(), stored(sent.get(1)));
    assertEquals(List.of(0, 10), stored(sent.get(0)));
    assertEquals(List.of(), stored(sent.get(0)));
  }

  @Test
  void aStreamBeginsWhereTheOneBeforeItCameWithoutAGap() {
    assertEquals(List.of(10), froms(due(job(20, 10), 10)));
  }

  @Test
  void aPlaceThatCouldNotBeNotedIsLookedUpAnew() {
    Job job = job(20, 10);
    List<FromControl.WarmUp> sent = due(job, 0);
    plan.lose("job");
    assertEquals(List.of(), stored(sent.get(0)), "of the place before");
    assertEquals(List.of(10), froms(due(job, 10)));
  }

  @Test
  void aNodeThatIsNotOfTheJobIsSentNothing() {
    assertEquals(List.of(), plan.due(List.of(job(20, 10)), any -> Optional.empty()));
  }

  @Test
  void batchesOfLongUrlsFitIntoAMessage() {
    String tail = "x".repeat(8_000);
    List<WarmUrl> urls =
        IntStream.range(0, 100)
            .mapToObj(i -> new WarmUrl("https", "shop.example", "/" + i + tail))
            .toList();
    for (FromControl.WarmUp batch : due(new Job("job", "shop", urls, Map.of(), 100), 0)) {
      int chars = batch.urls().stream().mapToInt(url -> url.toString().length()).sum();
      assertTrue(chars < Limits.MESSAGE_BYTES, "a batch of " + chars);
      assertTrue(batch.urls().size() > 1);
    }
  }
}

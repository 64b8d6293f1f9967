package dev.perigee.control.fleet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.Limits;
import dev.perigee.contract.WarmUrl;
import dev.perigee.control.MovableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class WarmUpsTest {
  private final MovableClock clock = new MovableClock(Instant.EPOCH);
  private final WarmUps warmUps = new WarmUps(clock);

  private static WarmUps.Order order(int urls, int perSecond, String... nodes) {
    List<WarmUrl> all =
        IntStream.range(0, urls)
            .mapToObj(i -> new WarmUrl("https", "shop.example", "/" + i))
            .toList();
    return new WarmUps.Order("shop", all, Map.of(), perSecond, Set.of(nodes), List.of());
  }

  private String begin(int urls, int perSecond, String... nodes) {
    return warmUps.begin(order(urls, perSecond, nodes)).orElseThrow().id();
  }

  private void stored(String node, FromControl.WarmUp batch) {
    int count = batch.urls().size();
    warmUps.warmed(
        node, new FromEdge.Warmed(batch.job(), batch.from() + count, 0, count, 0, 0, List.of()));
  }

  private int done(String id, String node) {
    return Optional.ofNullable(warmUps.progress(id).orElseThrow().nodes().get(node))
        .orElseThrow()
        .done();
  }

  @Test
  void aNodeHasAtMostTwoBatchesOfASecondEachAtOnce() {
    String id = begin(25, 10, "fra-1");
    List<FromControl.WarmUp> first = warmUps.due("fra-1");
    assertEquals(List.of(0, 10), first.stream().map(FromControl.WarmUp::from).toList());
    assertEquals(List.of(), warmUps.due("fra-1"));
    assertEquals(List.of(), warmUps.due("other"));

    stored("fra-1", first.get(1)); // in any order
    List<FromControl.WarmUp> last = warmUps.due("fra-1");
    assertEquals(List.of(20), last.stream().map(FromControl.WarmUp::from).toList());
    assertEquals(5, last.getFirst().urls().size());
    stored("fra-1", first.get(0));
    assertEquals(20, done(id, "fra-1"));
    assertFalse(warmUps.progress(id).orElseThrow().isComplete());
    stored("fra-1", last.getFirst());
    assertTrue(warmUps.progress(id).orElseThrow().isComplete());
  }

  @Test
  void whatANodeHadNotAnsweredForWhenItsStreamEndedIsSentAgainAndCountedOnce() {
    String id = begin(20, 10, "fra-1");
    List<FromControl.WarmUp> sent = warmUps.due("fra-1");
    stored("fra-1", sent.get(0));
    warmUps.connected("fra-1");
    stored("fra-1", sent.get(1)); // of the stream that ended
    assertEquals(10, done(id, "fra-1"));

    List<FromControl.WarmUp> again = warmUps.due("fra-1");
    assertEquals(List.of(10), again.stream().map(FromControl.WarmUp::from).toList());
    stored("fra-1", again.getFirst());
    stored("fra-1", again.getFirst());
    assertEquals(20, done(id, "fra-1"));
    assertEquals(List.of(), warmUps.due("fra-1"));
  }

  @Test
  void batchesOfLongUrlsFitIntoAMessage() {
    String tail = "x".repeat(8_000);
    List<WarmUrl> urls =
        IntStream.range(0, 100)
            .mapToObj(i -> new WarmUrl("https", "shop.example", "/" + i + tail))
            .toList();
    warmUps.begin(new WarmUps.Order("shop", urls, Map.of(), 100, Set.of("fra-1"), List.of()));
    for (FromControl.WarmUp batch : warmUps.due("fra-1")) {
      int chars = batch.urls().stream().mapToInt(url -> url.toString().length()).sum();
      assertTrue(chars < Limits.MESSAGE_BYTES, "a batch of " + chars);
      assertTrue(batch.urls().size() > 1);
    }
  }

  @Test
  void urlsOfAllWarmUpsAreLimitedAndForgottenAfterAnHour() {
    int parts = WarmUps.MAX_URLS / 5_000;
    String first = begin(5_000, 10, "fra-1");
    for (int i = 1; i < parts; i++) {
      begin(5_000, 10, "fra-1");
    }
    assertEquals(Optional.empty(), warmUps.begin(order(1, 10, "fra-1")));
    clock.advance(Duration.ofMinutes(61));
    assertEquals(Optional.empty(), warmUps.progress(first));
    assertTrue(warmUps.begin(order(1, 10, "fra-1")).isPresent());
  }
}

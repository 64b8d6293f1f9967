package dev.perigee.edge.origin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** A node that fails is left alone for longer and longer, and tried by one request at a time. */
class PeerHealthTest {
  private final PeerHealth health = new PeerHealth();

  @Test
  void eachFailureDoublesThePauseUpToAMinute() {
    long now = 5_000;
    for (long pause : new long[] {1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000}) {
      health.failed("a", now);
      assertFalse(health.mayAsk("a", now + pause - 1), pause + " ms");
      now += pause;
      assertTrue(health.mayAsk("a", now), pause + " ms");
      assertTrue(health.mayAsk("b", now), "it costs the others nothing");
    }
  }

  @Test
  void afterThePauseOneTriesForAll() {
    health.failed("a", 0);
    assertTrue(health.mayAsk("a", 1_000));
    assertFalse(health.mayAsk("a", 1_001));
    health.answered("a");
    assertTrue(health.mayAsk("a", 1_002));
    assertEquals(0, health.size());
    health.failed("a", 2_000);
    assertTrue(health.mayAsk("a", 3_000), "it begins anew");
  }

  @Test
  void aNodeMayHaveAQuarterMoreThanItsShareOnceThereIsMuchToShare() {
    PeerLoads loads = new PeerLoads();
    loads.begun("a");
    loads.begun("b");
    loads.ended("b");
    for (int i = 1; i < 64; i++) {
      assertTrue(loads.mayTake("a"));
      loads.begun("a");
    }
    assertFalse(loads.mayTake("a"), "64 of 65, where the other has none");
    assertTrue(loads.mayTake("b"));
    for (int i = 0; i < 48; i++) {
      loads.begun("b");
    }
    assertTrue(loads.mayTake("a"), "65 of 113, of which its share is 70");
    loads.begun("a");
    assertEquals(65, loads.waiting("a"));
  }
}

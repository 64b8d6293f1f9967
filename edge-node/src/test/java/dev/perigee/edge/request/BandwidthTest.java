package dev.perigee.edge.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class BandwidthTest {
  private static final long SECOND = 1_000_000_000;

  /** Begins where the clock of a machine may be, which is anywhere. */
  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - SECOND);

  private final Bandwidth bandwidth = new Bandwidth(1000, now::get);

  @Test
  void aBurstGoesAtOnceAndTheRestAtTheRate() {
    assertEquals(0, bandwidth.take(250));
    assertEquals(0, bandwidth.take(1000));
    assertEquals(SECOND, bandwidth.take(1));
  }

  @Test
  void turnsComeInTheOrderInWhichTheyWereTaken() {
    assertEquals(0, bandwidth.take(1250));
    assertEquals(SECOND, bandwidth.take(500));
    assertEquals(SECOND + SECOND / 2, bandwidth.take(500));
    now.addAndGet(SECOND);
    assertEquals(SECOND, bandwidth.take(500));
  }

  @Test
  void restGivesBackABurstAndNoMore() {
    assertEquals(0, bandwidth.take(1000));
    assertFalse(bandwidth.isIdle());
    now.addAndGet(3600 * SECOND);
    assertTrue(bandwidth.isIdle());
    assertEquals(0, bandwidth.take(250));
    assertEquals(0, bandwidth.take(1));
    assertEquals(SECOND / 1000, bandwidth.take(1));
  }

  /** Over an hour of demand without end, no more than the rate and what went at once. */
  @Test
  void overTimeItIsTheRate() {
    long sent = 0;
    long end = now.get() + 3600 * SECOND;
    while (end - now.get() > 0) {
      now.addAndGet(bandwidth.take(64));
      sent += 64;
    }
    assertTrue(sent <= 3600 * 1000 + 250 + 2 * 64, sent + " bytes");
    assertTrue(sent >= 3600 * 1000, sent + " bytes");
  }
}

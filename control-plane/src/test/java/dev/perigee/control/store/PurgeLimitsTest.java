package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.perigee.control.store.PurgeLimits.Taken;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** An owner may purge a burst at once, and then as fast as its bucket fills. */
final class PurgeLimitsTest {
  private static final PurgeLimits LIMITS = new PurgeLimits(10, 20, Duration.ofHours(1));

  @Test
  void aBurstIsGrantedAndThenOneForEachTenthOfASecond() {
    double left = LIMITS.full();
    for (int i = 0; i < 20; i++) {
      left = ((Taken.Granted) LIMITS.take(left, Duration.ZERO)).left();
    }
    assertEquals(new Taken.Refused(Duration.ofMillis(100)), LIMITS.take(left, Duration.ZERO));
    assertEquals(new Taken.Granted(0), LIMITS.take(left, Duration.ofMillis(100)));
    assertEquals(new Taken.Granted(19), LIMITS.take(left, Duration.ofDays(1)));
  }

  @Test
  void aClockThatWasSetBackTakesNothingAway() {
    assertEquals(new Taken.Granted(4), LIMITS.take(5, Duration.ofDays(-1)));
  }

  @Test
  void limitsThatLetNobodyPurgeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new PurgeLimits(0, 1, Duration.ofHours(1)));
    assertThrows(IllegalArgumentException.class, () -> new PurgeLimits(1, 1, Duration.ZERO));
  }
}

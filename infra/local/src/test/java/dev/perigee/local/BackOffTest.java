package dev.perigee.local;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BackOffTest {
  private static final Duration SHORT = Duration.ofSeconds(1);

  private final BackOff backOff = new BackOff();

  @Test
  void pausesDoubleUpToHalfAMinute() {
    assertEquals(Duration.ofMillis(500), backOff.after(SHORT));
    assertEquals(Duration.ofSeconds(1), backOff.after(SHORT));
    for (int i = 0; i < 10; i++) {
      backOff.after(SHORT);
    }
    assertEquals(Duration.ofSeconds(30), backOff.after(SHORT));
  }

  @Test
  void aLongRunMakesThemShortAgain() {
    backOff.after(SHORT);
    backOff.after(SHORT);

    assertEquals(Duration.ofMillis(500), backOff.after(Duration.ofMinutes(1)));
  }
}

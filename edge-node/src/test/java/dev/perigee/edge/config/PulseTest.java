package dev.perigee.edge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.edge.config.Pulse.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When a control plane is asked whether it lives, and when it counts as dead. */
class PulseTest {
  private static final Duration BEAT = Duration.ofMillis(500);
  private static final long MILLI = 1_000_000;

  private final Pulse pulse = new Pulse(BEAT, 0);
  private long now;

  /** What comes every 100 ms of so much time in which so many messages have come. */
  private List<Verdict> look(long millis, long count, boolean choice) {
    List<Verdict> verdicts = new ArrayList<>();
    for (long end = now + millis * MILLI; now < end; ) {
      now += Pulse.LOOK.toNanos();
      Verdict verdict = pulse.look(count, choice, now);
      if (verdict != Verdict.NOTHING) {
        verdicts.add(verdict);
      }
    }
    return verdicts;
  }

  @Test
  void itIsAskedAtEachBeatAsLongAsItAnswers() {
    for (int beat = 1; beat <= 10; beat++) {
      assertEquals(List.of(Verdict.ASK), look(500, beat, true));
    }
  }

  @Test
  void afterTwoBeatsOfSilenceItIsDeadSoThatAMoveTakesLessThanTwoSeconds() {
    assertEquals(List.of(Verdict.ASK, Verdict.ASK), look(1_200, 0, true));
    assertEquals(List.of(Verdict.DEAD), look(100, 0, true));
  }

  @Test
  void whereThereIsNoOtherItIsAskedMoreSeldomAndGivenMoreTime() {
    assertEquals(List.of(Verdict.ASK, Verdict.ASK), look(5_000, 0, false));
    assertEquals(Verdict.DEAD, look(100, 0, false).getLast());
  }

  @Test
  void whatANodeThatStoodStillDidNotHearSaysNothing() {
    look(1_000, 1, true);
    now += Duration.ofMinutes(1).toNanos();
    assertEquals(Verdict.ASK, pulse.look(1, true, now));
    assertEquals(List.of(Verdict.ASK, Verdict.ASK), look(1_200, 1, true));
  }

  @Test
  void aBeatThatWouldBeAFloodIsNotFollowed() {
    Pulse hasty = new Pulse(Duration.ofNanos(1), 0);
    assertEquals(Verdict.NOTHING, hasty.look(0, true, 99 * MILLI));
    assertEquals(Verdict.ASK, hasty.look(0, true, 100 * MILLI));
  }
}

package dev.perigee.edge.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class ThreadTurnsTest {
  private static final long PART_NANOS = ThreadTurns.ROUND_NANOS / 5;

  private final Loop thread = new Loop();
  private final ThreadTurns turns = new ThreadTurns(() -> thread.nanos, thread);
  private final List<String> written = new ArrayList<>();

  /** An I/O thread whose rounds are told by hand. */
  private static final class Loop implements ThreadTurns.Rounds {
    private boolean can = true;
    private long nanos = 1;
    private @Nullable Runnable round;

    @Override
    public boolean begin(Runnable one) {
      round = can ? one : null;
      return can;
    }

    @Override
    public void end() {
      round = null;
    }

    void round() {
      Runnable now = round;
      if (now == null) {
        throw new AssertionError("nothing waits for a round");
      }
      now.run();
    }
  }

  /** A response of so many parts, as far as it goes now. */
  private void pump(String name, int parts) {
    for (int left = parts; left > 0; left--) {
      int more = left - 1;
      if (!turns.mayGo()) {
        turns.await(
            () -> {
              write(name);
              pump(name, more);
            });
        return;
      }
      write(name);
    }
  }

  private void write(String name) {
    written.add(name);
    thread.nanos += PART_NANOS;
  }

  @Test
  void aLargeResponseThatIsAloneGoesForTheTimeOfARound() {
    pump("a", 7);

    assertEquals(5, written.size());
    thread.round();
    assertEquals(7, written.size());
  }

  @Test
  void oneThatCameLaterGetsItsPartsBeforeTheFirstHasAllOfItsOwn() {
    pump("a", 12);
    pump("b", 3);
    assertFalse(written.contains("b"), written::toString);

    thread.round();

    assertEquals(List.of("a", "b"), written.subList(5, written.size()));
    thread.round();
    assertEquals(List.of("a", "b"), written.subList(7, written.size()));
  }

  @Test
  void aThousandThatAreTakenAtOnceHoldTheThreadNoLongerThanOne() {
    for (int i = 0; i < 1000; i++) {
      pump("" + i, 2);
    }

    for (int rounds = 0; written.size() < 2000; rounds++) {
      long before = thread.nanos;
      thread.round();
      assertTrue(thread.nanos - before <= ThreadTurns.ROUND_NANOS, "round " + rounds);
    }
  }

  @Test
  void onePartGoesInEachRoundHoweverLongItTakes() {
    pump("a", 8);
    int before = written.size();
    turns.await(() -> thread.nanos += 3 * ThreadTurns.ROUND_NANOS);

    thread.round();

    assertEquals(before + 1, written.size());
  }

  @Test
  void nobodyHoldsTheSelectorAwakeWhereNothingWaits() {
    pump("a", 1);
    thread.round();

    assertNull(thread.round);
    pump("a", 1);
    assertEquals(2, written.size());
  }

  @Test
  void whereThereIsNoFileLeftForRoundsEverythingGoesAtOnce() {
    thread.can = false;

    pump("a", 100);

    assertEquals(100, written.size());
  }
}

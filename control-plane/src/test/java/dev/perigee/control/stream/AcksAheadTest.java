package dev.perigee.control.stream;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** How many messages of purges a node has before it acknowledges one. */
final class AcksAheadTest {
  private final AcksAhead ahead = new AcksAhead();

  @Test
  void aNodeHasFourMessagesAndOneMoreWithEachThatItAcknowledges() {
    for (long through = 10; through <= 40; through += 10) {
      assertFalse(ahead.isHeld(0, false, 0));
      ahead.sent(through, 0);
    }
    assertTrue(ahead.isHeld(9, false, 0), "a part of a message is none");
    assertFalse(ahead.isHeld(10, false, 0));
    ahead.sent(50, 0);
    assertTrue(ahead.isHeld(19, false, 0));
    assertFalse(ahead.isHeld(50, false, 0), "acknowledgements count for all before them");
  }

  @Test
  void oneThatAcknowledgesNothingGetsAMessageASecondAllTheSame() {
    for (long through = 1; through <= 4; through++) {
      ahead.sent(through, 500);
    }
    assertTrue(ahead.isHeld(0, false, 1_499));
    assertFalse(ahead.isHeld(0, false, 1_500));
    ahead.sent(5, 1_500);
    assertTrue(ahead.isHeld(0, false, 1_500));
    assertFalse(ahead.isHeld(0, true, 1_500), "though the clock stands");
  }
}

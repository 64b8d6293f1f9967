package dev.perigee.control.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.perigee.control.fleet.Reach;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ReachPolicyTest {
  /** Each letter is a probe: y answered, n not. */
  @ParameterizedTest
  @CsvSource({
    "n, UNKNOWN",
    "nnnn, UNKNOWN",
    "y, UP",
    "nny, UP",
    "yn, SUSPECT",
    "yny, UP",
    "ynyn, SUSPECT",
    "ynn, DOWN",
    "ynnnn, DOWN",
    "ynny, DOWN",
    "ynnyy, UP",
    "ynnynyn, DOWN",
    "ynnyyn, SUSPECT"
  })
  void twoInARowTurnIt(String probes, Reach reach) {
    ReachPolicy policy = ReachPolicy.NEW;
    for (int i = 0; i < probes.length(); i++) {
      policy = probes.charAt(i) == 'y' ? policy.answered() : policy.failed();
    }
    assertEquals(reach, policy.reach());
  }

  @ParameterizedTest
  @CsvSource({"n, 2", "nnn, 8", "nnnnn, 8", "y, 1", "yn, 1", "ynn, 1", "ynnn, 2", "ynnnnny, 1"})
  void oneThatDoesNotAnswerIsProbedMoreAndMoreSeldom(String probes, int stretch) {
    ReachPolicy policy = ReachPolicy.NEW;
    for (int i = 0; i < probes.length(); i++) {
      policy = probes.charAt(i) == 'y' ? policy.answered() : policy.failed();
    }
    assertEquals(stretch, policy.stretch());
  }

  @Test
  void aNodeThatAnsweredAnEarlierRunIsDownAfterTwoAsWell() {
    ReachPolicy once = ReachPolicy.ANSWERED_BEFORE.failed();
    assertEquals(Reach.SUSPECT, once.reach());
    assertEquals(Reach.DOWN, once.failed().reach());
    assertEquals(Reach.UP, once.answered().reach());
  }

  @Test
  void aTimeOutIsNoLongerThanTheInterval() {
    Duration second = Duration.ofSeconds(1);
    new ProbeConfig(second, second, 1);
    assertThrows(
        IllegalArgumentException.class, () -> new ProbeConfig(second, second.plusMillis(1), 1));
    assertThrows(IllegalArgumentException.class, () -> new ProbeConfig(Duration.ZERO, second, 1));
    assertThrows(IllegalArgumentException.class, () -> new ProbeConfig(second, second, 0));
  }
}

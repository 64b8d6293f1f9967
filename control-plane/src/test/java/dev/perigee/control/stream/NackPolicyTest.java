package dev.perigee.control.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A node that cannot take what it is sent is not sent it again and again. */
final class NackPolicyTest {
  @ParameterizedTest
  @CsvSource({"1, 0", "2, 1", "3, 2", "4, 4", "7, 32", "8, 60", "9, 60", "1000000, 60"})
  void theWaitDoublesUpToAMinute(int refusals, long seconds) {
    assertEquals(Duration.ofSeconds(seconds), NackPolicy.wait(refusals));
  }
}

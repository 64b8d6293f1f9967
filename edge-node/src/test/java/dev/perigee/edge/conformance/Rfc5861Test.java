package dev.perigee.edge.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.edge.cache.StalePolicy;
import dev.perigee.edge.cache.StoredMeta;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 5861: stale-while-revalidate and stale-if-error, and RFC 9111, section 4.2.4. */
class Rfc5861Test {
  @ParameterizedTest(name = "{0}: after {2} s")
  @CsvSource(
      delimiter = ';',
      value = {
        "3 within its seconds; max-age=60, stale-while-revalidate=10; 70; true",
        "3 past them; max-age=60, stale-while-revalidate=10; 71; false",
        "3 only where it is said; max-age=60; 61; false",
        "4.2.4 must-revalidate forbids; max-age=60, stale-while-revalidate=10, must-revalidate; 61;"
            + " false",
        "4.2.4 no-cache forbids; max-age=60, stale-while-revalidate=10, no-cache; 61; false",
        "who writes both means it; s-maxage=60, stale-while-revalidate=10; 61; true",
      })
  void whileRevalidate(String sentence, String control, long seconds, boolean expected) {
    assertEquals(expected, StalePolicy.whileRevalidate(meta(control), at(seconds)), sentence);
  }

  @ParameterizedTest(name = "{0}: status {3} after {2} s")
  @CsvSource(
      delimiter = ';',
      value = {
        "4 within its seconds; max-age=60, stale-if-error=10; 70; 503; true",
        "4 past them; max-age=60, stale-if-error=10; 71; 503; false",
        "4 only where it is said; max-age=60; 61; 503; false",
        "4 not for what is no error of a server; max-age=60, stale-if-error=10; 61; 404; false",
        "4 not for 501; max-age=60, stale-if-error=10; 61; 501; false",
        "4.2.4 must-revalidate forbids; max-age=60, stale-if-error=10, must-revalidate; 61; 500;"
            + " false",
        "who writes both means it; s-maxage=60, stale-if-error=10; 61; 504; true",
      })
  void insteadOfAnError(
      String sentence, String control, long seconds, int status, boolean expected) {
    assertEquals(expected, StalePolicy.insteadOf(status, meta(control), at(seconds)), sentence);
  }

  @ParameterizedTest(name = "{0}: after {2} s")
  @CsvSource(
      delimiter = ';',
      value = {
        "4.2.4 disconnected; max-age=60; 600; true",
        "4.2.4 not for ever; max-age=60; 90000; false",
        "4.2.4 no longer than stale-if-error; max-age=60, stale-if-error=10; 71; false",
        "4.2.4 must-revalidate forbids; max-age=60, must-revalidate; 61; false",
        "4.2.4 s-maxage forbids; s-maxage=60; 61; false",
        "who writes both means it; s-maxage=60, stale-if-error=10; 61; true",
      })
  void disconnected(String sentence, String control, long seconds, boolean expected) {
    assertEquals(expected, StalePolicy.whenDisconnected(meta(control), at(seconds)), sentence);
  }

  private static StoredMeta meta(String control) {
    return Cases.meta("", "Cache-Control: " + control);
  }

  private static long at(long seconds) {
    return Cases.NOW + seconds * 1000;
  }
}

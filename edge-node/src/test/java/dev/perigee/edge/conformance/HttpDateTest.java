package dev.perigee.edge.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.edge.cache.HttpDate;
import java.time.Instant;
import java.util.OptionalLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 9110, section 5.6.7: dates. */
class HttpDateTest {
  private static final long NOW = Instant.parse("2026-11-23T00:00:00Z").toEpochMilli();

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = ';',
      value = {
        "Sun, 06 Nov 1994 08:49:37 GMT; 1994-11-06T08:49:37Z",
        "Sunday, 06-Nov-94 08:49:37 GMT; 1994-11-06T08:49:37Z",
        "Sun Nov  6 08:49:37 1994; 1994-11-06T08:49:37Z",
        "Wed Nov 16 08:49:37 1994; 1994-11-16T08:49:37Z",
        "Mon, 06 Nov 1994 08:49:37 GMT; 1994-11-06T08:49:37Z",
        "sun, 06 NOV 1994 08:49:37 gmt; 1994-11-06T08:49:37Z",
        "Sun Nov 6 08:49:37 1994; 1994-11-06T08:49:37Z",
        "Tue, 31 Dec 2030 23:59:60 GMT; 2030-12-31T23:59:59Z",
        "Wednesday, 01-Jan-70 00:00:00 GMT; 2070-01-01T00:00:00Z",
      })
  void allThreeFormsAreRead(String text, String expected) {
    assertEquals(
        OptionalLong.of(Instant.parse(expected).toEpochMilli()), HttpDate.parse(text, NOW));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "0",
        "-1",
        "''",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "06 Nov 1994 08:49:37",
        "Sun, 06  Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun 06 Nov 1994 08:49:37 GMT",
        "1994-11-06T08:49:37Z"
      })
  void whatIsNoDateIsNone(String text) {
    assertEquals(OptionalLong.empty(), HttpDate.parse(text, NOW));
  }

  @Property(tries = 500)
  void whatIsWrittenIsReadBack(@ForAll @LongRange(min = 0, max = 4_102_444_800L) long second) {
    assertEquals(
        OptionalLong.of(second * 1000), HttpDate.parse(HttpDate.format(second * 1000), NOW));
  }
}

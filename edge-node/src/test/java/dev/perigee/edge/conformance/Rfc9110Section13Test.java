package dev.perigee.edge.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.respond.Preconditions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Conditional requests (RFC 9110, section 13), answered from a response at hand. */
class Rfc9110Section13Test {
  private static final String STORED =
      "ETag: \"1\"|Last-Modified: Mon, 05 Jan 2026 10:00:00 GMT|Date: Mon, 05 Jan 2026 12:00:00"
          + " GMT";
  private static final String WEAK = "ETag: W/\"1\"";

  private static RequestHead get(String fields) {
    return Cases.request("GET", fields);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = ';',
      value = {
        "13.1.1 the tag is among them; If-Match: \"0\", \"1\"; PROCEED",
        "13.1.1 the tag is not among them; If-Match: \"0\", \"2\"; FAILED",
        "13.1.1 any representation; If-Match: *; PROCEED",
        "13.1.1 compared strongly; If-Match: W/\"1\"; FAILED",
        "13.1.1 no list of tags; If-Match: 1; FAILED",
        "13.1.2 the tag is among them; If-None-Match: \"0\", \"1\"; NOT_MODIFIED",
        "13.1.2 compared weakly; If-None-Match: W/\"1\"; NOT_MODIFIED",
        "13.1.2 the tag is not among them; If-None-Match: \"0\"; PROCEED",
        "13.1.2 any representation; If-None-Match: *; NOT_MODIFIED",
        "13.1.3 not modified since; If-Modified-Since: Mon, 05 Jan 2026 10:00:00 GMT; NOT_MODIFIED",
        "13.1.3 modified since; If-Modified-Since: Mon, 05 Jan 2026 09:59:59 GMT; PROCEED",
        "13.1.3 no date; If-Modified-Since: yesterday; PROCEED",
        "13.1.4 unmodified since; If-Unmodified-Since: Mon, 05 Jan 2026 10:00:00 GMT; PROCEED",
        "13.1.4 modified since; If-Unmodified-Since: Mon, 05 Jan 2026 09:59:59 GMT; FAILED",
        "13.1.4 no date; If-Unmodified-Since: yesterday; PROCEED",
        "13.2.2 tags before dates; If-Match: \"1\"|If-Unmodified-Since: Mon, 05 Jan 2026 09:00:00"
            + " GMT; PROCEED",
        "13.2.2 failure before 304; If-Match: \"2\"|If-None-Match: \"1\"; FAILED",
        "13.2.2 tags before dates of 304; If-None-Match: \"2\"|If-Modified-Since:"
            + " Mon, 05 Jan 2026 10:00:00 GMT; PROCEED",
        "13.2.2 both hold; If-Match: \"1\"|If-None-Match: \"1\"; NOT_MODIFIED",
      })
  void aConditionDecidesInItsTurn(String sentence, String fields, String outcome) {
    ResponseHead stored = new ResponseHead(200, Cases.fields(STORED));
    assertEquals(
        Preconditions.Outcome.valueOf(outcome),
        Preconditions.decide(get(fields), stored, Cases.NOW),
        sentence);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = ';',
      value = {
        "13.1.1 a weak tag never matches strongly; If-Match: \"1\"; 200; FAILED",
        "13.1.1 but there is a representation; If-Match: *; 200; PROCEED",
        "13.1.2 a weak tag matches weakly; If-None-Match: \"1\"; 200; NOT_MODIFIED",
        "13.2.1 only what would be 200 has conditions; If-Match: \"9\"; 404; PROCEED",
        "13.2.1 nor is it 304; If-None-Match: W/\"1\"; 301; PROCEED",
      })
  void aWeakTagOrAnotherStatus(String sentence, String fields, int status, String outcome) {
    ResponseHead stored = new ResponseHead(status, Cases.fields(WEAK));
    assertEquals(
        Preconditions.Outcome.valueOf(outcome),
        Preconditions.decide(get(fields), stored, Cases.NOW),
        sentence);
  }
}

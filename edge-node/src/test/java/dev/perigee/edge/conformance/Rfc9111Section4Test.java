package dev.perigee.edge.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.edge.cache.Lookup;
import dev.perigee.edge.cache.LookupPolicy;
import dev.perigee.edge.cache.StoredMeta;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 9111, sections 4, 4.1 and 5.2.1: what may answer a request. */
class Rfc9111Section4Test {
  @ParameterizedTest(name = "{0}: after {3} s -> {4}")
  @CsvSource(
      delimiter = ';',
      value = {
        "4.2 fresh; ''; Cache-Control: max-age=60; 59; FRESH",
        "4.2 as old as its lifetime is not fresh; ''; Cache-Control: max-age=60; 60; EXPIRED",
        "4.2.1 s-maxage before max-age; ''; Cache-Control: max-age=1, s-maxage=60; 59; FRESH",
        "4.2.1 max-age before Expires; ''; Cache-Control: max-age=60|Expires: {1}; 59; FRESH",
        "4.2.1 twice with the same value; ''; Cache-Control: max-age=60|Cache-Control: max-age=60;"
            + " 59; FRESH",
        "4.2.1 twice with different values is stale; ''; Cache-Control: max-age=60, max-age=90; 1;"
            + " EXPIRED",
        "5.2.2.1 no number is stale; ''; Cache-Control: max-age=x; 0; EXPIRED",
        "5.2.2.1 a negative number is stale; ''; Cache-Control: max-age=-5; 0; EXPIRED",
        "5.2.2.1 a quoted number counts; ''; Cache-Control: max-age=\"60\"; 59; FRESH",
        "1.2.2 a number too large is very large; ''; Cache-Control: max-age=99999999999999999999;"
            + " 1000000; FRESH",
        "4.2.2 a tenth of the time since it was changed; ''; Last-Modified: {-600}|Date: {0}; 59;"
            + " FRESH",
        "4.2.2 and no more; ''; Last-Modified: {-600}|Date: {0}; 60; EXPIRED",
        "4.2.2 a day at most; ''; Last-Modified: {-99999999}|Date: {0}; 86399; FRESH",
        "4.2.2 and no more than that; ''; Last-Modified: {-99999999}|Date: {0}; 86400; EXPIRED",
        "4.2.2 nothing is guessed beside an explicit time; ''; Last-Modified: {-600}|Expires: 0; 1;"
            + " EXPIRED",
        "4.2.2 nothing is guessed without a date of change; ''; ETag: \"1\"; 0; EXPIRED",
        "RFC 9213 2.2 what is addressed to a CDN comes first; ''; Cache-Control:"
            + " max-age=1|CDN-Cache-Control: max-age=60; 59; FRESH",
        "RFC 9213 2.2 and hides the rest; ''; Cache-Control: max-age=60|CDN-Cache-Control:"
            + " max-age=1; 2; EXPIRED",
        "RFC 9213 2.2 our own name before the common one; ''; CDN-Cache-Control:"
            + " max-age=1|Perigee-CDN-Cache-Control: max-age=60; 59; FRESH",
        "RFC 9213 2.1 Expires is for others; ''; CDN-Cache-Control: max-age=0|Expires: {60}; 1;"
            + " EXPIRED",
        "RFC 9213 2.1 a broken one is not there; ''; CDN-Cache-Control: max-age=1,,|Cache-Control:"
            + " max-age=60; 59; FRESH",
        "RFC 9213 2.1 keys have one case; ''; CDN-Cache-Control: Max-Age=1|Cache-Control:"
            + " max-age=60; 59; FRESH",
        "RFC 9213 2.1 a text is no number; ''; CDN-Cache-Control: max-age=\"60\"; 1; EXPIRED",
        "RFC 9213 2.1 an empty one is not there; ''; CDN-Cache-Control: |Cache-Control: max-age=60;"
            + " 59; FRESH",
        "RFC 9213 no-cache; ''; CDN-Cache-Control: no-cache|Cache-Control: max-age=60; 1; NO_CACHE",
        "Surrogate-Control; ''; Surrogate-Control: max-age=60, content=x|Cache-Control: no-cache;"
            + " 59; FRESH",
        "Surrogate-Control for us by name; ''; 'Surrogate-Control:"
            + " max-age=60;perigee|Cache-Control: no-cache'; 59; FRESH",
        "Surrogate-Control with an extension; ''; Surrogate-Control: max-age=60+60; 60; EXPIRED",
        "Surrogate-Control for another; ''; 'Surrogate-Control: max-age=60;other|Cache-Control:"
            + " max-age=1'; 2; EXPIRED",
        "5.2.2.4 no-cache with names needs no check; ''; Cache-Control: max-age=60,"
            + " no-cache=\"x-user\"; 1; FRESH",
        "4.2.1 Expires less Date; ''; Date: {-10}|Expires: {50}; 49; FRESH",
        "4.2.3 Date adds to the age; ''; Date: {-10}|Expires: {50}; 50; EXPIRED",
        "5.3 Expires: 0 is in the past; ''; Expires: 0; 0; EXPIRED",
        "5.3 two Expires are invalid; ''; Expires: {60}|Expires: {90}; 1; EXPIRED",
        "4.2.3 Age counts; ''; Cache-Control: max-age=60|Age: 30; 29; FRESH",
        "4.2.3 Age counts to the second; ''; Cache-Control: max-age=60|Age: 30; 30; EXPIRED",
        "4.2.3 an old Date counts; ''; Cache-Control: max-age=60|Date: {-30}; 30; EXPIRED",
        "4.2.3 a Date to come does not make it younger; ''; Cache-Control: max-age=60|Date: {30};"
            + " 60; EXPIRED",
        "5.1 Age that is no number is left out; ''; Cache-Control: max-age=60|Age: x; 59; FRESH",
        "5.2.2.4 no-cache needs a check; ''; Cache-Control: max-age=60, no-cache; 1; NO_CACHE",
        "5.2.1.4 no-cache in the request; Cache-Control: no-cache; Cache-Control: max-age=60; 1;"
            + " REQUESTED",
        "5.2.1.1 max-age in the request; Cache-Control: max-age=5; Cache-Control: max-age=60; 5;"
            + " FRESH",
        "5.2.1.1 older than that; Cache-Control: max-age=5; Cache-Control: max-age=60; 6;"
            + " REQUESTED",
        "5.2.1.1 max-age=0 always asks; Cache-Control: max-age=0; Cache-Control: max-age=60; 0;"
            + " REQUESTED",
        "5.2.1.3 min-fresh; Cache-Control: min-fresh=10; Cache-Control: max-age=60; 50; FRESH",
        "5.2.1.3 less than that; Cache-Control: min-fresh=10; Cache-Control: max-age=60; 51;"
            + " REQUESTED",
        "5.2.1.2 max-stale; Cache-Control: max-stale=10; Cache-Control: max-age=60; 70; FRESH",
        "5.2.1.2 staler than that; Cache-Control: max-stale=10; Cache-Control: max-age=60; 71;"
            + " EXPIRED",
        "5.2.1.2 without a limit; Cache-Control: max-stale; Cache-Control: max-age=60; 5000; FRESH",
        "4.2.4 not against must-revalidate; Cache-Control: max-stale; Cache-Control: max-age=60,"
            + " must-revalidate; 61; EXPIRED",
        "4.2.4 not against proxy-revalidate; Cache-Control: max-stale; Cache-Control: max-age=60,"
            + " proxy-revalidate; 61; EXPIRED",
        "4.2.4 not against s-maxage; Cache-Control: max-stale; Cache-Control: s-maxage=60; 61;"
            + " EXPIRED",
        "5.4 Pragma where there is no Cache-Control; Pragma: x, No-Cache; Cache-Control:"
            + " max-age=60; 1; REQUESTED",
        "5.4 Pragma is not read beside Cache-Control; Pragma: no-cache|Cache-Control: max-age=9;"
            + " Cache-Control: max-age=60; 1; FRESH",
        "5.4 a longer word is not no-cache; Pragma: no-cache-please; Cache-Control: max-age=60; 1;"
            + " FRESH",
        "5.2.1.5 no-store goes past the cache; Cache-Control: no-store; Cache-Control: max-age=60;"
            + " 1; REQUEST",
      })
  void answersOnlyWhatSuits(
      String sentence, String request, String response, long seconds, String expected) {
    Lookup lookup =
        LookupPolicy.lookup(
            Cases.request("GET", request),
            List.of(Cases.stored(Cases.meta("", response))),
            Cases.NOW + seconds * 1000);
    assertEquals(expected, name(lookup), sentence);
  }

  private static String name(Lookup lookup) {
    return switch (lookup) {
      case Lookup.Fresh fresh -> "FRESH";
      case Lookup.Stale stale -> stale.reason().name();
      case Lookup.Miss miss -> miss.reason().name();
      case Lookup.Bypass bypass -> bypass.reason().name();
    };
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = ';',
      value = {
        "4.1 same value; Accept: a; Accept; Accept: a; FRESH",
        "4.1 other value; Accept: a; Accept; Accept: b; VARY_MISS",
        "4.1 absent matches absent; ''; Accept; ''; FRESH",
        "4.1 absent does not match present; ''; Accept; Accept: a; VARY_MISS",
        "4.1 space around members does not count; Accept: a,b; Accept; Accept: a ,  b; FRESH",
        "4.1 several lines are one list; Accept: a,b; Accept; Accept: a|Accept: b; FRESH",
        "4.1 the order counts where it says something; X: a,b; X; X: b,a; VARY_MISS",
        "4.1 the order of Accept says nothing; Accept: a,b; Accept; Accept: b,a; FRESH",
        "4.1 weights do; Accept: a,b; Accept; 'Accept: a;q=1,b'; VARY_MISS",
        "4.1 languages have no case; Accept-Language: en-GB, de; Accept-Language; Accept-Language:"
            + " DE,en-gb; FRESH",
        "4.1 names have no case; ACCEPT: a; aCCept; accept: a; FRESH",
        "4.1 all names must match; Accept: a|X: 1; Accept, X; Accept: a|X: 2; VARY_MISS",
      })
  void aVariantAnswersOnlyRequestsLikeItsOwn(
      String sentence, String stored, String vary, String request, String expected) {
    StoredMeta meta = Cases.meta(stored, "Cache-Control: max-age=60|Vary: " + vary);
    Lookup lookup =
        LookupPolicy.lookup(Cases.request("GET", request), List.of(Cases.stored(meta)), Cases.NOW);
    assertEquals(expected, name(lookup), sentence);
  }

  @Test
  void aSoftPurgedResponseIsStaleHoweverFreshItWas() {
    StoredMeta fresh = Cases.meta("", "Cache-Control: max-age=60");
    StoredMeta purged =
        new StoredMeta(
            fresh.key(),
            fresh.head(),
            fresh.varyNames(),
            fresh.varyValues(),
            fresh.tags(),
            fresh.requestMillis(),
            fresh.responseMillis(),
            0,
            0,
            OptionalLong.of(1));
    Lookup lookup =
        LookupPolicy.lookup(Cases.request("GET", ""), List.of(Cases.stored(purged)), Cases.NOW);
    assertEquals("SOFT_PURGED", name(lookup));
  }

  @Test
  void theNewestVariantThatFitsAnswers() {
    StoredMeta older = Cases.meta("Accept: a", "Cache-Control: max-age=60|Vary: Accept");
    StoredMeta newer = Cases.meta("X: 1", "Cache-Control: max-age=60|Vary: X");
    Lookup lookup =
        LookupPolicy.lookup(
            Cases.request("GET", "Accept: a|X: 1"),
            List.of(Cases.stored(newer), Cases.stored(older)),
            Cases.NOW);
    assertEquals(newer, lookup instanceof Lookup.Fresh fresh ? fresh.response().meta() : "no hit");
  }
}

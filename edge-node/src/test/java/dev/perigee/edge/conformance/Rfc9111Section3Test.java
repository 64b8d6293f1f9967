package dev.perigee.edge.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.perigee.edge.cache.StoragePolicy.Storage;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 9111, section 3: storing responses in caches. */
class Rfc9111Section3Test {
  @ParameterizedTest(name = "{0}: {1} {2} -> {3} {4}")
  @CsvSource(
      delimiter = ';',
      value = {
        "3 the method is understood to be cacheable; POST; ''; 200; Cache-Control: max-age=60;"
            + " METHOD",
        "3 HEAD has no body to keep; HEAD; ''; 200; Cache-Control: max-age=60; METHOD",
        "3 explicit lifetime; GET; ''; 200; Cache-Control: max-age=60; STORED",
        "3 explicit lifetime of a status without heuristics; GET; ''; 500; Cache-Control:"
            + " max-age=60; STORED",
        "3 shared lifetime; GET; ''; 200; Cache-Control: s-maxage=60; STORED",
        "3 Expires; GET; ''; 200; Expires: {60}; STORED",
        "3 a validator lets it be checked; GET; ''; 200; ETag: \"1\"; STORED",
        "3 a date of change does too; GET; ''; 404; Last-Modified: {-60}; STORED",
        "3 neither; GET; ''; 200; Content-Type: text/plain; NO_LIFETIME",
        "4.2.2 no guess for this status; GET; ''; 502; ETag: \"1\"; NO_LIFETIME",
        "5.2.2.9 public allows it; GET; ''; 502; ETag: \"1\"|Cache-Control: public; STORED",
        "5.2.1.5 no-store in the request; GET; Cache-Control: no-store; 200; Cache-Control:"
            + " max-age=60; REQUEST_NO_STORE",
        "5.2.2.5 no-store; GET; ''; 200; Cache-Control: no-store; NO_STORE",
        "5.2.2.5 no-store beside others; GET; ''; 200; Cache-Control: max-age=60, no-store;"
            + " NO_STORE",
        "5.2.2.5 no-store on another line; GET; ''; 200; Cache-Control: max-age=60|Cache-Control:"
            + " no-store; NO_STORE",
        "5.2.2.5 names have no case; GET; ''; 200; Cache-Control: NO-Store, max-age=60; NO_STORE",
        "5.2 an open quote hides nothing; GET; ''; 200; Cache-Control: x=\"a, no-store; NO_STORE",
        "5.2 inside quotes it is a value; GET; ''; 200; Cache-Control: x=\"a, no-store\","
            + " max-age=60; STORED",
        "5.2.2.7 private; GET; ''; 200; Cache-Control: private, max-age=60; PRIVATE",
        "5.2.2.7 private with names; GET; ''; 200; Cache-Control: private=\"x-user\", max-age=60;"
            + " STORED",
        "5.2.2.7 private both ways; GET; ''; 200; Cache-Control: private, private=\"x\","
            + " max-age=60; PRIVATE",
        "5.2.2.3 must-understand of a known status; GET; ''; 200; Cache-Control: must-understand,"
            + " no-store, max-age=60; STORED",
        "5.2.2.3 must-understand of an unknown status; GET; ''; 299; Cache-Control:"
            + " must-understand, max-age=60; NOT_UNDERSTOOD",
        "RFC 9213 no-store for CDNs; GET; ''; 200; CDN-Cache-Control: no-store|Cache-Control:"
            + " max-age=60; NO_STORE",
        "RFC 9213 no-store for others; GET; ''; 200; CDN-Cache-Control: max-age=60|Cache-Control:"
            + " no-store; STORED",
        "3.5 authenticated; GET; Authorization: Basic eA==; 200; Cache-Control: max-age=60;"
            + " AUTHORIZATION",
        "3.5 authenticated and public; GET; Authorization: Basic eA==; 200; Cache-Control: public,"
            + " max-age=60; STORED",
        "3.5 authenticated and s-maxage; GET; Authorization: Basic eA==; 200; Cache-Control:"
            + " s-maxage=60; STORED",
        "3.5 authenticated and must-revalidate; GET; Authorization: Basic eA==; 200; Cache-Control:"
            + " must-revalidate, max-age=60; STORED",
        "4.1 Vary: * never matches; GET; ''; 200; Cache-Control: max-age=60|Vary: *; VARY_ALL",
        "4.1 Vary: * among others; GET; ''; 200; Cache-Control: max-age=60|Vary: Accept, *;"
            + " VARY_ALL",
        "3.3 parts are no whole; GET; ''; 206; Cache-Control: max-age=60; PARTIAL",
        "7.3 a cookie is for one; GET; ''; 200; Cache-Control: max-age=60|Set-Cookie: a=b; COOKIE",
        "7.3 unless it is said to be public; GET; ''; 200; Cache-Control: public,"
            + " max-age=60|Set-Cookie: a=b; STORED",
      })
  void storesWhatItMayAndNothingElse(
      String sentence,
      String method,
      String request,
      int status,
      String response,
      String expected) {
    String got =
        switch (Cases.storage(method, request, status, response)) {
          case Storage.Storable storable -> "STORED";
          case Storage.NotStorable(var reason) -> reason.name();
        };
    assertEquals(expected, got, sentence);
  }

  @Test
  void tagsOfBothFieldsAreKeptWithinTheirLimits() {
    String many = "t ".repeat(70).strip();
    StringBuilder numbered = new StringBuilder();
    for (int i = 0; i < 100; i++) {
      numbered.append("n").append(i).append(' ');
    }
    assertEquals(Set.of("a", "b", "c d"), tags("Surrogate-Key: a  b|Cache-Tag: c d,, a "));
    assertEquals(Set.of("t"), tags("Surrogate-Key: " + many));
    assertEquals(64, tags("Surrogate-Key: " + numbered).size());
    assertEquals(Set.of("ok"), tags("Cache-Tag: " + "x".repeat(5000) + ",ok"));
  }

  /** RFC 9875, section 2: a list of strings; what is none is ignored as a whole. */
  @Test
  void cacheGroupsAreTagsToo() {
    assertEquals(Set.of("a", "b c", "d"), tags("Cache-Groups: \"a\";x=1, \"b c\"|Cache-Tag: d"));
    assertEquals(Set.of("a", "b"), tags("Cache-Groups: \"a\"|Cache-Groups: \"b\""));
    assertEquals(Set.of(), tags("Cache-Groups: \"a\", b"));
    assertEquals(Set.of(), tags("Cache-Groups: \"a"));
    assertEquals(Set.of("t"), tags("Cache-Groups: (\"a\" \"b\")|Surrogate-Key: t"));
  }

  @Test
  void fieldsThatAreForOneAreNotStored() {
    Storage storage =
        Cases.storage(
            "GET",
            "",
            200,
            "Cache-Control: max-age=60, private=\"X-User, x-Cart\", no-cache=x-once"
                + "|X-User: u|X-Cart: c|X-Once: o|X-All: a");
    Storage.Storable storable = assertInstanceOf(Storage.Storable.class, storage);
    assertEquals(1, storable.meta().head().fields().all("X-All").size());
    for (String name : new String[] {"X-User", "X-Cart", "X-Once"}) {
      assertFalse(storable.meta().head().fields().contains(name), name);
    }
  }

  private static Set<String> tags(String lines) {
    Storage storage = Cases.storage("GET", "", 200, "Cache-Control: max-age=60|" + lines);
    return switch (storage) {
      case Storage.Storable(var meta) -> meta.tags();
      case Storage.NotStorable(var reason) -> throw new AssertionError(reason);
    };
  }
}

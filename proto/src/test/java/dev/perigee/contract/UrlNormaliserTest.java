package dev.perigee.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Routes, keys and purges see one normal form of a target, and nothing ambiguous has one. */
final class UrlNormaliserTest {
  @ParameterizedTest
  @CsvSource({
    "'', /",
    "/, /",
    "/a.css, /a.css",
    "/%7Euser, /~user",
    "/%7euser, /~user",
    "/a%2eb, /a.b",
    "/a%c3%a4, /a%C3%A4",
    "/a/./b, /a/b",
    "/a/../b, /b",
    "/a/%2e%2e/b, /b",
    "/../../b, /b",
    "/a/.., /",
    "/a/b/., /a/b/",
    "/.hidden, /.hidden",
    "/a//b, /a//b",
    "/a//../b, /a/b",
    "/a;v=1, /a;v=1",
    "/a?b=1&a=2, /a?b=1&a=2",
    "/a?x=%7e&y=%2f, /a?x=~&y=%2F",
    "/a?../b, /a?../b",
    "/a?, /a",
    "/a??, /a??",
    "?a, /?a",
    "?, /",
  })
  void equivalentTargetsGetOneForm(String target, String normal) {
    assertEquals(Optional.of(normal), UrlNormaliser.target(target));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "*",
        "/a b",
        "/a\tb",
        "/a\u0000",
        "/a%00",
        "/a%2Fb",
        "/a%5cb",
        "/a\\b",
        "/a#b",
        "/a%",
        "/a%2",
        "/a%zz",
        "/a%\uFF14\uFF11",
        "/a?%\u0664\u0661",
        "/ä",
        "/a?b c",
        "/a?b#c",
        "/a?%",
        "/a?%g1",
        "http://h/a"
      })
  void ambiguousTargetsAreRefused(String target) {
    assertEquals(Optional.empty(), UrlNormaliser.target(target));
  }

  @ParameterizedTest
  @ValueSource(ints = {Limits.TARGET_LENGTH, Limits.TARGET_LENGTH + 1})
  void aTargetPastTheLimitIsRefused(int length) {
    String target = "/" + "a".repeat(length - 1);
    assertEquals(length <= Limits.TARGET_LENGTH, UrlNormaliser.target(target).isPresent());
  }

  @Property
  void aNormalFormIsItsOwnNormalForm(@ForAll @StringLength(max = 40) String text) {
    UrlNormaliser.target("/" + text)
        .ifPresent(once -> assertEquals(Optional.of(once), UrlNormaliser.target(once)));
  }

  @Property
  void aNormalPathHasNoDotSegments(@ForAll("paths") String path) {
    String normal = UrlNormaliser.path(path).orElseThrow();
    assertTrue(normal.startsWith("/"), normal);
    for (String segment : normal.split("/", -1)) {
      assertTrue(!segment.equals(".") && !segment.equals(".."), normal);
    }
  }

  @Provide
  Arbitrary<String> paths() {
    return Arbitraries.of("a", ".", "..", "", "%2e", "%2E%2e", ".a", "b.")
        .list()
        .ofMinSize(1)
        .ofMaxSize(8)
        .map(segments -> "/" + String.join("/", segments));
  }
}

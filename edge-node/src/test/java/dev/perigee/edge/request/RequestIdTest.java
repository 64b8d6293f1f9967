package dev.perigee.edge.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ids are made when needed, once, and never twice the same. */
final class RequestIdTest {
  @Test
  void noTwoAreTheSame() {
    RequestIds ids = new RequestIds(new Random(1));
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 100_000; i++) {
      String id = ids.get();
      assertTrue(id.matches("[0-9a-f]{32}") && seen.add(id), id);
    }
    assertNotEquals(new RequestIds(new Random(2)).get(), new RequestIds(new Random(3)).get());
  }

  @Test
  void oneIsMadeOnceAndOnlyWhenItIsNeeded() {
    AtomicInteger made = new AtomicInteger();
    RequestId id = RequestId.from(() -> "n" + made.incrementAndGet());
    assertEquals(0, made.get());
    assertEquals("n1", id.text());
    assertEquals("n1", id.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "a\nb", "a\"b", "<a>", "ä", "a;b", "a,b"})
  void whatCouldBreakALineIsNone(String text) {
    assertTrue(RequestId.given(text).isEmpty());
    assertTrue(RequestId.given("x".repeat(129)).isEmpty());
    assertEquals("x".repeat(128), RequestId.given("x".repeat(128)).orElseThrow().text());
  }
}

package dev.perigee.edge.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * What is known of a text is what would be worked out of it, and there is no end of room for none.
 */
class RecentTextsTest {
  private static final int TEXTS = 100_000;
  private static final int MOST_KEPT = 256;

  private final AtomicInteger worked = new AtomicInteger();
  private final RecentTexts<String> recent =
      new RecentTexts<>(
          text -> {
            worked.incrementAndGet();
            return text + "!";
          });

  @Test
  void theSameTextIsWorkedOutOnce() {
    for (int i = 0; i < TEXTS; i++) {
      assertEquals("gzip, br!", recent.of(new String("gzip, br".toCharArray())));
    }
    assertEquals(1, worked.get());
  }

  @Test
  void whateverComesTheAnswerIsRightAndTheTableSmall() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < TEXTS; i++) {
      String text = Integer.toString(random.nextInt(2 * MOST_KEPT));
      assertEquals(text + "!", recent.of(text), "seed " + seed);
    }
    int before = worked.get();
    for (int i = 0; i < TEXTS; i++) {
      recent.of("other " + i);
    }
    assertEquals(TEXTS, worked.get() - before, "each of them is new");
    assertTrue(recent.of("other 1").endsWith("!"));
  }

  @Test
  void longTextsAreNotKept() {
    String text = "x".repeat(10_000);
    recent.of(text);
    recent.of(text);
    assertEquals(2, worked.get());
  }
}

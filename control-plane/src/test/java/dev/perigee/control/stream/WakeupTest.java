package dev.perigee.control.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** No news is lost between a look and the wait behind it. */
final class WakeupTest {
  private static final int NEWS = 20_000;

  private final Wakeup wakeup = new Wakeup();

  @Test
  void whatComesBeforeTheWaitEndsItAtOnceAndOnlyOnce() throws Exception {
    wakeup.run();
    wakeup.run();
    assertTrue(wakeup.await(Duration.ofDays(1)));
    assertFalse(wakeup.await(Duration.ofMillis(1)));
  }

  @Test
  void theNewestNewsIsSeenHoweverTheyFallBetweenLookAndWait() throws Exception {
    AtomicInteger published = new AtomicInteger();
    CompletableFuture<Integer> seen = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                int last = 0;
                while (last < NEWS && wakeup.await(Duration.ofDays(1))) {
                  last = published.get();
                }
                seen.complete(last);
              } catch (InterruptedException e) {
                seen.completeExceptionally(e);
              }
            });
    for (int i = 1; i <= NEWS; i++) {
      published.set(i);
      wakeup.run();
    }
    assertEquals(NEWS, seen.get(60, TimeUnit.SECONDS));
  }

  @Test
  void anInterruptEndsTheWait() {
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, () -> wakeup.await(Duration.ofDays(1)));
  }
}

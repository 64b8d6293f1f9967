package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** What is long shows how far it is, where somebody watches. */
final class WaitingTest {
  private final StringWriter said = new StringWriter();

  @Test
  void aTerminalHasALineThatIsGoneAtTheEnd() throws InterruptedException {
    CountDownLatch twice = new CountDownLatch(2);
    try (Waiting _ =
        new Waiting(
            new PrintWriter(said),
            true,
            1,
            () -> {
              twice.countDown();
              return "12 read";
            })) {
      twice.await();
    }
    assertTrue(said.toString().startsWith("\r12 read, 0 s"), said.toString());
    assertTrue(said.toString().endsWith(" \r"), said.toString());
  }

  @Test
  void whatIsNoTerminalHasNothing() {
    try (Waiting _ =
        new Waiting(
            new PrintWriter(said),
            false,
            1,
            () -> {
              throw new AssertionError("nobody reads it");
            })) {
      said.flush();
    }
    assertEquals("", said.toString());
  }

  @Test
  void whatIsShortHasNothing() {
    try (Waiting _ = new Waiting(new PrintWriter(said), true, 600_000, () -> "never said")) {
      said.flush();
    }
    assertEquals("", said.toString());
  }
}

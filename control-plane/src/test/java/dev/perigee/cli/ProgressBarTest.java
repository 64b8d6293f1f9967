package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

/** One line that moves where people watch; lines of its changes where nobody does. */
final class ProgressBarTest {
  private final StringWriter text = new StringWriter();

  private ProgressBar bar(boolean terminal) {
    return new ProgressBar(new PrintWriter(text), terminal);
  }

  @Test
  void onATerminalOneLineIsWrittenOverAndThenLeft() {
    ProgressBar bar = bar(true);
    bar.show(0, 3, "none, late: fra-1");
    bar.show(1, 3, "one");
    bar.show(3, 3, "all");
    bar.end();
    String empty = "-".repeat(30);
    assertEquals(
        "\r[%s] none, late: fra-1".formatted(empty)
            + "\r[%s%s] one              ".formatted("#".repeat(10), "-".repeat(20))
            + "\r[%s] all".formatted("#".repeat(30))
            + System.lineSeparator(),
        text.toString());
  }

  @Test
  void withoutATerminalEveryChangeIsALineOnce() {
    ProgressBar bar = bar(false);
    bar.show(1, 3, "one");
    bar.show(1, 3, "one");
    bar.show(3, 3, "x".repeat(200));
    bar.end();
    String cut = "x".repeat(87) + "...";
    assertEquals("one" + System.lineSeparator() + cut + System.lineSeparator(), text.toString());
  }

  @Test
  void nothingToDoIsDone() {
    ProgressBar bar = bar(true);
    bar.show(0, 0, "");
    assertEquals("\r[" + "#".repeat(30) + "] ", text.toString());
  }
}

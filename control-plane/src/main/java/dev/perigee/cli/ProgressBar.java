package dev.perigee.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.util.Optional;

/**
 * How far something has come: one line that is written over where people watch, and a line for
 * every change where there is no terminal.
 */
final class ProgressBar {
  private static final int WIDTH = 30;
  private static final int MAX_TEXT = 90;

  private final PrintWriter out;
  private final boolean terminal;
  private String shown = "";

  ProgressBar(PrintWriter out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** One for this process: to its errors, so that its output stays what was asked for. */
  static ProgressBar to(PrintWriter out) {
    boolean terminal =
        Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    return new ProgressBar(out, terminal);
  }

  /** Shows that {@code done} of {@code all} are done. */
  void show(long done, long all, String text) {
    String cut = text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT - 3) + "..." : text;
    if (terminal) {
      int filled = (int) (all == 0 ? WIDTH : WIDTH * done / all);
      String bar = "[" + "#".repeat(filled) + "-".repeat(WIDTH - filled) + "] " + cut;
      out.print("\r" + bar + " ".repeat(Math.max(0, shown.length() - bar.length())));
      shown = bar;
    } else if (!cut.equals(shown)) {
      out.println(cut);
      shown = cut;
    }
    out.flush();
  }

  /** Leaves the line. */
  void end() {
    if (terminal && !shown.isEmpty()) {
      out.println();
      out.flush();
    }
  }
}

package dev.perigee.cli;

import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A line for what takes longer than a second, on the errors where these are a terminal: what is
 * done, and for how long. It is gone at the end, and nowhere else is there any.
 */
public final class Waiting implements AutoCloseable {
  private static final Path ERRORS = Path.of("/proc/self/fd/2");

  private final PrintWriter err;
  private final Supplier<String> what;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Optional<Thread> thread;

  /**
   * Begins to wait.
   *
   * @param beatMillis after which the line is written, and written anew
   */
  Waiting(PrintWriter err, boolean terminal, long beatMillis, Supplier<String> what) {
    this.err = err;
    this.what = what;
    this.thread =
        terminal
            ? Optional.of(Thread.ofVirtual().name("waiting").start(() -> show(beatMillis)))
            : Optional.empty();
  }

  /** One for this process. */
  public static Waiting of(Supplier<String> what) {
    return new Waiting(
        new PrintWriter(System.err, true, Charset.defaultCharset()), isTerminal(), 1_000, what);
  }

  /** Whether people see the errors of this process. */
  static boolean isTerminal() {
    try {
      String device = Files.readSymbolicLink(ERRORS).toString();
      return device.startsWith("/dev/pts/") || device.startsWith("/dev/tty");
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    }
  }

  private void show(long beatMillis) {
    int width = 0;
    try {
      for (int beats = 1; !ended.await(beatMillis, TimeUnit.MILLISECONDS); beats++) {
        String line = "%s, %d s".formatted(what.get(), beats * beatMillis / 1_000);
        err.print("\r" + line + " ".repeat(Math.max(0, width - line.length())));
        err.flush();
        width = Math.max(width, line.length());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (width > 0) {
      err.print("\r" + " ".repeat(width) + "\r");
      err.flush();
    }
  }

  /** The line goes before anything else is written. */
  @Override
  public void close() {
    ended.countDown();
    thread.ifPresent(Waiting::join);
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

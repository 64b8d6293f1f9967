package dev.perigee.local;

import java.io.BufferedReader;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/**
 * A part as a running process. One virtual thread follows it through its life: start, ready, end;
 * an end that nobody asked for is said, and answered with another start after a pause that grows. A
 * part that ends before it was ever ready fails instead: whoever started the network reads why.
 */
final class Child {
  private static final Duration STOP_GRACE = Duration.ofSeconds(10);
  private static final Duration OUTPUT_GRACE = Duration.ofMillis(500);

  private final Part part;
  private final StateFolder folder;
  private final Terminal terminal;
  private final LongSupplier nanoTime;
  private final RotatingLog log;
  private final BackOff backOff = new BackOff();
  private final CompletableFuture<Optional<LocalException>> ready = new CompletableFuture<>();
  private final CountDownLatch stopping = new CountDownLatch(1);
  private volatile Optional<Process> process = Optional.empty();
  private volatile Optional<Thread> follower = Optional.empty();

  Child(Part part, StateFolder folder, Terminal terminal, LongSupplier nanoTime)
      throws LocalException {
    this.part = part;
    this.folder = folder;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
    try {
      this.log = new RotatingLog(folder.log(part.name()), RotatingLog.LIMIT);
    } catch (IOException e) {
      throw new LocalException("cannot write " + folder.log(part.name()), e);
    }
  }

  void start() {
    follower = Optional.of(Thread.ofVirtual().name("child-" + part.name()).start(this::follow));
  }

  /** Waits for the first time that the part says it is ready. */
  void awaitReady(Duration timeout) throws LocalException, InterruptedException {
    try {
      Optional<LocalException> failure = ready.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      if (failure.isPresent()) {
        throw failure.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (TimeoutException e) {
      throw new LocalException(explained("was not ready within " + timeout.toSeconds() + " s"), e);
    }
  }

  /** Asks the process to end, waits, and kills it when it does not. */
  void stop() throws InterruptedException {
    stopping.countDown();
    if (process.isPresent()) {
      Process running = process.get();
      List<ProcessHandle> descendants = running.descendants().toList();
      // By its handle: Process.destroy would close our end of its output, and lose its last words.
      running.toHandle().destroy();
      if (!running.waitFor(STOP_GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
        running.destroyForcibly().waitFor(STOP_GRACE.toMillis(), TimeUnit.MILLISECONDS);
        descendants.forEach(ProcessHandle::destroyForcibly);
      }
    }
    if (follower.isPresent()) {
      follower.get().join(STOP_GRACE);
    }
    folder.child(part.name()).delete();
    log.close();
  }

  private void follow() {
    try {
      boolean first = true;
      while (isWanted()) {
        long begun = nanoTime.getAsLong();
        String end = runOnce(first);
        first = false;
        Duration pause = backOff.after(Duration.ofNanos(nanoTime.getAsLong() - begun));
        if (ready.complete(Optional.of(new LocalException(explained(end))))) {
          return;
        }
        // Ctrl-C reaches the children before it reaches us: say nothing until that is ruled out.
        if (stopping.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
          return;
        }
        terminal.say("perigee: " + part.title() + " " + end + "; starting it again");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isWanted() {
    return stopping.getCount() > 0;
  }

  private String runOnce(boolean first) throws InterruptedException {
    try {
      Process running =
          new ProcessBuilder(part.command(first))
              .directory(folder.path().toFile())
              .redirectErrorStream(true)
              .start();
      process = Optional.of(running);
      folder.child(part.name()).write(running.toHandle());
      running.getOutputStream().close();
      if (!isWanted()) {
        running.toHandle().destroy();
      }
      Thread reader = Thread.ofVirtual().name("log-" + part.name()).start(() -> read(running));
      int code = running.waitFor();
      // Not for ever: a process of its own that outlives it may hold the other end.
      reader.join(OUTPUT_GRACE);
      return "ended with exit code " + code;
    } catch (IOException e) {
      log.line("perigee: " + e.getMessage());
      return "could not be started: " + e.getMessage();
    }
  }

  private void read(Process running) {
    try (BufferedReader lines = running.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        log.line(line);
        if (line.contains(part.readyMark())) {
          ready.complete(Optional.empty());
        }
      }
    } catch (IOException e) {
      log.line("perigee: its output ended: " + e.getMessage());
    }
  }

  private String explained(String what) {
    StringBuilder text = new StringBuilder(part.title()).append(' ').append(what).append("; ");
    text.append("its log is ").append(folder.log(part.name())).append(" and ends:");
    log.lastLines().forEach(line -> text.append("\n    ").append(line));
    return text.toString();
  }
}

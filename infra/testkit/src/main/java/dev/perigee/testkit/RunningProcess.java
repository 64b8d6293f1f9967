package dev.perigee.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * A process that a test started: its output is kept in bounds and shown in every failure, and it is
 * killed, with its descendants, when closed.
 */
public final class RunningProcess implements AutoCloseable {
  private static final Duration DRAIN = Duration.ofSeconds(5);

  private final String name;
  private final Process process;
  private final OutputTail output = new OutputTail();
  private final Thread reader;
  private final Set<ProcessHandle> orphans = ConcurrentHashMap.newKeySet();

  private RunningProcess(String name, Process process) {
    this.name = name;
    this.process = process;
    reader =
        Thread.ofVirtual()
            .name("output-of-" + name)
            .start(() -> output.drain(process.inputReader(StandardCharsets.UTF_8)));
  }

  /**
   * Starts a process with standard error joined to its output.
   *
   * @param name what failures call it
   * @param environment added to this process's own; an empty value removes the variable
   */
  public static RunningProcess start(
      String name, Path folder, Map<String, String> environment, List<String> command) {
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
    environment.forEach(
        (key, value) -> {
          if (value.isEmpty()) {
            builder.environment().remove(key);
          } else {
            builder.environment().put(key, value);
          }
        });
    try {
      Process process = builder.start();
      process.getOutputStream().close();
      return new RunningProcess(name, process);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + name, e);
    }
  }

  /**
   * What a finished process left.
   *
   * @param output the last lines of it
   */
  public record Finished(int exitCode, String output) {}

  /** Runs to the end; fails, killing it, when that takes longer than {@code timeout}. */
  public static Finished run(
      String name,
      Path folder,
      Map<String, String> environment,
      Duration timeout,
      List<String> command) {
    try (RunningProcess running = start(name, folder, environment, command)) {
      int exitCode = running.awaitExit(timeout);
      return new Finished(exitCode, running.output());
    }
  }

  /** Waits for a line in which {@code regex} is found, and gives that line. */
  public String awaitLine(String regex, Duration timeout) {
    try {
      return output
          .await(Pattern.compile(regex), timeout)
          .orElseThrow(() -> failure("did not say '" + regex + "' within " + timeout));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("interrupted");
    }
  }

  /** Waits for the end, and gives the exit code. */
  public int awaitExit(Duration timeout) {
    try {
      if (!process.waitFor(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
        throw failure("still runs after " + timeout);
      }
      reader.join(DRAIN);
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("interrupted");
    }
  }

  /** Asks it to stop, as Ctrl-C or {@code kill} does. */
  public void terminate() {
    // By its handle: Process.destroy would close our end of its output, and lose its last words.
    process.toHandle().destroy();
  }

  /** {@code kill -9}, of this process alone. */
  public void kill() {
    process.descendants().forEach(orphans::add);
    process.toHandle().destroyForcibly();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  public long pid() {
    return process.pid();
  }

  /** The last lines it wrote. */
  public String output() {
    return output.text();
  }

  @Override
  public void close() {
    kill();
    orphans.forEach(ProcessHandle::destroyForcibly);
  }

  private AssertionError failure(String what) {
    String state = process.isAlive() ? "" : " (exit code " + process.exitValue() + ")";
    return new AssertionError(name + " " + what + state + "; its output:\n" + output());
  }
}

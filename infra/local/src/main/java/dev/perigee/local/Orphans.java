package dev.perigee.local;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Processes of a network whose supervisor died: found by their pid files, and ended. */
final class Orphans {
  private static final Duration GRACE = Duration.ofSeconds(10);

  private Orphans() {}

  /** Ends them all, and gives their number. */
  static int stop(StateFolder folder) throws InterruptedException {
    List<PidFile> files = folder.children();
    List<ProcessHandle> running =
        files.stream().map(PidFile::running).flatMap(Optional::stream).toList();
    running.forEach(ProcessHandle::destroy);
    for (ProcessHandle process : running) {
      awaitEnd(process, GRACE);
    }
    files.forEach(PidFile::delete);
    return running.size();
  }

  /** Waits for the end, and kills after the grace. */
  static void awaitEnd(ProcessHandle process, Duration grace) throws InterruptedException {
    try {
      process.onExit().get(grace.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }
}

package dev.perigee.local;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * The process that holds a state folder: claims it, ends what a crash left, starts the network, and
 * stops it when it is itself asked to end.
 */
final class Supervisor {
  private final Layout layout;
  private final StateFolder folder;
  private final Installation installation;
  private final Terminal terminal;
  private final LongSupplier nanoTime;

  Supervisor(
      Layout layout,
      StateFolder folder,
      Installation installation,
      Terminal terminal,
      LongSupplier nanoTime) {
    this.layout = layout;
    this.folder = folder;
    this.installation = installation;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
  }

  /** Runs until it is stopped; the exit code. */
  int run() throws LocalException, InterruptedException {
    Optional<UpLock> lock = UpLock.tryAcquire(folder);
    if (lock.isEmpty()) {
      terminal.say("perigee: " + alreadyRunning(folder));
      return Local.EXIT_REFUSED;
    }
    try (UpLock held = lock.get()) {
      held.requireOpen();
      return runClaimed();
    } catch (IOException e) {
      throw new LocalException("cannot write under " + folder.path() + ": " + e.getMessage(), e);
    }
  }

  /** The sentence for a second {@code up} on the same folder. */
  static String alreadyRunning(StateFolder folder) {
    String who = folder.supervisor().running().map(p -> " (process " + p.pid() + ")").orElse("");
    return "already runs on "
        + folder.path()
        + who
        + "; stop it with: perigee down --dir "
        + folder.path();
  }

  private int runClaimed() throws IOException, InterruptedException {
    folder.supervisor().write(ProcessHandle.current());
    Files.deleteIfExists(folder.ready());
    LocalNetwork network = new LocalNetwork(layout, folder, installation, terminal, nanoTime);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> shutDown(network), "stop-on-signal"));
    try {
      prepare();
      network.start();
      ReadyText.lines(layout, folder, terminal.elapsed()).forEach(terminal::say);
      Files.writeString(folder.ready(), ProcessHandle.current().pid() + "\n");
      network.awaitStopped();
      return 0;
    } catch (LocalException e) {
      if (!network.isStopping()) {
        terminal.say("perigee: " + e.getMessage());
      }
      network.stop();
      return Local.EXIT_REFUSED;
    }
  }

  private void prepare() throws LocalException, InterruptedException {
    terminal.say("perigee: starting, with all state in " + folder.path());
    int orphans = Orphans.stop(folder);
    if (orphans > 0) {
      terminal.say("  stopped " + orphans + " processes that an earlier run left behind");
    }
    PortCheck.requireFree(layout.listeners());
  }

  private void shutDown(LocalNetwork network) {
    try {
      boolean asked = !network.isStopping();
      if (asked) {
        terminal.say("perigee: stopping");
      }
      network.stop();
      Files.deleteIfExists(folder.ready());
      folder.supervisor().delete();
      if (asked) {
        terminal.say("perigee: stopped");
      }
    } catch (IOException e) {
      terminal.say("perigee: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

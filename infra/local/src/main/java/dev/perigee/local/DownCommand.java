package dev.perigee.local;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code perigee down}: stops what {@code up} started on a folder, and waits for its end. */
@Command(
    name = "down",
    mixinStandardHelpOptions = true,
    description = "Stops what perigee up --detach started.")
final class DownCommand implements Callable<Integer> {
  private static final Duration GRACE = Duration.ofSeconds(40);

  @Option(
      names = "--dir",
      defaultValue = ".perigee",
      paramLabel = "DIR",
      description = "Where all state lies (default: ${DEFAULT-VALUE}).")
  private Path dir = Path.of(".perigee");

  DownCommand() {}

  @Override
  public Integer call() throws LocalException, InterruptedException {
    StateFolder folder = StateFolder.of(dir);
    if (!Files.isDirectory(folder.path())) {
      System.out.println("perigee: nothing runs: there is no " + folder.path());
      return 0;
    }
    Optional<ProcessHandle> supervisor = folder.supervisor().running();
    if (supervisor.isPresent()) {
      supervisor.get().destroy();
      Orphans.awaitEnd(supervisor.get(), GRACE);
    }
    int orphans = Orphans.stop(folder);
    folder.supervisor().delete();
    if (supervisor.isPresent()) {
      System.out.println("perigee: stopped; its state stays in " + folder.path());
    } else if (orphans > 0) {
      System.out.println("perigee: stopped " + orphans + " processes that a crash left behind");
    } else {
      System.out.println("perigee: nothing runs on " + folder.path());
    }
    return 0;
  }
}

package dev.perigee.local;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.function.LongSupplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code perigee up}: starts the network, in the foreground or detached. */
@Command(
    name = "up",
    mixinStandardHelpOptions = true,
    description = "Starts a control plane, three edges and a demo site on this machine.")
final class UpCommand implements Callable<Integer> {
  @Option(
      names = "--dir",
      defaultValue = ".perigee",
      paramLabel = "DIR",
      description = "Where all state lies (default: ${DEFAULT-VALUE}).")
  private Path dir = Path.of(".perigee");

  @Option(names = "--detach", description = "Leave it running in the background.")
  private boolean detach;

  @Option(
      names = "--network",
      hidden = true,
      defaultValue = "",
      description = "Three parts of a loopback network that holds every address, for tests.")
  private String network = "";

  @Option(names = "--supervise", hidden = true, description = "The background half of --detach.")
  private boolean supervise;

  private final LongSupplier nanoTime = System::nanoTime;

  UpCommand() {}

  @Override
  public Integer call() throws LocalException, InterruptedException {
    StateFolder folder = StateFolder.of(dir);
    Installation installation = Installation.current();
    folder.create();
    if (detach) {
      return new Detached(folder, installation, network).run();
    }
    Layout layout = network.isEmpty() ? Layout.standard() : Layout.within(network);
    if (!supervise) {
      Terminal terminal = new Terminal(System.out::println, nanoTime);
      return new Supervisor(layout, folder, installation, terminal, nanoTime).run();
    }
    try (RotatingLog log = new RotatingLog(folder.log(Detached.LOG), RotatingLog.LIMIT)) {
      Terminal terminal = new Terminal(log::line, nanoTime);
      return new Supervisor(layout, folder, installation, terminal, nanoTime).run();
    } catch (IOException e) {
      throw new LocalException("cannot write under " + folder.logs(), e);
    }
  }
}

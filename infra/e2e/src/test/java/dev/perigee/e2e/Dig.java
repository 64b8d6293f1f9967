package dev.perigee.e2e;

import dev.perigee.testkit.RunningProcess;
import dev.perigee.testkit.RunningProcess.Finished;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * BIND's dig, which asks a DNS server as resolvers do.
 *
 * @param folder where its output goes
 */
record Dig(Path folder, String server, int port) {
  private static final Duration SOON = Duration.ofSeconds(30);

  /** The IPv4 addresses of a name. */
  List<String> addresses(String name, String... more) {
    return lines(name, "A", more);
  }

  /** The same for a client of this network, such as 192.0.2.0/24. */
  List<String> addressesFor(String subnet, String name) {
    return addresses(name, "+subnet=" + subnet);
  }

  /** The data of the records of a type that a name has. */
  List<String> records(String name, String type, String... more) {
    return lines(name, type, more);
  }

  private List<String> lines(String name, String type, String... more) {
    List<String> command =
        new ArrayList<>(
            List.of("dig", "@" + server, "-p", "" + port, name, type, "+short", "+tries=1"));
    command.addAll(List.of(more));
    Finished finished = RunningProcess.run("dig", folder, Map.of(), SOON, command);
    if (finished.exitCode() != 0) {
      throw new AssertionError(command + " gave " + finished);
    }
    return finished.output().lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
  }
}

package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.testkit.Full;
import dev.perigee.testkit.RunningProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Unbound, a resolver that nobody here wrote, between clients and the network's DNS: with the
 * client's network in its questions (EDNS Client Subnet, RFC 7871) and a cache of its own, it gives
 * each client the nearest node.
 */
@Full("needs unbound and dig")
class UnboundE2E {
  private static final String NAME = "www-shop-example." + Network.ZONE;
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Map<String, String> NEAREST =
      Map.of("194.25.0.0/24", "fra-1", "165.21.83.0/24", "sin-1", "8.8.8.0/24", "iad-1");

  private final Path folder;
  private final Network network;
  private final Origin origin;

  UnboundE2E(@TempDir Path folder) throws IOException {
    this.folder = folder;
    network = new Network(folder);
    origin = JdkOrigin.start(network.originAddress(), 9000);
  }

  @AfterEach
  void down() {
    network.close();
    origin.close();
  }

  @Test
  void aResolverWithClientSubnetsGivesEachClientTheNearestNode() throws IOException {
    network.startControl();
    network.addEdge("fra-1", 1, "eu-central", "50.11,8.68");
    network.addEdge("iad-1", 2, "us-east", "39.04,-77.49");
    network.addEdge("sin-1", 3, "ap-southeast", "1.35,103.99");
    network.cliOk("site", "add", "www.shop.example", "--origin", origin.url());
    Dig direct = new Dig(folder, network.controlAddress(), Network.DNS);
    NEAREST.forEach(
        (subnet, edge) ->
            Awaitility.await(edge + " is the nearest for " + subnet)
                .atMost(SOON)
                .until(() -> first(direct.addressesFor(subnet, NAME), edge)));
    String resolver = network.readerAddress(240);
    try (RunningProcess unbound = unbound(resolver)) {
      unbound.awaitLine("start of service", SOON);
      Dig dig = new Dig(folder, resolver, Network.DNS);
      Awaitility.await("unbound answers")
          .atMost(SOON)
          .ignoreException(AssertionError.class)
          .until(() -> !dig.addressesFor("8.8.8.0/24", NAME).isEmpty());
      for (int again = 0; again < 3; again++) {
        NEAREST.forEach(
            (subnet, edge) ->
                assertEquals(
                    network.address(edge), dig.addressesFor(subnet, NAME).getFirst(), subnet));
      }
    }
  }

  private boolean first(List<String> addresses, String edge) {
    return !addresses.isEmpty() && addresses.getFirst().equals(network.address(edge));
  }

  private RunningProcess unbound(String address) throws IOException {
    Path config =
        Files.writeString(
            folder.resolve("unbound.conf"),
            """
            server:
              interface: %1$s@%3$d
              do-daemonize: no
              use-syslog: no
              username: ""
              chroot: ""
              directory: "%4$s"
              pidfile: "%4$s/unbound.pid"
              access-control: 127.0.0.0/8 allow
              do-not-query-localhost: no
              module-config: "subnetcache iterator"
              send-client-subnet: %2$s
              max-client-subnet-ipv4: 24
              local-zone: "example." nodefault
              verbosity: 1
            stub-zone:
              name: "%5$s"
              stub-addr: %2$s@%3$d
            remote-control:
              control-enable: no
            """
                .formatted(address, network.controlAddress(), Network.DNS, folder, Network.ZONE));
    return RunningProcess.start(
        "unbound", folder, Map.of(), List.of("/usr/sbin/unbound", "-d", "-c", config.toString()));
  }
}

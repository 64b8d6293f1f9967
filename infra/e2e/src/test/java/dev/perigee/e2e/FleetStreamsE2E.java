package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.JoinToken;
import dev.perigee.edge.config.ControlAddress;
import dev.perigee.testkit.Full;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Twenty nodes keep one limit together while demand moves between them, over their streams to a
 * real control plane: what {@link FleetLimitE2E} shows on a virtual clock, with everything between.
 */
@Full("twenty nodes that keep one limit over real streams")
@Timeout(180)
final class FleetStreamsE2E {
  private static final int NODES = 20;
  private static final String HOST = "shared.example";
  private static final Pattern JOIN_TOKEN = Pattern.compile("pj1\\.[A-Za-z0-9_.-]+");

  /** Requests a second of the whole fleet, and its burst. */
  private static final int LIMIT = 1_000;

  private static final int BURST = 100;

  private static final int MORE_TRIES = 5;

  @TempDir Path folder = Path.of("");

  /** So much at some nodes, nothing at the others. */
  private static double[] demand(double perSecond, int from, int count) {
    double[] all = new double[NODES];
    for (int i = 0; i < count; i++) {
      all[(from + i) % NODES] = perSecond / count;
    }
    return all;
  }

  private static JoinToken token(String output) {
    Matcher token = JOIN_TOKEN.matcher(output);
    assertTrue(token.find(), output);
    return JoinToken.parse(token.group()).orElseThrow();
  }

  @Test
  void twoSecondsAfterDemandMovedTheFleetLetsInTheLimitWithinATenth() throws Exception {
    try (Network network = new Network(folder)) {
      network.startControl();
      Path limits =
          Files.writeString(
              folder.resolve("limits.json"),
              """
              [{"name": "shared", "requests": %d, "windowSeconds": 1, "burst": %d, "by": "all",
                "scope": "fleet"}]
              """
                  .formatted(LIMIT, BURST));
      network.cliOk("site", "add", HOST, "--origin", "http://" + network.originAddress());
      network.cliOk("site", "limits", HOST, "--file", limits.toString());
      ControlAddress control = new ControlAddress(network.controlAddress(), Network.GRPC);
      try (LimitStreams nodes = new LimitStreams(folder.resolve("nodes"), control)) {
        for (int i = 0; i < NODES; i++) {
          String name = "node-" + i;
          nodes.join(name, token(network.provision(name, network.readerAddress(1 + i))));
        }
        Awaitility.await().until(() -> nodes.haveLimit(HOST));
        for (double[] move :
            List.of(
                demand(4_000, 0, 5),
                demand(6_000, 5, 3),
                demand(8_000, 0, 20),
                demand(2_000, 19, 1))) {
          nodes.run(HOST, 2_000, move);
          LimitStreams.Asked asked = nodes.run(HOST, 2_000, move);
          // What nobody asked for while the readers stood still is not the limit's fault.
          for (int i = 0; i < MORE_TRIES && asked.pause() > (double) BURST / LIMIT; i++) {
            asked = nodes.run(HOST, 2_000, move);
          }
          double wanted = LIMIT * asked.seconds();
          System.out.printf("FleetStreamsE2E: %d of %.0f%n", asked.letIn(), wanted);
          assertTrue(Math.abs(asked.letIn() - wanted) <= 0.1 * wanted, asked + " of " + wanted);
        }
      }
    }
  }
}

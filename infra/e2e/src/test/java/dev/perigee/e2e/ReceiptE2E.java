package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import dev.perigee.testkit.RunningProcess.Finished;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A purge's receipt over real processes: who has it, how fast, and who has not. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Full("the receipt of a purge that an offline node has not heard of")
final class ReceiptE2E {
  private static final String HOST = "receipt.example";

  private final Network network;
  private final Origin origin;

  ReceiptE2E(@TempDir Path folder) throws Exception {
    network = new Network(folder);
    origin = Origin.start(folder, network.originAddress(), 9000);
  }

  @BeforeAll
  void up() {
    network.startControl();
    network.addEdge("fra-1", 1, "eu-central", "50.11,8.68");
    network.addEdge("iad-1", 2, "us-east", "39.04,-77.49");
    network.cliOk("site", "add", HOST, "--origin", origin.url());
    for (String edge : new String[] {"fra-1", "iad-1"}) {
      Awaitility.await(edge + " serves")
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(
              () -> {
                Fetch.Answer answer = network.get(edge, HOST, "/all/page");
                assertEquals(200, answer.status(), answer.toString());
              });
    }
  }

  @AfterAll
  void down() {
    network.close();
    origin.close();
  }

  @Test
  void anOfflineNodeIsNamedAndHasThePurgeInForceBeforeItsNextHit() {
    Finished whole = network.cliOk("purge", "--site", HOST, "--tag", "all", "--wait");
    assertTrue(whole.output().contains("applied on 2 of 2 nodes, p50 "), whole.output());
    Awaitility.await("the page is stored")
        .atMost(Duration.ofSeconds(20))
        .until(() -> network.get("iad-1", HOST, "/all/page").isHit());
    network.killEdge("iad-1");
    Awaitility.await("its silence is noticed")
        .atMost(Duration.ofSeconds(20))
        .until(() -> !network.cliOk("node", "list", "--json").output().matches(BOTH));
    String[] purge = {
      "purge",
      "--site",
      HOST,
      "--prefix",
      "/",
      "--wait",
      "--timeout",
      "1s",
      "--idempotency-key",
      "deploy-1"
    };
    Finished late = network.cli(purge);
    assertEquals(3, late.exitCode(), late.output());
    assertTrue(late.output().contains("iad-1 (offline)"), late.output());
    assertTrue(late.output().contains("applied on 1 of 2 nodes"), late.output());
    Finished again = network.cli(purge);
    assertEquals(number(late), number(again), "the same key is the same purge");

    network.startEdge("iad-1");
    assertTrue(network.get("iad-1", HOST, "/all/page").isMiss(), "its first answer");
    Finished complete = network.cliOk("purge", "show", id(late));
    assertTrue(complete.output().contains("applied on 2 of 2 nodes"), complete.output());
  }

  private static final String BOTH = "(?s).*\"connected\" : true.*\"connected\" : true.*";

  /** Such as {@code purge 2}. */
  private static String number(Finished finished) {
    return word(finished, "purge [0-9]+ ");
  }

  private static String id(Finished finished) {
    return word(finished, "(?<=\\()[0-9a-f-]{36}(?=\\))");
  }

  private static String word(Finished finished, String pattern) {
    return java.util.regex.Pattern.compile(pattern)
        .matcher(finished.output())
        .results()
        .findFirst()
        .orElseThrow(() -> new AssertionError(finished.toString()))
        .group();
  }
}

package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import dev.perigee.testkit.RunningProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A control plane that only answers DNS, beside one that does everything, while the database is
 * stopped and processes are killed; dig asks.
 */
@Full("a database that stops, and control planes that are killed")
class DnsReplicaE2E {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int WHOLE = 1;
  private static final int REPLICA = 2;
  private static final List<String> EDGES = List.of("fra-1", "fra-2", "fra-3");
  private static final String NAME = "shop.cdn.example";
  private static final String[] DUTY = {"--duties", "dns", "--dns-last-good-every", "1"};

  private final Path folder;
  private final ReplicaNetwork network;
  private final Origin origin;

  DnsReplicaE2E(@TempDir Path folder) throws IOException {
    this.folder = folder;
    network = new ReplicaNetwork(folder);
    origin = JdkOrigin.start(network.originAddress(), 9000);
  }

  @BeforeEach
  void up() throws Exception {
    network.startControl(WHOLE);
    for (int i = 0; i < EDGES.size(); i++) {
      network.addEdge(EDGES.get(i), i + 1, WHOLE);
    }
    ReplicaModel.requireDone(
        ReplicaModel.addSite(network, WHOLE, "shop", "www.shop.example", origin.url()));
    ReplicaModel.requireDone(network.ask(WHOLE, "POST", "/v1/dns/keys", "", ""));
    awaitThat("all edges are in", this::areAllServing);
    network.startControl(REPLICA, DUTY);
    awaitSame("both tell the same");
  }

  @AfterEach
  void down() {
    network.close();
    origin.close();
  }

  /** If it does not come true, what the one that only answers has said is told. */
  private void awaitThat(String what, Callable<Boolean> condition) {
    try {
      Awaitility.await(what).atMost(SOON).pollInterval(Duration.ofMillis(50)).until(condition);
    } catch (ConditionTimeoutException e) {
      throw new AssertionError(what + ": " + network.control(REPLICA).output(), e);
    }
  }

  private boolean areAllServing() throws Exception {
    String explained =
        network.ask(WHOLE, "GET", "/v1/steer/explain?client=192.0.2.1&site=shop", "", "").body();
    return explained.split("\"state\":\"is serving\"", -1).length == EDGES.size() + 1;
  }

  private Dig dig(int control) {
    return new Dig(folder, network.controlAddress(control), ReplicaNetwork.DNS);
  }

  private List<String> addresses(int control) {
    return dig(control).addresses(NAME);
  }

  /** All that does not depend on the moment, in one order. */
  private List<Set<String>> told(int control) {
    Dig dig = dig(control);
    return List.of(
        Set.copyOf(dig.addresses(NAME)),
        Set.copyOf(dig.records("cdn.example", "SOA")),
        Set.copyOf(dig.records("cdn.example", "DNSKEY")),
        Set.copyOf(dig.records("fra-1.cdn.example", "A")),
        Set.copyOf(dig.records("www.nobody.example", "A")));
  }

  /** Both tell the same; if not, what each tells is said. */
  private void awaitSame(String what) {
    try {
      awaitThat(what, () -> told(REPLICA).equals(told(WHOLE)));
    } catch (AssertionError e) {
      assertEquals(told(WHOLE), told(REPLICA), () -> what + ": " + e.getMessage());
    }
  }

  private boolean isSigned(int control) {
    return dig(control).records(NAME, "A", "+dnssec").stream()
        .anyMatch(line -> line.startsWith("A 13 "));
  }

  private Path lastGood() {
    return network.stateOf(REPLICA).resolve("last-good-answers");
  }

  /** Each node stands there as provisioned, as heard, and as one that answered a probe. */
  private boolean isAllInTheFile() throws IOException {
    if (!Files.exists(lastGood())) {
      return false;
    }
    String file = Files.readString(lastGood(), StandardCharsets.ISO_8859_1);
    return EDGES.stream().allMatch(edge -> file.split(edge, -1).length > 3);
  }

  @Test
  void itGoesOnAnsweringWithTheDatabaseDownAlsoWhenItIsStartedThen() throws Exception {
    List<Set<String>> before = told(WHOLE);
    assertTrue(isSigned(REPLICA), "the zone has a key");
    awaitThat("what it answers from is on its disk", this::isAllInTheFile);
    String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(lastGood()));
    assertEquals("rw-------", mode, "it holds keys");
    network.stopDatabase();
    assertEquals(before, told(REPLICA), "the database is down");

    network.killControl(REPLICA);
    network.startControl(REPLICA, DUTY);
    awaitThat("it tells the same after kill -9", () -> told(REPLICA).equals(before));
    assertTrue(isSigned(REPLICA), "with the key of its disk");

    // What the nodes say comes over the other control plane, which lives.
    String first = named(REPLICA);
    network.killEdge(first);
    awaitThat("a node that dies is out", () -> isOut(first));

    // And now nobody says anything: the nodes are as they were, but for what its probes find.
    network.killControl(REPLICA);
    network.killControl(WHOLE);
    network.startControl(REPLICA, DUTY);
    assertEquals(before.subList(1, 5), told(REPLICA).subList(1, 5), "alone after kill -9");
    assertFalse(addresses(REPLICA).isEmpty(), "an answer is never empty");
    awaitThat("the dead one is out still, or again", () -> isOut(first));
    String second = named(REPLICA);
    network.killEdge(second);
    awaitThat("its own probes take a node out", () -> isOut(second));
    assertTrue(isOut(first), "the one that was dead before is not back");

    network.startDatabase();
    network.startControl(WHOLE);
    ReplicaModel.requireDone(
        ReplicaModel.addSite(network, WHOLE, "new", "www.new.example", origin.url()));
    awaitThat("a change is seen again", () -> !dig(REPLICA).addresses("new.cdn.example").isEmpty());
    awaitSame("both tell the same again");
  }

  /** The edge that readers are sent to. */
  private String named(int control) {
    String address = addresses(control).getFirst();
    return EDGES.stream()
        .filter(edge -> network.address(edge).equals(address))
        .findFirst()
        .orElseThrow();
  }

  private boolean isOut(String edge) {
    List<String> answer = addresses(REPLICA);
    assertFalse(answer.isEmpty(), "an answer is never empty");
    return !answer.contains(network.address(edge));
  }

  @Test
  void aFileThatIsDamagedIsRefusedAndTheDatabaseWaitedFor() throws Exception {
    awaitThat("what it answers from is on its disk", this::isAllInTheFile);
    network.stopDatabase();
    network.killControl(REPLICA);
    byte[] bytes = Files.readAllBytes(lastGood());
    bytes[bytes.length / 2] ^= 1;
    Files.write(lastGood(), bytes);
    RunningProcess replica = network.launchControl(REPLICA, DUTY);
    replica.awaitLine("last-good-answers is damaged", SOON);
    replica.awaitLine("nothing is answered before the database is", SOON);
    assertFalse(replica.output().contains("control plane ready"), replica.output());
    network.startDatabase();
    replica.awaitLine("control plane ready", SOON);
    awaitSame("it answers right");
  }
}

package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Installed;
import dev.perigee.testkit.RunningProcess;
import dev.perigee.testkit.RunningProcess.Finished;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** The tour: what an operator does on the first day, in that order, on one network. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TourE2E {
  private static final String HOST = "www.shop.example";
  private static final List<String> EDGES = List.of("fra-1", "iad-1", "sin-1");
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final String GERMANY = "194.25.0.60";
  private static final String AMERICA = "8.8.8.8";
  private static final String SINGAPORE = "165.21.83.88";

  private final Path folder;
  private final Network network;
  private final Origin origin;

  TourE2E(@TempDir Path folder) throws Exception {
    this.folder = folder;
    network = new Network(folder);
    origin = Origin.start(folder, network.originAddress(), 9000);
  }

  @BeforeAll
  void up() {
    network.startControl();
    network.addEdge("fra-1", 1, "eu-central", "50.11,8.68");
    network.addEdge("iad-1", 2, "us-east", "39.04,-77.49");
    network.addEdge("sin-1", 3, "ap-southeast", "1.35,103.82");
  }

  @AfterAll
  void down() {
    network.close();
    origin.close();
  }

  @Test
  @Order(1)
  void aSiteIsAddedAndServedByAllThreeEdges() {
    network.cliOk("site", "add", HOST, "--origin", origin.url());
    for (String edge : EDGES) {
      awaitStatus(edge, "/start/" + edge, 200);
      String target = "/first/" + edge;
      Fetch.Answer first = network.get(edge, HOST, target);
      Fetch.Answer second = network.get(edge, HOST, target);

      assertTrue(first.isMiss(), first.toString());
      assertTrue(second.isHit(), second.toString());
      assertEquals("this is " + target + " of " + HOST + "\n", second.body());
      assertEquals(1, origin.fetches(target));
    }
  }

  @Test
  @Order(2)
  void aPurgeByTagIsInForceOnEveryEdgeOnceTheCommandReturns() {
    for (String edge : EDGES) {
      network.get(edge, HOST, "/product-7/page");
      network.get(edge, HOST, "/product-8/page");
      assertTrue(network.get(edge, HOST, "/product-7/page").isHit());
    }
    network.cliOk("purge", "--site", HOST, "--tag", "product-7", "--wait");
    for (String edge : EDGES) {
      assertTrue(network.get(edge, HOST, "/product-7/page").isMiss(), edge);
      assertTrue(network.get(edge, HOST, "/product-8/page").isHit(), edge);
    }
  }

  @Test
  @Order(2)
  void whatWasWarmedIsAHitForTheFirstReaderOnEveryEdge() throws Exception {
    Path urls =
        Files.writeString(folder.resolve("urls"), "/warm/1\nhttp://%s/warm/2\n".formatted(HOST));
    String[] order = {"warm", "--site", HOST, "--urls", urls.toString(), "--accept-encoding", ""};
    String said = network.cliOk(order).output();
    assertTrue(said.contains("6 of 6 fetches on 3 nodes: 6 stored"), said);
    for (String edge : EDGES) {
      awaitStored(edge);
      assertTrue(network.get(edge, HOST, "/warm/1").isHit(), edge);
      assertTrue(network.get(edge, HOST, "/warm/2").isHit(), edge);
    }
    assertTrue(network.cliOk(order).output().contains("6 were there"), "fetched again");
    Files.writeString(urls, "http://other.example/\n");
    assertEquals(1, network.cli(order).exitCode());
  }

  @Test
  @Order(3)
  void aPushedCertificateServesTlsBySniWithoutARestart() throws Exception {
    TestCertificate certificate = TestCertificate.create(folder, HOST);
    network.cliOk(
        "cert",
        "add",
        "--cert",
        certificate.chainFile().toString(),
        "--key",
        certificate.keyFile().toString());
    for (String edge : EDGES) {
      String address = network.address(edge);
      Awaitility.await(edge + " serves TLS")
          .atMost(SOON)
          .ignoreExceptions()
          .untilAsserted(
              () ->
                  assertEquals(
                      200,
                      Fetch.getTls(certificate.trust(), address, Network.HTTPS, HOST, "/tls/a")
                          .status()));
    }
  }

  @Test
  @Order(4)
  void aReaderWhoComesBackResumesItsTlsSessionOnEveryEdge() throws Exception {
    Installed.require("openssl");
    for (String version : List.of("-tls1_2", "-tls1_3")) {
      String first = openssl("fra-1", version + " -sess_out session");
      assertTrue(first.contains("New, TLSv1."), first);
      for (String edge : EDGES) {
        String again = openssl(edge, version + " -sess_in session");
        assertTrue(again.contains("Reused, TLSv1."), edge + ": " + again);
      }
    }
    for (String edge : EDGES) {
      Path keys = network.edgeState(edge).resolve("ticket-keys");
      String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(keys));
      assertEquals("rw-------", mode);
    }
  }

  /** What openssl says of a request to an edge. */
  private String openssl(String edge, String options) {
    String request = "GET /tls/b HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n";
    String client = "openssl s_client -ign_eof -connect %s:%d -servername %s %s";
    String command =
        ("printf '" + request + "' | " + client)
            .formatted(HOST, network.address(edge), Network.HTTPS, HOST, options);
    return RunningProcess.run("openssl", folder, Map.of(), SOON, List.of("sh", "-c", command))
        .output();
  }

  @Test
  @Order(4)
  void clientsOfThreeContinentsAreToldThreeEdges() {
    Set<String> told = new TreeSet<>();
    for (String client : List.of(GERMANY, AMERICA, SINGAPORE)) {
      told.add(network.dns().addresses(HOST, client).getFirst());
    }
    assertEquals(
        Set.of(network.address("fra-1"), network.address("iad-1"), network.address("sin-1")), told);
    assertEquals(network.address("fra-1"), network.dns().addresses(HOST, GERMANY).getFirst());
    assertEquals(network.address("iad-1"), network.dns().addresses(HOST, AMERICA).getFirst());
  }

  @Test
  @Order(4)
  void steeringOverHttpRedirectsToAnEdgeThatServesTheSameObjects() {
    Fetch.Answer redirect =
        Fetch.get(network.controlAddress(), Network.STEER, HOST, "/start/steered?a=1");
    assertEquals(302, redirect.status(), redirect.toString());
    URI location = URI.create(redirect.field("Location"));
    String edge = location.getHost().substring(0, location.getHost().indexOf('.'));
    assertTrue(EDGES.contains(edge), location.toString());
    assertTrue(location.getHost().endsWith("." + Network.ZONE), location.toString());
    assertEquals("/start/steered?a=1", location.getPath() + "?" + location.getQuery());
    assertEquals(Network.HTTP, location.getPort());

    network.get(edge, HOST, "/start/steered?a=1");
    assertTrue(network.get(edge, location.getHost(), "/start/steered?a=1").isHit());
  }

  @Test
  @Order(4)
  void whyAClientIsSentWhereItIsCanBeRead() {
    Finished why = network.cliOk("steer", "explain", "--client", GERMANY, "--site", HOST);

    assertTrue(why.output().contains("fra-1"), why.output());
  }

  @Test
  @Order(5)
  void aDrainedEdgeLeavesDnsWithinASecondAndComesBack() {
    network.cliOk("node", "drain", "fra-1");
    Awaitility.await("DNS moves")
        .atMost(Duration.ofSeconds(1))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> !toldInGermany().contains(network.address("fra-1")));
    assertEquals(200, network.get("fra-1", HOST, "/still/served").status());
    network.cliOk("node", "undrain", "fra-1");
    Awaitility.await("DNS moves back")
        .atMost(SOON)
        .until(() -> toldInGermany().contains(network.address("fra-1")));
  }

  @Test
  @Order(6)
  void whatAKilledEdgeHadStoredAreHitsAfterItsRestart() {
    for (int i = 0; i < 20; i++) {
      network.get("sin-1", HOST, "/kept/" + i);
    }
    awaitStored("sin-1");
    network.killEdge("sin-1");
    network.startEdge("sin-1");
    for (int i = 0; i < 20; i++) {
      Fetch.Answer answer = network.get("sin-1", HOST, "/kept/" + i);
      assertTrue(answer.isHit(), answer.toString());
      assertEquals("this is /kept/" + i + " of " + HOST + "\n", answer.body());
    }
  }

  @Test
  @Order(6)
  void aPurgeThatAnEdgeMissedWhileItWasDownIsInForceOnceItIsBack() {
    network.get("sin-1", HOST, "/missed/page");
    assertTrue(network.get("sin-1", HOST, "/missed/page").isHit());
    awaitStored("sin-1");
    network.killEdge("sin-1");
    network.cliOk("purge", "--site", HOST, "--tag", "missed");
    network.startEdge("sin-1");
    // Purges are in force in their order: once this later one is, the missed one is too.
    network.cliOk("purge", "--site", HOST, "--tag", "later", "--wait", "--timeout", "30s");

    assertTrue(network.get("sin-1", HOST, "/missed/page").isMiss());
  }

  @Test
  @Order(7)
  void anUnknownHostIs421AndAMalformedRequest400() {
    Fetch.Answer unknown = network.get("fra-1", "www.other.example", "/product-8/page");
    String address = network.address("fra-1");
    Fetch.Answer malformed =
        Fetch.raw(address, Network.HTTP, "GET / HTTP/1.1\r\nHost: " + HOST + "\r\na b: c\r\n\r\n");

    assertEquals(421, unknown.status());
    assertEquals(400, malformed.status());
  }

  @Test
  @Order(8)
  void commandsSayByTheirExitCodeWhatWentWrong() {
    Finished refused = network.cli("site", "add", "not a host", "--origin", origin.url());
    Finished misused = network.cli("site", "add", "--no-such-option");

    assertEquals(1, refused.exitCode(), refused.output());
    assertTrue(refused.output().contains("host"), refused.output());
    assertEquals(2, misused.exitCode(), misused.output());
  }

  @Test
  @Order(8)
  void anUnknownConfigurationKeyStopsTheStartAndIsNamed() {
    for (String process : List.of("edge", "control")) {
      Finished finished = network.cli(process, "--no-such-key", "1");

      assertEquals(2, finished.exitCode(), finished.output());
      assertTrue(finished.output().contains("--no-such-key"), finished.output());
    }
  }

  @Test
  @Order(9)
  void withTheControlPlaneStoppedTrafficGoesOnAndAnEdgeRestartsFromItsLastGood() {
    for (String edge : EDGES) {
      network.get(edge, HOST, "/before/" + edge);
    }
    network.stopControl();
    for (String edge : EDGES) {
      assertTrue(network.get(edge, HOST, "/before/" + edge).isHit(), edge);
      assertTrue(network.get(edge, HOST, "/after/" + edge).isMiss(), edge);
    }
    network.killEdge("iad-1");
    network.startEdge("iad-1");

    assertTrue(network.get("iad-1", HOST, "/before/iad-1").isHit());
    assertEquals(3, network.cli("status").exitCode());
  }

  @Test
  @Order(10)
  void theControlPlaneComesBackAndReachesItsEdgesAgain() {
    network.startControl();
    network.get("iad-1", HOST, "/again/page");
    network.cliOk("purge", "--site", HOST, "--tag", "again", "--wait", "--timeout", "30s");

    assertTrue(network.get("iad-1", HOST, "/again/page").isMiss());
  }

  private List<String> toldInGermany() {
    return network.dns().addresses(HOST, GERMANY);
  }

  /** The store writes behind the answers: waits until it has written them. */
  private void awaitStored(String edge) {
    String address = network.address(edge);
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () ->
                Fetch.get(address, Network.ADMIN, address, "/metrics")
                    .body()
                    .contains("\nperigee_fetches 0"));
  }

  private void awaitStatus(String edge, String target, int status) {
    Awaitility.await(edge + " answers " + status)
        .atMost(SOON)
        .until(() -> network.get(edge, HOST, target).status() == status);
  }
}

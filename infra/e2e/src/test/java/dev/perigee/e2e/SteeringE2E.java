package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import dev.perigee.testkit.Relay;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Who is in the answers of two control planes, by DNS as dig reads it and by HTTP, while nodes die,
 * are drained, are not reached or come and go. How long each takes is printed; the bounds of the
 * test are those of a busy machine.
 */
@Full("nodes that die, are drained, are not reached or come and go")
class SteeringE2E {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String HOST = "www.shop.example";
  private static final String NAME = "shop.cdn.example";
  private static final String FRONTED = "fra-1";
  private static final List<String> EDGES = List.of(FRONTED, "fra-2", "fra-3");
  private static final List<Integer> CONTROLS = List.of(1, 2);

  private final Path folder;
  private final ReplicaNetwork network;
  private final Origin origin;
  private final CountDownLatch never = new CountDownLatch(1);
  private Relay front;

  SteeringE2E(@TempDir Path folder) throws IOException {
    this.folder = folder;
    network = new ReplicaNetwork(folder);
    origin = JdkOrigin.start(network.originAddress(), 9000);
  }

  @BeforeEach
  void up() throws Exception {
    CONTROLS.forEach(network::startControl);
    front = network.addEdgeBehindLink(FRONTED, 1, 1);
    network.addEdge("fra-2", 2, 2);
    network.addEdge("fra-3", 3, 1);
    ReplicaModel.requireDone(ReplicaModel.addSite(network, 1, "shop", HOST, origin.url()));
    for (String edge : EDGES) {
      for (int control : CONTROLS) {
        awaitThat(edge + " is in and probed at " + control, () -> isReachedByBoth(control, edge));
      }
    }
  }

  @AfterEach
  void down() {
    front.close();
    network.close();
    origin.close();
  }

  private static void awaitThat(String what, Callable<Boolean> condition) {
    Awaitility.await(what).atMost(SOON).pollInterval(Duration.ofMillis(20)).until(condition);
  }

  private boolean isReachedByBoth(int control, String edge) throws Exception {
    String explained = explained(control);
    return candidate(explained, edge).contains("\"reached\":2,\"unreached\":0,\"unheard\":0")
        && candidate(explained, edge).contains("\"state\":\"is serving\"");
  }

  private String explained(int control) throws Exception {
    return network
        .ask(control, "GET", "/v1/steer/explain?client=192.0.2.1&site=shop", "", "")
        .body();
  }

  private static String candidate(String explained, String edge) {
    int at = explained.indexOf("{\"node\":\"" + edge + "\"");
    return at < 0 ? "" : explained.substring(at, explained.indexOf("\"reason\"", at));
  }

  private List<String> dns(int control) {
    return new Dig(folder, network.controlAddress(control), ReplicaNetwork.DNS).addresses(NAME);
  }

  /** What players and browsers are told by HTTP. */
  private String http(int control) {
    String server = network.controlAddress(control);
    Fetch.Answer players = Fetch.get(server, ReplicaNetwork.STEER, server, "/steer?site=shop");
    Fetch.Answer redirect = Fetch.get(server, ReplicaNetwork.STEER, HOST, "/a/1?b");
    assertEquals(200, players.status(), players.toString());
    assertEquals(302, redirect.status(), redirect.toString());
    return players.body() + redirect.field("Location");
  }

  /** Whether neither DNS nor HTTP of any control plane names an edge. */
  private boolean isOut(String edge) {
    String address = network.address(edge);
    for (int control : CONTROLS) {
      List<String> answer = dns(control);
      assertFalse(answer.isEmpty(), "an answer is never empty");
      if (answer.contains(address) || http(control).contains(edge)) {
        return false;
      }
    }
    return true;
  }

  private void measure(String what, String sentence, Callable<Boolean> condition) {
    long begun = System.nanoTime();
    awaitThat(what, condition);
    System.out.printf(
        "%s after %d ms; the sentence is %s%n",
        what, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun), sentence);
  }

  @Test
  void aNodeThatIsKilledIsOutOfTheAnswersAndWithAllDownTheyAreNotEmpty() {
    network.killEdge("fra-2");
    measure("a killed node is out", "3 s", () -> isOut("fra-2"));
    network.killEdge(FRONTED);
    measure("the next is out", "3 s", () -> isOut(FRONTED));
    network.killEdge("fra-3");
    for (int control : CONTROLS) {
      awaitThat("it knows that all are gone", () -> !explained(control).contains("is serving"));
    }
    for (int control : CONTROLS) {
      assertFalse(dns(control).isEmpty());
      assertTrue(http(control).contains("fra-"), "players and browsers have somewhere to go");
    }
  }

  @Test
  void aNodeThatIsDrainedIsOutOfTheAnswers() throws Exception {
    ReplicaModel.requireDone(network.ask(1, "POST", "/v1/nodes/fra-2/drain", "", ""));
    measure("a draining node is out", "1 s", () -> isOut("fra-2"));
  }

  /** Its stream lives: only probes tell. */
  @Test
  void aNodeThatReadersDoNotReachIsOutAndComesBack() throws Exception {
    front.freeze();
    measure("a node that is not reached is out", "3 s", () -> isOut(FRONTED));
    for (int control : CONTROLS) {
      String node = network.ask(control, "GET", "/v1/nodes/" + FRONTED, "", "").body();
      assertTrue(node.contains("\"connected\":true"), node);
      assertTrue(candidate(explained(control), FRONTED).contains("\"down\":true"));
    }
    front.mend();
    for (int control : CONTROLS) {
      awaitThat("it is back", () -> isReachedByBoth(control, FRONTED));
    }
  }

  /**
   * First one control plane is cut off from the nodes, then each from all nodes and from the other,
   * then from the database too.
   */
  @Test
  void aControlPlaneThatIsCutOffTakesNobodyDownAndGoesOnOnceItIsNot() throws Exception {
    network.link(1).freeze();
    allServeFor(8);
    network.link(1).mend();
    allServeUntil("they hear each other again", this::eachReachesAll);

    CONTROLS.forEach(control -> network.link(control).cut());
    allServeFor(8);
    network.toDatabase().cut();
    allAreToldFor(8);
    network.toDatabase().mend();
    CONTROLS.forEach(control -> network.link(control).mend());
    allServeUntil("they hear each other and the nodes again", this::eachReachesAll);
    allServeFor(12);
    awaitThat("what an operator wants is done", this::isDrained);
    awaitThat("and is in force", () -> isOut("fra-2"));
  }

  /** The database may be a moment behind. */
  private boolean isDrained() throws Exception {
    return network.ask(1, "POST", "/v1/nodes/fra-2/drain", "", "").isDone();
  }

  private boolean eachReachesAll() throws Exception {
    for (int control : CONTROLS) {
      for (String edge : EDGES) {
        String node = network.ask(control, "GET", "/v1/nodes/" + edge, "", "").body();
        if (!isReachedByBoth(control, edge) || !node.contains("\"connected\":true")) {
          return false;
        }
      }
    }
    return true;
  }

  private void allServeUntil(String what, Callable<Boolean> condition) {
    awaitThat(
        what,
        () -> {
          requireAllAreTold();
          return condition.call();
        });
  }

  private void allServeFor(int seconds) throws Exception {
    for (long end = after(seconds); System.nanoTime() - end < 0; ) {
      assertFalse(never.await(200, TimeUnit.MILLISECONDS));
      requireAllServe();
    }
  }

  /** The same without the API, which says nothing while the database is away. */
  private void allAreToldFor(int seconds) throws Exception {
    for (long end = after(seconds); System.nanoTime() - end < 0; ) {
      assertFalse(never.await(200, TimeUnit.MILLISECONDS));
      requireAllAreTold();
    }
  }

  private static long after(int seconds) {
    return System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
  }

  /** Whether DNS has an answer, and HTTP names every node. */
  private void requireAllAreTold() {
    for (int control : CONTROLS) {
      String told = http(control);
      assertFalse(dns(control).isEmpty(), told);
      EDGES.forEach(edge -> assertTrue(told.contains(edge), told));
    }
  }

  /** Also whether every node counts as serving. */
  private void requireAllServe() throws Exception {
    requireAllAreTold();
    for (int control : CONTROLS) {
      String explained = explained(control);
      for (String edge : EDGES) {
        assertTrue(candidate(explained, edge).contains("\"state\":\"is serving\""), explained);
      }
    }
  }

  @Test
  void aNodeThatComesAndGoesEverySecondDoesNotFlapInTheAnswers() throws Exception {
    List<Boolean> seen = new ArrayList<>();
    for (int second = 0; second < 30; second++) {
      if (second % 2 == 0) {
        front.cut();
      } else {
        front.mend();
      }
      for (int tenth = 0; tenth < 5; tenth++) {
        boolean out = isOut(FRONTED);
        if (seen.isEmpty() || seen.getLast() != out) {
          seen.add(out);
        }
        assertFalse(never.await(100, TimeUnit.MILLISECONDS));
      }
    }
    System.out.printf("15 times away in 30 s, %d changes of the answers%n", seen.size() - 1);
    assertTrue(seen.size() <= 4, "it is held down longer each time: " + seen);
    assertEquals(200, network.get("fra-3", HOST, "/a/1").status());
  }
}

package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.TierPolicy;
import dev.perigee.edge.cache.HotSketch;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes of one POP: one copy of what is asked for now and then, hot objects on all. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class PopShareIT {
  private static final List<String> POP = List.of("pop-1", "pop-2", "pop-3");
  private static final int OBJECTS = 30;

  @TempDir Path folder;
  private ScriptedOrigin origin;
  private NetworkUnderTest network;

  @BeforeEach
  void start() throws Exception {
    origin = ScriptedOrigin.start();
    network = new NetworkUnderTest(folder, origin.port(), 100);
    for (String name : POP) {
      network.add(name, "eu", false);
    }
    for (int i = 0; i < OBJECTS; i++) {
      origin.on("/" + i, call -> call.ok(call.request().target(), "Cache-Control: max-age=60"));
    }
    network.configure(new TierPolicy(true, true), CachePolicy.DEFAULT);
  }

  @AfterEach
  void stop() throws Exception {
    network.close();
    origin.close();
  }

  private int copies() {
    return POP.stream().mapToInt(name -> network.node(name).stored()).sum();
  }

  private void awaitCopies(int count) {
    Awaitility.await().until(() -> copies() == count);
  }

  /** Asks every node for every object, once. */
  private void askAll() throws Exception {
    for (String name : POP) {
      for (int i = 0; i < OBJECTS; i++) {
        assertEquals("/" + i, network.node(name).get("/" + i).body());
      }
    }
  }

  @Test
  void whatEachIsAskedForOnceLiesOnOneOfThem() throws Exception {
    askAll();
    awaitCopies(OBJECTS);
    assertEquals(OBJECTS, origin.requests().size());
    for (String name : POP) {
      assertTrue(network.node(name).stored() > 0, name + " has its share");
    }
  }

  @Test
  void whatIsHotLiesOnAllOfThem() throws Exception {
    for (int n = 1; n < HotSketch.HOT; n++) {
      for (String name : POP) {
        network.node(name).get("/1");
      }
    }
    awaitCopies(1);
    for (String name : POP) {
      network.node(name).get("/1");
    }
    awaitCopies(3);
    for (String name : POP) {
      String status = network.node(name).get("/1").first("Cache-Status").orElseThrow();
      assertTrue(status.contains("perigee; hit"), status);
    }
    assertEquals(1, origin.requests("/1").size());
  }

  @Test
  void aDeadOwnerCostsAMissAndNoMore() throws Exception {
    askAll();
    awaitCopies(OBJECTS);
    NetworkUnderTest.Node dead = network.node("pop-3");
    int lost = dead.stored();
    dead.die();
    for (String name : List.of("pop-1", "pop-2")) {
      for (int i = 0; i < OBJECTS; i++) {
        assertEquals(200, network.node(name).get("/" + i).status());
      }
    }
    // Which of the two takes a key of the dead one may differ while each finds out by itself.
    int again = origin.requests().size() - OBJECTS;
    assertTrue(again >= lost && again <= 2 * lost, again + " fetched anew, " + lost + " lost");
  }

  @Test
  void aPurgeIsFinalHereToo() throws Exception {
    AtomicInteger version = new AtomicInteger(1);
    origin.on("/1", call -> call.ok("v" + version.get(), "Cache-Control: max-age=60"));
    for (String name : POP) {
      assertEquals("v1", network.node(name).get("/1").body());
    }
    for (String holder : POP) {
      version.incrementAndGet();
      String[] reached = POP.stream().filter(name -> !name.equals(holder)).toArray(String[]::new);
      network.purge(new PurgeScope.Url(NetworkUnderTest.HOST, "/1"), false, reached);
      for (String name : reached) {
        assertEquals("v" + version.get(), network.node(name).get("/1").body(), holder + " is late");
      }
      network.node(holder).catchUp();
      assertEquals("v" + version.get(), network.node(holder).get("/1").body());
    }
  }

  @Test
  void aMissGoesFromTheOwnerToTheShield() throws Exception {
    network.add("shield-1", "us", true);
    network.configure();
    for (int i = 0; i < OBJECTS; i++) {
      network.node("pop-1").get("/" + i);
    }
    Awaitility.await().until(() -> network.node("shield-1").stored() == OBJECTS);
    awaitCopies(OBJECTS);
    List<String> via =
        origin.requests().stream().map(seen -> seen.first("Via").orElseThrow()).distinct().toList();
    assertTrue(via.contains("1.1 perigee, 1.1 perigee, 1.1 perigee"), via.toString());
    assertEquals(2, via.size(), "its own keys go straight to the shield: " + via);
  }
}

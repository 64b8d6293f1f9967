package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.policy.LoadConfig;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A site that has as much under way as it may: what costs is refused, what is stored is served. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class OverloadIT {
  private static final int FETCHES = 3;
  private static final int REQUESTS = 6;

  private final ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch goOn = new CountDownLatch(1);
  private ScriptedOrigin origin;
  private EdgeUnderTest edge;

  @BeforeEach
  void start(@TempDir Path directory) throws Exception {
    origin = ScriptedOrigin.start();
    origin.on("/stored", call -> call.ok("stored", "Cache-Control: max-age=600"));
    for (int i = 0; i <= REQUESTS; i++) {
      origin.on(
          "/held" + i,
          call -> {
            goOn.await();
            call.ok("held", "Cache-Control: max-age=600");
          });
    }
    edge =
        new EdgeUnderTest(directory, new LoadConfig(REQUESTS, FETCHES, FETCHES, 0), origin.port());
    assertEquals(200, RawClient.get(edge.port(), "/stored").status());
  }

  @AfterEach
  void stop() throws Exception {
    goOn.countDown();
    readers.close();
    edge.close();
    origin.close();
  }

  private List<Future<RawClient.Response>> hold(int from, int to) {
    List<Future<RawClient.Response>> held = new ArrayList<>();
    for (int i = from; i < to; i++) {
      String target = "/held" + i;
      Callable<RawClient.Response> reader = () -> RawClient.get(edge.port(), target);
      held.add(readers.submit(reader));
    }
    return held;
  }

  @Test
  void aFurtherFetchIs503AndHitsGoOn() throws Exception {
    List<Future<RawClient.Response>> held = hold(0, FETCHES);
    Awaitility.await().until(() -> origin.requests().size() == 1 + FETCHES);
    RawClient.Response shed = RawClient.get(edge.port(), "/held" + FETCHES);
    assertEquals(503, shed.status());
    assertEquals(List.of("1"), shed.all("Retry-After"));
    assertTrue(shed.cacheStatus().contains("detail=origin-overloaded"), shed.cacheStatus());
    assertEquals(1, edge.shed());
    for (int i = 0; i < 10; i++) {
      RawClient.Response hit = RawClient.get(edge.port(), "/stored");
      assertEquals(200, hit.status());
      assertTrue(hit.cacheStatus().contains("; hit"), hit.cacheStatus());
    }
    goOn.countDown();
    for (Future<RawClient.Response> one : held) {
      assertEquals(200, one.get().status());
    }
    assertEquals(200, RawClient.get(edge.port(), "/held" + FETCHES).status());
  }

  /** Whoever waits for the same answer costs no fetch. */
  @Test
  void whoFollowsAFetchIsNoFurtherOne() throws Exception {
    List<Future<RawClient.Response>> held = new ArrayList<>(hold(0, FETCHES));
    Awaitility.await().until(() -> origin.requests().size() == 1 + FETCHES);
    held.addAll(hold(0, 2));
    Awaitility.await().until(() -> edge.openRequests() == FETCHES + 2);
    goOn.countDown();
    for (Future<RawClient.Response> one : held) {
      assertEquals(200, one.get().status());
    }
    assertEquals(0, edge.shed());
  }

  @Test
  void aFurtherRequestOfTheSiteIs503() throws Exception {
    List<Future<RawClient.Response>> held = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      held.addAll(hold(0, 1));
    }
    Awaitility.await().until(() -> edge.openRequests() == REQUESTS);
    RawClient.Response refused = RawClient.get(edge.port(), "/stored");
    assertEquals(503, refused.status());
    assertTrue(refused.cacheStatus().contains("detail=site-busy"), refused.cacheStatus());
    goOn.countDown();
    for (Future<RawClient.Response> one : held) {
      assertEquals(200, one.get().status());
    }
    Awaitility.await().until(() -> edge.openRequests() == 0);
    assertEquals(200, RawClient.get(edge.port(), "/stored").status());
  }
}

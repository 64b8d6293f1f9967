package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.WarmUrl;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** URLs are in the cache before a reader asks for them. */
@ExtendWith(NothingLeaks.class)
final class WarmUpIT {
  private static final String FOR_A_MINUTE = "Cache-Control: max-age=60";

  private final BlockingQueue<FromEdge.Warmed> told = new LinkedBlockingQueue<>();
  @TempDir Path directory;
  private ScriptedOrigin origin;
  private EdgeUnderTest edge;
  private Warming warming;

  @BeforeEach
  void start() throws Exception {
    origin = ScriptedOrigin.start();
    edge = new EdgeUnderTest(directory, origin.port());
    warming = edge.warming();
    warming.start();
  }

  @AfterEach
  void stop() throws Exception {
    edge.close();
    origin.close();
  }

  private static FromControl.WarmUp order(String job, int from, String... targets) {
    List<WarmUrl> urls =
        List.of(targets).stream()
            .map(target -> new WarmUrl("http", EdgeUnderTest.HOST, target))
            .toList();
    return new FromControl.WarmUp(job, "shop", from, urls, Map.of("Accept-Encoding", "br"), 200);
  }

  private FromEdge.Warmed told() throws InterruptedException {
    FromEdge.Warmed warmed = told.poll(20, TimeUnit.SECONDS);
    if (warmed == null) {
      throw new AssertionError("nothing was told");
    }
    return warmed;
  }

  @Test
  void whatWasWarmedIsAHitAndEachUrlIsCountedByWhatBecameOfIt() throws Exception {
    origin.on("/kept", call -> call.ok("kept", FOR_A_MINUTE));
    origin.on("/there", call -> call.ok("there", FOR_A_MINUTE));
    origin.on("/passed", call -> call.ok("passed", "Cache-Control: no-store"));
    origin.on("/gone", call -> call.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    RawClient.get(edge.port(), "/there", "Accept-Encoding: br");
    Awaitility.await().until(() -> edge.openFetches() == 0);

    warming.warm(order("job", 5, "/kept", "/there", "/passed", "/gone"), told::add);
    String failure = "http://" + EdgeUnderTest.HOST + "/gone: status 404";
    assertEquals(new FromEdge.Warmed("job", 9, 1, 1, 1, 1, List.of(failure)), told());

    Awaitility.await().until(() -> edge.openFetches() == 0);
    String hit = RawClient.get(edge.port(), "/kept", "Accept-Encoding: br").cacheStatus();
    assertTrue(hit.contains("hit"), hit);
    assertEquals(1, origin.requests("/kept").size());
    assertEquals(1, origin.requests("/there").size());
    assertEquals("br", origin.requests("/kept").getFirst().first("Accept-Encoding").orElseThrow());
  }

  @Test
  void aReaderWhoAsksMeanwhileSharesTheFetch() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    origin.on(
        "/slow",
        call -> {
          asked.countDown();
          if (!answer.await(20, TimeUnit.SECONDS)) {
            throw new AssertionError("nobody else came");
          }
          call.ok("slow", FOR_A_MINUTE);
        });
    warming.warm(order("job", 0, "/slow"), told::add);
    assertTrue(asked.await(20, TimeUnit.SECONDS));
    Thread reader =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    RawClient.get(edge.port(), "/slow", "Accept-Encoding: br");
                  } catch (Exception e) {
                    throw new AssertionError(e);
                  }
                });
    Awaitility.await().until(() -> edge.openRequests() == 1);
    answer.countDown();
    reader.join();
    told();
    assertEquals(1, origin.requests("/slow").size());
  }

  @Test
  void moreThanTheNodeWarmsAtOnceIsRefusedAndNothingIsLost() throws Exception {
    CountDownLatch answer = new CountDownLatch(1);
    origin.on(
        "/held",
        call -> {
          if (!answer.await(20, TimeUnit.SECONDS)) {
            throw new AssertionError("never released");
          }
          call.ok("held", "Cache-Control: no-store");
        });
    int batches = 60;
    IntStream.range(0, batches)
        .forEach(i -> warming.warm(order("job-" + i, 0, "/held"), told::add));
    FromEdge.Warmed refused = told();
    assertEquals(List.of("the node warms as much as it may"), refused.failures());
    answer.countDown();
    int passed = 0;
    for (int i = 1; i < batches; i++) {
      passed += told().passed();
    }
    assertTrue(passed > 0, "none was answered");
    assertEquals(passed, warming.fetches() - warming.failures());
  }
}

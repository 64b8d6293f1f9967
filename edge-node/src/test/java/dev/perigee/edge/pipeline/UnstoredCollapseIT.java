package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Concurrent misses while the store takes nothing: they are collapsed all the same. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class UnstoredCollapseIT {
  private static final int CLIENTS = 100;
  private static final int PATIENCE = 30;
  private static final int BLOCK = 64 * 1024;

  /** More than the window holds. */
  private static final int SIZE = 4 << 20;

  @TempDir Path directory;
  private ScriptedOrigin origin;
  private EdgeUnderTest edge;
  private final ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor();

  @BeforeEach
  void start() throws Exception {
    origin = ScriptedOrigin.start();
    edge = new EdgeUnderTest(directory, origin.port());
  }

  @AfterEach
  void stop() throws Exception {
    clients.shutdownNow();
    edge.close();
    origin.close();
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertTrue(latch.await(PATIENCE, TimeUnit.SECONDS), "in time");
  }

  /** The letter that all bytes of a block have. */
  private static char letter(int at) {
    return (char) ('a' + at / BLOCK % 26);
  }

  private static void body(ScriptedOrigin.Call call) throws IOException {
    call.send("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: " + SIZE);
    call.send("\r\n\r\n");
    byte[] block = new byte[BLOCK];
    for (int sent = 0; sent < SIZE; sent += BLOCK) {
      Arrays.fill(block, (byte) letter(sent));
      call.send(block);
    }
  }

  /** The story: while a shard opened after a start, everybody went to the origin alone. */
  @Test
  void whoWaitsTogetherCostsOneFetchWhileThePartOfTheStoreOpens() throws Exception {
    hundredClientsCostOneFetch(StoreReason.OPENING);
  }

  @Test
  void whoWaitsTogetherCostsOneFetchWhileTheQueueOfTheStoreIsFull() throws Exception {
    hundredClientsCostOneFetch(StoreReason.BUSY);
  }

  private void hundredClientsCostOneFetch(StoreReason reason) throws Exception {
    edge.refuse(reason);
    CountDownLatch all = new CountDownLatch(1);
    origin.on(
        "/a",
        call -> {
          await(all);
          body(call);
        });
    List<Future<Response>> answers = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      answers.add(clients.submit(() -> RawClient.get(edge.port(), "/a")));
    }
    Awaitility.await().until(() -> edge.openRequests() == CLIENTS);
    all.countDown();
    int collapsed = 0;
    for (Future<Response> answer : answers) {
      Response response = answer.get(PATIENCE, TimeUnit.SECONDS);
      assertEquals(SIZE, response.body().length());
      for (int at = 0; at < SIZE; at += BLOCK / 2) {
        assertEquals(letter(at), response.body().charAt(at));
      }
      collapsed += response.cacheStatus().contains("collapsed") ? 1 : 0;
    }
    assertEquals(1, origin.requests("/a").size());
    assertEquals(CLIENTS - 1, collapsed);
  }

  @Test
  void whoMissedTheBeginningLeadsAFetchThatOthersJoin() throws Exception {
    edge.refuse(StoreReason.OPENING);
    CountDownLatch goOn = new CountDownLatch(1);
    CountDownLatch lateOnes = new CountDownLatch(1);
    origin.on(
        "/a",
        call -> {
          boolean isFirst = origin.requests("/a").size() == 1;
          if (!isFirst) {
            await(lateOnes);
          }
          call.send("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 9\r\n\r\n");
          call.send("head");
          if (isFirst) {
            await(goOn);
          }
          call.send("-tail");
        });
    try (RawClient leader = new RawClient(edge.port())) {
      leader.send("GET", "/a");
      leader.head();
      assertEquals("head", leader.read(4));
      Future<Response> late = clients.submit(() -> RawClient.get(edge.port(), "/a"));
      Awaitility.await().until(() -> origin.requests("/a").size() == 2);
      Future<Response> later = clients.submit(() -> RawClient.get(edge.port(), "/a"));
      Awaitility.await().until(() -> edge.openRequests() == 3);
      lateOnes.countDown();
      assertEquals("head-tail", late.get(PATIENCE, TimeUnit.SECONDS).body());
      assertEquals("head-tail", later.get(PATIENCE, TimeUnit.SECONDS).body());
      goOn.countDown();
      assertEquals("-tail", leader.read(5));
    }
    assertEquals(2, origin.requests("/a").size());
  }

  @Test
  void oneWhoReadsNothingIsCutOffAndTheOthersGoOn() throws Exception {
    edge.refuse(StoreReason.BUSY);
    CountDownLatch both = new CountDownLatch(1);
    origin.on(
        "/a",
        call -> {
          await(both);
          body(call);
        });
    try (RawClient slow = new RawClient(edge.port(), 8 * 1024)) {
      Future<Response> fast = clients.submit(() -> RawClient.get(edge.port(), "/a"));
      Awaitility.await().until(() -> !origin.requests("/a").isEmpty());
      slow.send("GET", "/a");
      Awaitility.await().until(() -> edge.openRequests() == 2);
      both.countDown();
      assertEquals(SIZE, fast.get(PATIENCE, TimeUnit.SECONDS).body().length());
      assertEquals(1, origin.requests("/a").size());
      slow.hangUp();
    }
  }
}

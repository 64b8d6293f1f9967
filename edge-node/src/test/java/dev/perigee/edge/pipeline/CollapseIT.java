package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Concurrent misses for one key: one fetch, read by all while it goes on. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class CollapseIT {
  private static final int CLIENTS = 100;
  private static final int FOLLOWERS = 5;
  private static final int PATIENCE = 20;

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

  @Test
  void hundredMissesMakeOneFetchAndAllReadBeforeItsEnd() throws Exception {
    CountDownLatch headsSeen = new CountDownLatch(CLIENTS);
    origin.on(
        "/a",
        call -> {
          call.send(
              "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nhead-");
          await(headsSeen);
          call.send("-tail");
        });
    List<Future<String>> bodies = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      bodies.add(
          clients.submit(
              () -> {
                try (RawClient client = new RawClient(edge.port())) {
                  client.send("GET", "/a");
                  client.head();
                  String first = client.read(5);
                  headsSeen.countDown();
                  return first + client.read(5);
                }
              }));
    }
    for (Future<String> body : bodies) {
      assertEquals("head--tail", body.get(PATIENCE, TimeUnit.SECONDS));
    }
    assertEquals(1, origin.requests("/a").size());
  }

  /** The story: a body that took longer than its freshness was handed to whoever came later. */
  @Test
  void whoComesAfterTheHeadJoinsOnlyWhatSuits() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    origin.on(
        "/a",
        call -> {
          if (calls.incrementAndGet() == 1) {
            call.send(
                "HTTP/1.1 200 OK\r\nCache-Control: max-age=5\r\nVary: Accept\r\n"
                    + "Content-Length: 10\r\n\r\nhead-");
            await(asked);
            call.send("-tail");
          } else {
            call.ok("call " + calls.get(), "Cache-Control: max-age=5", "Vary: Accept");
          }
        });
    try (RawClient leader = new RawClient(edge.port())) {
      leader.send("GET", "/a");
      leader.head();
      assertEquals("call 2", RawClient.get(edge.port(), "/a", "Accept: x/y").body());
      assertEquals("call 3", RawClient.get(edge.port(), "/a", "Cache-Control: no-cache").body());
      edge.later(Duration.ofSeconds(6));
      assertEquals("call 4", RawClient.get(edge.port(), "/a").body());
      asked.countDown();
      assertEquals("head--tail", leader.read(10));
    }
  }

  @Test
  void headIsAnsweredFromABodyThatIsStillComingIn() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    origin.on(
        "/a",
        call -> {
          call.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nCache-Control: max-age=60\r\n\r\nab");
          await(over);
          call.send("cd");
        });
    try (RawClient reader = new RawClient(edge.port())) {
      reader.send("GET", "/a");
      assertEquals(200, reader.head().status());
      RawClient.Response head = RawClient.request(edge.port(), "HEAD", "/a");
      assertEquals(200, head.status());
      assertEquals("4", head.first("Content-Length").orElse(""));
      assertTrue(head.cacheStatus().contains("collapsed"), head.cacheStatus());
      over.countDown();
      assertEquals("abcd", reader.read(4));
    }
    assertEquals(1, origin.requests("/a").size());
  }

  @Test
  void followersGoOnWhenTheLeaderLeaves() throws Exception {
    CountDownLatch leaderGone = new CountDownLatch(1);
    origin.on(
        "/a",
        call -> {
          call.send(
              "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nhead-");
          await(leaderGone);
          call.send("-tail");
        });
    try (RawClient leader = new RawClient(edge.port());
        RawClient follower = new RawClient(edge.port())) {
      leader.send("GET", "/a");
      leader.head();
      leader.read(5);
      follower.send("GET", "/a");
      assertTrue(follower.head().cacheStatus().contains("collapsed"));
      leader.hangUp();
      leaderGone.countDown();
      assertEquals("head--tail", follower.read(10));
    }
    assertEquals(1, origin.requests("/a").size());
  }

  @Test
  void followersAreReelectedOnceWhenTheLeaderFailsBeforeTheHead() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    CountDownLatch followers = new CountDownLatch(1);
    origin.on(
        "/a",
        call -> {
          if (calls.incrementAndGet() == 1) {
            await(followers);
            call.send("HTTP/1.1 999 broken\r\n\r\n");
            call.close();
          } else {
            call.ok("good", "Cache-Control: max-age=60");
          }
        });
    Future<Response> leader = clients.submit(() -> RawClient.get(edge.port(), "/a"));
    Awaitility.await().until(() -> !origin.requests("/a").isEmpty());
    Future<Response> follower = clients.submit(() -> RawClient.get(edge.port(), "/a"));
    Awaitility.await().until(() -> edge.openRequests() == 2);
    followers.countDown();
    leader.get(PATIENCE, TimeUnit.SECONDS);
    assertEquals("good", follower.get(PATIENCE, TimeUnit.SECONDS).body());
  }

  /** A server that fails is not asked by one after the other of those who wait. */
  @Test
  void followersOfASecondLeaderWhoFailsAreToldSo() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    List<CountDownLatch> mayFail = List.of(new CountDownLatch(1), new CountDownLatch(1));
    origin.on(
        "/a",
        call -> {
          await(mayFail.get(Math.min(calls.getAndIncrement(), 1)));
          call.send("HTTP/1.1 999 broken\r\n\r\n");
          call.close();
        });
    Future<Response> leader = clients.submit(() -> RawClient.get(edge.port(), "/a"));
    Awaitility.await().until(() -> !origin.requests("/a").isEmpty());
    List<Future<Response>> followers = new ArrayList<>();
    for (int i = 0; i < FOLLOWERS; i++) {
      followers.add(clients.submit(() -> RawClient.get(edge.port(), "/a")));
    }
    Awaitility.await().until(() -> edge.openRequests() == 1 + FOLLOWERS);
    mayFail.getFirst().countDown();
    leader.get(PATIENCE, TimeUnit.SECONDS);
    Awaitility.await().until(() -> calls.get() == 2);
    mayFail.getLast().countDown();
    for (Future<Response> follower : followers) {
      assertEquals(502, follower.get(PATIENCE, TimeUnit.SECONDS).status());
    }
    assertEquals(2, calls.get());
  }

  @Test
  void uncacheableIsSharedWithNobody() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    CountDownLatch both = new CountDownLatch(1);
    origin.on(
        "/a",
        call -> {
          await(both);
          call.ok("answer-" + calls.incrementAndGet(), "Cache-Control: private");
        });
    Future<Response> one = clients.submit(() -> RawClient.get(edge.port(), "/a"));
    Future<Response> two = clients.submit(() -> RawClient.get(edge.port(), "/a"));
    Awaitility.await().until(() -> edge.openRequests() == 2);
    both.countDown();
    String first = one.get(PATIENCE, TimeUnit.SECONDS).body();
    String second = two.get(PATIENCE, TimeUnit.SECONDS).body();
    assertTrue(!first.equals(second), first);
  }

  @Test
  void nobodyJoinsAFillThatIsOlderThanAPurge() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    CountDownLatch purged = new CountDownLatch(1);
    origin.on(
        "/a",
        call -> {
          int number = calls.incrementAndGet();
          call.send("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 3\r\n\r\nv");
          if (number == 1) {
            await(purged);
          }
          call.send("-" + number);
        });
    try (RawClient before = new RawClient(edge.port())) {
      before.send("GET", "/a");
      before.head();
      edge.purge("/a");
      assertEquals("v-2", RawClient.get(edge.port(), "/a").body());
      purged.countDown();
      assertEquals("v-1", before.read(3));
    }
    Awaitility.await().until(() -> edge.openFetches() == 0);
    assertEquals("v-2", RawClient.get(edge.port(), "/a").body());
    assertEquals(2, origin.requests("/a").size());
  }

  @Test
  void slowFollowerOfAStorableBodyHoldsNobodyUp() throws Exception {
    int size = 8 << 20;
    origin.on("/a", call -> body(call, size, "Cache-Control: max-age=60"));
    try (RawClient slow = new RawClient(edge.port(), 8 * 1024)) {
      slow.send("GET", "/a");
      slow.head();
      Response fast = RawClient.get(edge.port(), "/a");
      assertEquals(size, fast.body().length());
      assertEquals(size, slow.read(size).length());
    }
    assertEquals(1, origin.requests("/a").size());
  }

  @Test
  void uncacheableBodyFarLargerThanTheWindowStreams() throws Exception {
    int size = 200 << 20;
    origin.on("/a", call -> body(call, size, "Cache-Control: no-store"));
    try (RawClient client = new RawClient(edge.port())) {
      client.send("GET", "/a");
      client.head();
      for (int i = 0; i < 200; i++) {
        client.read(1 << 20);
      }
    }
  }

  /** A 200 of so many bytes, whole MiB. */
  private static void body(ScriptedOrigin.Call call, int size, String field) throws IOException {
    byte[] block = new byte[1 << 20];
    call.send("HTTP/1.1 200 OK\r\n" + field + "\r\nContent-Length: " + size + "\r\n\r\n");
    for (int sent = 0; sent < size; sent += block.length) {
      call.send(block);
    }
  }
}

package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import dev.perigee.testkit.ScriptedOrigin.Seen;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A range of what is not stored costs a few slices, however large the whole is. */
@ExtendWith(NothingLeaks.class)
final class SlicesIT {
  private static final int SLICE = EdgeUnderTest.SLICE_BYTES;
  private static final long HUGE = 20L << 30;
  private static final Pattern RANGE = Pattern.compile("bytes=([0-9]+)-([0-9]+)");

  @TempDir Path directory;
  private ScriptedOrigin origin;
  private EdgeUnderTest edge;

  @BeforeEach
  void start() throws Exception {
    origin = ScriptedOrigin.start();
    edge = new EdgeUnderTest(directory, origin.port());
  }

  @AfterEach
  void stop() throws Exception {
    edge.close();
    origin.close();
  }

  private Response get(String target, String... fields) throws Exception {
    Awaitility.await().until(() -> edge.openFetches() == 0);
    return RawClient.get(edge.port(), target, fields);
  }

  /** Bytes that tell where they belong, and to which version. */
  private static String bytes(char version, long first, long last) {
    StringBuilder text = new StringBuilder();
    for (long at = first; at <= last; at++) {
      text.append(at % 16 == 0 ? version : (char) ('a' + (at / 16 + at) % 26));
    }
    return text.toString();
  }

  /** An origin that has a file of some length and answers ranges of it. */
  private static void ranged(ScriptedOrigin.Call call, char version, long length, String fields)
      throws IOException {
    Matcher range = RANGE.matcher(call.request().first("Range").orElse(""));
    boolean part = range.matches();
    long first = part ? Long.parseLong(range.group(1)) : 0;
    if (first >= length) {
      call.send(
          "HTTP/1.1 416 No\r\nContent-Length: 0\r\nContent-Range: bytes */" + length + "\r\n\r\n");
      return;
    }
    long last = part ? Math.min(Long.parseLong(range.group(2)), length - 1) : length - 1;
    String contentRange =
        part ? "Content-Range: bytes " + first + "-" + last + "/" + length + "\r\n" : "";
    call.send(
        "HTTP/1.1 "
            + (part ? "206 Part" : "200 OK")
            + "\r\nContent-Length: "
            + (last - first + 1)
            + "\r\n"
            + contentRange
            + "Cache-Control: max-age=60\r\nETag: \"v"
            + version
            + "\"\r\n"
            + fields
            + "\r\n");
    call.send(bytes(version, first, last).getBytes(StandardCharsets.ISO_8859_1));
  }

  private List<String> asked(String target) {
    return origin.requests(target).stream().map(s -> s.first("Range").orElse("whole")).toList();
  }

  @Test
  void aRangeOfTwentyGigabytesCostsAFewSlices() throws Exception {
    origin.on("/huge", call -> ranged(call, 'A', HUGE, ""));
    long first = 7L * SLICE - 100;
    long last = 8L * SLICE + 99;
    Response part = get("/huge", "Range: bytes=" + first + "-" + last);
    assertEquals(206, part.status());
    assertEquals(
        "bytes " + first + "-" + last + "/" + HUGE, part.first("Content-Range").orElse(""));
    assertEquals(bytes('A', first, last), part.body());
    assertEquals(
        List.of(
            "bytes=" + 6L * SLICE + "-" + (7L * SLICE - 1),
            "bytes=" + 7L * SLICE + "-" + (8L * SLICE - 1),
            "bytes=" + 8L * SLICE + "-" + (9L * SLICE - 1)),
        asked("/huge"));
    Response again = get("/huge", "Range: bytes=" + (first + 5) + "-" + (last - 5));
    assertEquals(bytes('A', first + 5, last - 5), again.body());
    assertTrue(again.cacheStatus().contains("hit"), again.cacheStatus());
    Response neighbour = get("/huge", "Range: bytes=" + 9L * SLICE + "-" + 9L * SLICE);
    assertEquals(bytes('A', 9L * SLICE, 9L * SLICE), neighbour.body());
    assertEquals(4, origin.requests("/huge").size(), "one slice more");
  }

  @Test
  void theLastBytesAndWhatIsBeyondAreFoundByTheFirstSlice() throws Exception {
    long length = 3L * SLICE + 10;
    origin.on("/a", call -> ranged(call, 'A', length, ""));
    Response suffix = get("/a", "Range: bytes=-20");
    assertEquals(206, suffix.status());
    assertEquals(bytes('A', length - 20, length - 1), suffix.body());
    Response beyond = get("/a", "Range: bytes=" + (4L * SLICE) + "-");
    assertEquals(416, beyond.status());
    assertEquals("bytes */" + length, beyond.first("Content-Range").orElse(""));
  }

  @Test
  void aSmallWholeIsStoredAsSuch() throws Exception {
    origin.on("/small", call -> ranged(call, 'A', 1000, ""));
    assertEquals(bytes('A', 10, 19), get("/small", "Range: bytes=10-19").body());
    Response whole = get("/small");
    assertEquals(200, whole.status());
    assertEquals(bytes('A', 0, 999), whole.body());
    assertTrue(whole.cacheStatus().contains("hit"), whole.cacheStatus());
    assertEquals(1, origin.requests("/small").size());
  }

  @Test
  void anOriginWithoutRangesIsAskedOnce() throws Exception {
    origin.on("/plain", call -> call.ok(bytes('A', 0, 999_999), "Cache-Control: max-age=60"));
    Response part = get("/plain", "Range: bytes=700000-700009");
    assertEquals(206, part.status());
    assertEquals(bytes('A', 700_000, 700_009), part.body());
    assertEquals(bytes('A', 5, 9), get("/plain", "Range: bytes=5-9").body());
    assertEquals(1, origin.requests("/plain").size());
  }

  @Test
  void aWholeIsPutTogetherFromSlicesAndOnlyWhatIsMissingIsFetched() throws Exception {
    long length = 4L * SLICE + 7;
    origin.on("/a", call -> ranged(call, 'A', length, ""));
    get("/a", "Range: bytes=0-0");
    get("/a", "Range: bytes=" + 2L * SLICE + "-" + 2L * SLICE);
    Response whole = get("/a");
    assertEquals(200, whole.status());
    assertEquals(Long.toString(length), whole.first("Content-Length").orElse(""));
    assertEquals(bytes('A', 0, length - 1), whole.body());
    assertEquals(5, origin.requests("/a").size(), "each slice once");
  }

  @Test
  void aConditionIsAnsweredFromASlice() throws Exception {
    origin.on("/a", call -> ranged(call, 'A', HUGE, ""));
    get("/a", "Range: bytes=0-0");
    assertEquals(304, get("/a", "If-None-Match: \"vA\"", "Range: bytes=0-9").status());
    assertEquals(412, get("/a", "If-Match: \"vB\"", "Range: bytes=0-9").status());
    assertEquals(206, get("/a", "If-Range: \"vA\"", "Range: bytes=0-9").status());
    assertEquals(1, origin.requests("/a").size());
  }

  /**
   * Mixed bytes are never sent: what has begun ends incomplete, what comes next is of one piece.
   */
  @Test
  void aFileThatChangesBetweenSlicesIsBegunAnew() throws Exception {
    long length = 4L * SLICE;
    AtomicReference<Character> version = new AtomicReference<>('A');
    origin.on("/a", call -> ranged(call, version.get(), length, ""));
    get("/a", "Range: bytes=0-0");
    get("/a", "Range: bytes=" + SLICE + "-" + SLICE);
    version.set('B');
    try (RawClient client = new RawClient(edge.port())) {
      client.send("GET", "/a", "Range: bytes=0-" + (length - 1));
      client.head();
      String body = client.rest();
      assertEquals(bytes('A', 0, body.length() - 1L), body, "of one version");
      assertEquals(2L * SLICE, body.length(), "and not whole");
    }
    Response anew = get("/a", "Range: bytes=0-" + (length - 1));
    assertEquals(bytes('B', 0, length - 1), anew.body());
  }

  @Test
  void staleSlicesAreValidated() throws Exception {
    origin.on(
        "/a",
        call -> {
          if (call.request().first("If-None-Match").isPresent()) {
            call.send(
                "HTTP/1.1 304 Not Modified\r\nETag: \"vA\"\r\nCache-Control: max-age=60\r\n\r\n");
          } else {
            ranged(call, 'A', HUGE, "");
          }
        });
    get("/a", "Range: bytes=0-9");
    edge.later(Duration.ofSeconds(100));
    assertEquals(bytes('A', 3, 9), get("/a", "Range: bytes=3-9").body());
    List<Seen> seen = origin.requests("/a");
    assertEquals(2, seen.size());
    assertEquals("\"vA\"", seen.getLast().first("If-None-Match").orElse(""));
    get("/a", "Range: bytes=3-9");
    assertEquals(2, origin.requests("/a").size(), "fresh again");
  }

  @Test
  void aPurgeByUrlCoversEverySlice() throws Exception {
    AtomicReference<Character> version = new AtomicReference<>('A');
    origin.on("/a", call -> ranged(call, version.get(), HUGE, ""));
    get("/a", "Range: bytes=0-9");
    get("/a", "Range: bytes=" + SLICE + "-" + SLICE);
    version.set('B');
    edge.purge("/a");
    assertEquals(bytes('B', 0, 9), get("/a", "Range: bytes=0-9").body());
    long at = SLICE;
    assertEquals(bytes('B', at, at), get("/a", "Range: bytes=" + at + "-" + at).body());
  }

  @Test
  void manyReadersOfOneSliceCostOneFetch() throws Exception {
    origin.on(
        "/a",
        call -> {
          Awaitility.await().until(() -> edge.openRequests() == 20);
          ranged(call, 'A', HUGE, "");
        });
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> bodies = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        bodies.add(
            clients.submit(
                () -> RawClient.get(edge.port(), "/a", "Range: bytes=100-199999").body()));
      }
      for (Future<String> body : bodies) {
        assertEquals(bytes('A', 100, 199_999), body.get(20, TimeUnit.SECONDS));
      }
    }
    assertEquals(1, origin.requests("/a").size());
  }

  @Test
  void anErrorOfTheOriginIsAnsweredAsItIs() throws Exception {
    assertEquals(404, get("/nothing", "Range: bytes=0-9").status());
    origin.on("/a", call -> ranged(call, 'A', HUGE, ""));
    get("/a", "Range: bytes=0-9");
    origin.on("/a", call -> call.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"));
    try (RawClient client = new RawClient(edge.port())) {
      client.send("GET", "/a", "Range: bytes=0-" + (2L * SLICE));
      client.head();
      assertEquals(SLICE, client.rest().length(), "what was there, and then an end");
    }
    assertEquals(bytes('A', 0, 9), get("/a", "Range: bytes=0-9").body(), "the slice is still good");
  }

  @Test
  void whatIsTooLargeToBeStoredWholeIsStoredInSlices() throws Exception {
    long length = 17L << 20;
    origin.on("/film", call -> ranged(call, 'A', length, "Accept-Ranges: bytes\r\n"));
    Response whole = get("/film");
    assertEquals(200, whole.status());
    assertTrue(bytes('A', 0, length - 1).equals(whole.body()), "byte for byte");
    int asked = origin.requests("/film").size();
    assertEquals(1 + (length + SLICE - 1) / SLICE, asked);
    assertEquals(
        bytes('A', 9_000_000, 9_000_099), get("/film", "Range: bytes=9000000-9000099").body());
    assertTrue(bytes('A', 0, length - 1).equals(get("/film").body()), "and again");
    assertEquals(asked, origin.requests("/film").size(), "without the origin");
  }

  /** Other bounds than were asked for, or nothing that tells versions apart: no slices. */
  @Test
  void partsThatDoNotFitTogetherAreNotPutTogether() throws Exception {
    origin.on(
        "/weak",
        call -> {
          if (call.request().first("Range").isPresent()) {
            call.send(
                "HTTP/1.1 206 Part\r\nContent-Length: 10\r\nContent-Range: bytes 5-14/9000000\r\n"
                    + "Cache-Control: max-age=60\r\n\r\n0123456789");
          } else {
            call.ok(bytes('A', 0, 8999), "Cache-Control: max-age=60");
          }
        });
    Response part = get("/weak", "Range: bytes=100-109");
    assertEquals(206, part.status());
    assertEquals(bytes('A', 100, 109), part.body());
    assertEquals(2, origin.requests("/weak").size());
  }
}

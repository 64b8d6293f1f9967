package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Parts of a body (RFC 9111, sections 3.3 and 3.4): kept, combined where a strong validator allows
 * it, and sent in several ranges wherever they come from.
 */
@ExtendWith(NothingLeaks.class)
final class PartsIT {
  private static final int SLICE = EdgeUnderTest.SLICE_BYTES;
  private static final long LENGTH = 4L * SLICE + 100;
  private static final Pattern RANGE = Pattern.compile("bytes=([0-9]*)-([0-9]*)");
  private static final String STRONG = "ETag: \"1\"";

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

  private List<String> asked(String target) {
    return origin.requests(target).stream().map(s -> s.first("Range").orElse("whole")).toList();
  }

  /** Bytes that tell where they belong, and to which version. */
  private static String bytes(char version, long first, long last) {
    StringBuilder text = new StringBuilder();
    for (long at = first; at <= last; at++) {
      text.append(at % 16 == 0 ? version : (char) ('a' + (at / 16 + at) % 26));
    }
    return text.toString();
  }

  private static String bytes(long first, long last) {
    return bytes('A', first, last);
  }

  /** An origin that has a file and answers one range of it, the last bytes as well. */
  private static void ranged(ScriptedOrigin.Call call, char version, String... fields)
      throws IOException {
    Matcher range = RANGE.matcher(call.request().first("Range").orElse(""));
    long first = 0;
    long last = LENGTH - 1;
    boolean isPart = range.matches();
    if (isPart && range.group(1).isEmpty()) {
      first = LENGTH - Long.parseLong(range.group(2));
    } else if (isPart) {
      first = Long.parseLong(range.group(1));
      last = Math.min(last, Long.parseLong(range.group(2)));
    }
    head(call, isPart ? first : -1, last, last - first + 1, fields);
    call.send(bytes(version, first, last).getBytes(StandardCharsets.ISO_8859_1));
  }

  private static void head(
      ScriptedOrigin.Call call, long first, long last, long length, String... fields)
      throws IOException {
    String range = "Content-Range: bytes " + first + "-" + last + "/" + LENGTH + "\r\n";
    call.send(
        (first < 0 ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 206 Part\r\n" + range)
            + "Content-Length: "
            + length
            + "\r\nCache-Control: max-age=60\r\n"
            + (fields.length == 0 ? "" : String.join("\r\n", fields) + "\r\n")
            + "\r\n");
  }

  /** What a multipart answer is to be, whatever its boundary. */
  private static void assertParts(Response answer, long... firstsAndLasts) {
    assertEquals(206, answer.status());
    String type = answer.first("Content-Type").orElse("");
    assertTrue(type.startsWith("multipart/byteranges; boundary="), type);
    String boundary = "--" + type.substring(type.indexOf('=') + 1);
    StringBuilder expected = new StringBuilder();
    for (int i = 0; i < firstsAndLasts.length; i += 2) {
      long first = firstsAndLasts[i];
      long last = firstsAndLasts[i + 1];
      expected.append(i == 0 ? "" : "\r\n").append(boundary);
      expected.append("\r\nContent-Range: bytes " + first + "-" + last + "/" + LENGTH);
      expected.append("\r\n\r\n").append(bytes(first, last));
    }
    assertTrue((expected + "\r\n" + boundary + "--\r\n").equals(answer.body()), "byte for byte");
    assertEquals(
        Integer.toString(answer.body().length()), answer.first("Content-Length").orElse(""));
  }

  @Test
  void severalRangesComeFromSlicesInTheOrderAskedFor() throws Exception {
    origin.on("/a", call -> ranged(call, 'A', STRONG));
    long far = 3L * SLICE - 10;
    String ranges = "Range: bytes=" + far + "-" + (far + 19) + ", 5-9, -7";
    assertParts(get("/a", ranges), far, far + 19, 5, 9, LENGTH - 7, LENGTH - 1);
    int asked = asked("/a").size();
    assertEquals(4, asked, "only the slices that the ranges lie in: " + asked("/a"));
    assertParts(get("/a", ranges), far, far + 19, 5, 9, LENGTH - 7, LENGTH - 1);
    assertEquals(asked, asked("/a").size(), "and those once");
  }

  @Test
  void severalRangesComeFromABodyThatIsStillComingIn() throws Exception {
    CountDownLatch readers = new CountDownLatch(1);
    origin.on(
        "/a",
        call -> {
          head(call, -1, 0, LENGTH, STRONG);
          call.send(bytes(0, 2L * SLICE - 1).getBytes(StandardCharsets.ISO_8859_1));
          assertTrue(readers.await(20, TimeUnit.SECONDS), "somebody reads");
          call.send(bytes(2L * SLICE, LENGTH - 1).getBytes(StandardCharsets.ISO_8859_1));
        });
    try (RawClient leader = new RawClient(edge.port());
        RawClient forth = new RawClient(edge.port());
        RawClient back = new RawClient(edge.port())) {
      leader.send("GET", "/a");
      leader.head();
      String begun = leader.read(2 * SLICE);
      long far = 2L * SLICE + 1000;
      forth.send("GET", "/a", "If-Range: \"1\"", "Range: bytes=7-9,300-399," + far + "-" + far);
      back.send("GET", "/a", "Range: bytes=" + far + "-" + (far + 9) + ",100000-100009,0-1");
      Awaitility.await().until(() -> edge.openRequests() == 3);
      readers.countDown();
      assertParts(forth.response(false), 7, 9, 300, 399, far, far);
      assertParts(back.response(false), far, far + 9, 100_000, 100_009, 0, 1);
      String rest = leader.read((int) LENGTH - 2 * SLICE);
      assertTrue(bytes(0, LENGTH - 1).equals(begun + rest), "and the whole");
    }
  }

  /** What passes through unstored comes by once: its parts are sent in its order. */
  @Test
  void severalRangesOfWhatIsNotStoredComeInTheOrderOfTheBody() throws Exception {
    origin.on(
        "/a",
        call ->
            call.send(
                "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nCache-Control: no-store\r\n\r\n"
                    + bytes(0, 999)));
    Response answer = get("/a", "Range: bytes=900-904,100-104");
    assertEquals(206, answer.status());
    String body = answer.body();
    assertTrue(body.indexOf(bytes(100, 104)) < body.indexOf(bytes(900, 904)), body);
  }

  @Test
  void theLastBytesAreAskedForAsSuchAndKept() throws Exception {
    origin.on("/a", call -> ranged(call, 'A', STRONG));
    Response tail = get("/a", "Range: bytes=-500");
    assertEquals(206, tail.status());
    assertEquals(bytes(LENGTH - 500, LENGTH - 1), tail.body());
    assertEquals(List.of("bytes=-500"), asked("/a"));
    long first = LENGTH - 300;
    for (String within : List.of("-500", "-20", first + "-", first + "-" + (first + 9))) {
      Response hit = get("/a", "Range: bytes=" + within);
      assertEquals(206, hit.status());
      assertTrue(hit.cacheStatus().contains("hit"), within + " " + hit.cacheStatus());
      assertTrue(bytes(0, LENGTH - 1).contains(hit.body()), within);
    }
    assertEquals(304, get("/a", "If-None-Match: \"1\"", "Range: bytes=-20").status());
    assertEquals(1, asked("/a").size());
  }

  @Test
  void aPartIsCombinedWithSlices() throws Exception {
    origin.on("/a", call -> ranged(call, 'A', STRONG));
    get("/a", "Range: bytes=-500");
    long first = 3L * SLICE + 50;
    Response both = get("/a", "Range: bytes=" + first + "-");
    assertEquals(bytes(first, LENGTH - 1), both.body());
    Response whole = get("/a");
    assertEquals(200, whole.status());
    assertTrue(bytes(0, LENGTH - 1).equals(whole.body()), "byte for byte");
  }

  /** Section 3.4: never without a strong validator; but a range within a part needs none. */
  @Test
  void withoutAStrongValidatorOnlyRangesWithinThePartAreAnswered() throws Exception {
    for (String weak : List.of("X: none", "ETag: W/\"1\"", "Last-Modified: yesterday")) {
      String target = "/" + weak.length();
      origin.on(target, call -> ranged(call, 'A', weak));
      get(target, "Range: bytes=-500");
      assertTrue(get(target, "Range: bytes=-20").cacheStatus().contains("hit"), weak);
      assertEquals(1, asked(target).size());
      long first = LENGTH - 600;
      assertEquals(bytes(first, LENGTH - 1), get(target, "Range: bytes=" + first + "-").body());
      assertEquals("whole", asked(target).getLast(), "from one response");
    }
  }

  /** RFC 9110, section 15.3.7: a body that is not what its Content-Range says is not kept. */
  @Test
  void aPartOfAnotherLengthThanItSaysIsNotKept() throws Exception {
    origin.on(
        "/a",
        call -> {
          head(call, LENGTH - 6, LENGTH - 1, 5, STRONG);
          call.send("01234");
        });
    for (int i = 1; i <= 2; i++) {
      assertEquals("01234", get("/a", "Range: bytes=-6").body(), "as the origin sent it");
      assertEquals(2 * i, asked("/a").size(), "and the whole is asked for once");
    }
  }

  @Test
  void theBeginningOfABodyThatBrokeOffIsKeptAndCompleted() throws Exception {
    long broke = 2L * SLICE + 70;
    origin.on(
        "/a",
        call -> {
          if (call.request().first("Range").isPresent()) {
            ranged(call, 'A', STRONG);
          } else {
            head(call, -1, 0, LENGTH, STRONG);
            call.send(bytes(0, broke - 1).getBytes(StandardCharsets.ISO_8859_1));
            call.close();
          }
        });
    try (RawClient client = new RawClient(edge.port())) {
      client.send("GET", "/a");
      client.head();
      assertEquals(bytes(0, broke - 1), client.rest());
    }
    Response within = get("/a", "Range: bytes=100-" + (2 * SLICE));
    assertEquals(bytes(100, 2L * SLICE), within.body());
    assertTrue(within.cacheStatus().contains("hit"), within.cacheStatus());
    Response whole = get("/a");
    assertEquals(200, whole.status());
    assertEquals(Long.toString(LENGTH), whole.first("Content-Length").orElse(""));
    assertTrue(bytes(0, LENGTH - 1).equals(whole.body()), "byte for byte");
    List<String> rest = asked("/a").subList(1, asked("/a").size());
    assertEquals("bytes=" + 2 * SLICE + "-" + (3 * SLICE - 1), rest.getFirst());
    assertEquals(3, rest.size(), "what is there is not fetched again: " + rest);
  }

  /** Section 3.3: an incomplete response never answers for the whole. */
  @Test
  void whatBrokeOffWithoutAStrongValidatorIsFetchedAnew() throws Exception {
    CountDownLatch once = new CountDownLatch(1);
    origin.on(
        "/a",
        call -> {
          head(call, -1, 0, LENGTH, "ETag: W/\"1\"");
          boolean isFirst = once.getCount() == 1;
          once.countDown();
          long end = isFirst ? 2L * SLICE : LENGTH;
          call.send(bytes(0, end - 1).getBytes(StandardCharsets.ISO_8859_1));
          if (isFirst) {
            call.close();
          }
        });
    try (RawClient client = new RawClient(edge.port())) {
      client.send("GET", "/a");
      client.head();
      client.rest();
    }
    assertTrue(bytes(0, LENGTH - 1).equals(get("/a").body()), "byte for byte");
    assertEquals(List.of("whole", "whole"), asked("/a"));
  }

  @Test
  void purgesAgeAndVaryHoldForParts() throws Exception {
    origin.on("/purged", call -> ranged(call, 'A', STRONG));
    get("/purged", "Range: bytes=-5");
    origin.on("/purged", call -> ranged(call, 'B', "ETag: \"2\""));
    edge.purge("/purged");
    Response anew = get("/purged", "Range: bytes=-5");
    assertEquals(bytes('B', LENGTH - 5, LENGTH - 1), anew.body());
    origin.on("/vary", call -> ranged(call, 'A', STRONG, "Vary: X-Kind"));
    get("/vary", "Range: bytes=-5", "X-Kind: one");
    get("/vary", "Range: bytes=-5", "X-Kind: two");
    get("/vary", "Range: bytes=-5", "X-Kind: one");
    assertEquals(2, asked("/vary").size());
    origin.on("/old", call -> ranged(call, 'A', STRONG));
    get("/old", "Range: bytes=-5");
    edge.later(Duration.ofSeconds(100));
    get("/old", "Range: bytes=-5");
    assertEquals(2, asked("/old").size());
  }

  /** The story: every slice of a large whole cost the reader a round trip to the origin. */
  @Test
  void theNextSliceIsAskedForWhileTheOneBeforeIsSent() throws Exception {
    CountDownLatch second = new CountDownLatch(1);
    CountDownLatch third = new CountDownLatch(1);
    origin.on(
        "/a",
        call -> {
          String range = call.request().first("Range").orElse("");
          if (range.startsWith("bytes=0-")) {
            head(call, 0, SLICE - 1, SLICE, STRONG);
            call.send(bytes(0, SLICE / 2 - 1).getBytes(StandardCharsets.ISO_8859_1));
            assertTrue(second.await(20, TimeUnit.SECONDS), "the second is asked for meanwhile");
            assertEquals(1, third.getCount(), "one ahead and no more");
            call.send(bytes(SLICE / 2, SLICE - 1).getBytes(StandardCharsets.ISO_8859_1));
            return;
          }
          (range.startsWith("bytes=" + SLICE + "-") ? second : third).countDown();
          ranged(call, 'A', STRONG);
        });
    Response whole = get("/a", "Range: bytes=0-");
    assertTrue(bytes(0, LENGTH - 1).equals(whole.body()), "byte for byte");
    assertEquals(5, asked("/a").size(), "each slice once");
  }
}

package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What breaks HTTP/1.1 (RFC 9112) in an origin's answer is an error, and never stored. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class StrictResponsesIT {
  private static final String OK = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n";
  private static final String CHUNKED = OK + "Transfer-Encoding: chunked\r\n\r\n";

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

  static Stream<Arguments> heads() {
    String body = "Content-Length: 4\r\n\r\ngood";
    return Stream.of(
        Arguments.of("4: no version", "HTTP 200 OK\r\n" + body),
        Arguments.of("4: another version", "HTTP/2.0 200 OK\r\n" + body),
        Arguments.of("4: a version that is none", "HTTP/1.9 200 OK\r\n" + body),
        Arguments.of("4: a status of four digits", "HTTP/1.1 2000 OK\r\n" + body),
        Arguments.of("4: a status of two digits", "HTTP/1.1 20 OK\r\n" + body),
        Arguments.of("4: a status past 599", "HTTP/1.1 600 OK\r\n" + body),
        Arguments.of("4: a status of letters", "HTTP/1.1 2x0 OK\r\n" + body),
        Arguments.of("4: two spaces", "HTTP/1.1  200 OK\r\n" + body),
        Arguments.of("2.2: a bare LF", "HTTP/1.1 200 OK\n" + body),
        Arguments.of("2.2: a bare LF behind a field", OK + "A: b\n" + body),
        Arguments.of("2.2: a bare CR", OK + "A: b\rc\r\n" + body),
        Arguments.of("5: a NUL", OK + "A: b\0c\r\n" + body),
        Arguments.of("5: no colon", OK + "A b\r\n" + body),
        Arguments.of("5.1: a space before the colon", OK + "A : b\r\n" + body),
        Arguments.of("5.1: no name", OK + ": b\r\n" + body),
        Arguments.of("5.2: a folded line", OK + "A: b\r\n c\r\n" + body),
        Arguments.of("6.1: an unknown coding", OK + "Transfer-Encoding: xchunked\r\n\r\n"),
        Arguments.of("6.1: two codings", OK + "Transfer-Encoding: gzip, chunked\r\n\r\n"),
        Arguments.of("6.1: twice chunked", OK + "Transfer-Encoding: chunked, chunked\r\n\r\n"),
        Arguments.of("6.1: a length beside it", OK + "Transfer-Encoding: chunked\r\n" + body),
        Arguments.of(
            "6.1: in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Arguments.of("4: a tab behind the version", "HTTP/1.1\t200 OK\r\n" + body),
        Arguments.of("4: lower case", "http/1.1 200 OK\r\n" + body),
        Arguments.of("4: an empty line in front", "\r\nHTTP/1.1 200 OK\r\n" + body),
        Arguments.of("4: a NUL in the reason", "HTTP/1.1 200 O\0K\r\n" + body),
        Arguments.of("4: a status below 100", "HTTP/1.1 099 OK\r\n" + body),
        Arguments.of("2.2: a bare LF at the end", OK + "Content-Length: 4\r\n\ngood"),
        Arguments.of("2.2: space before the first field", OK.replace("Cache", " Cache") + body),
        Arguments.of("5.1: a tab before the colon", OK + "A\t: b\r\n" + body),
        Arguments.of("5.1: a name with brackets", OK + "A[0]: b\r\n" + body),
        Arguments.of("5.5: DEL in a value", OK + "A: b\u007f\r\n" + body),
        Arguments.of("5.2: a folded coding", OK + "Transfer-Encoding:\r\n chunked\r\n\r\n"),
        Arguments.of(
            "6.1: chunked with a parameter", OK + "Transfer-Encoding: chunked;q=1\r\n\r\n"),
        Arguments.of("6.1: chunked in quotes", OK + "Transfer-Encoding: \"chunked\"\r\n\r\n"),
        Arguments.of("6.1: an empty coding", OK + "Transfer-Encoding:\r\n\r\n"),
        Arguments.of("6.1: identity", OK + "Transfer-Encoding: identity\r\n" + body),
        Arguments.of(
            "6.1: two lines of coding",
            OK + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Arguments.of("6.2: a negative length", OK + "Content-Length: -4\r\n\r\ngood"),
        Arguments.of("6.2: a hexadecimal length", OK + "Content-Length: 0x4\r\n\r\ngood"),
        Arguments.of("6.2: an empty length", OK + "Content-Length:\r\n\r\ngood"),
        Arguments.of(
            "6.2: a length past counting", OK + "Content-Length: 99999999999999999999\r\n\r\n"),
        Arguments.of("6.2: two lengths", OK + "Content-Length: 4\r\n" + body),
        Arguments.of("6.2: a list of lengths", OK + "Content-Length: 4, 4\r\n\r\ngood"),
        Arguments.of("6.2: a signed length", OK + "Content-Length: +4\r\n\r\ngood"),
        Arguments.of("6.2: a length of letters", OK + "Content-Length: four\r\n\r\ngood"),
        Arguments.of("15.2.2: 101 unasked", "HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n"),
        Arguments.of("a head without an end", OK + "A: b\r\n".repeat(300) + body));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("heads")
  void aMalformedHeadIs502(String section, String answer) throws Exception {
    origin.on("/a", call -> call.send(answer));
    for (int i = 0; i < 2; i++) {
      Response response = RawClient.get(edge.port(), "/a");
      assertEquals(502, response.status(), section);
      assertTrue(response.cacheStatus().contains("origin-bad-response"), response.cacheStatus());
    }
    assertTrue(origin.requests("/a").size() >= 2, "it was stored");
    assertEquals(
        origin.requests("/a").size(),
        origin.requests("/a").getLast().connection(),
        "a connection was used again");
  }

  static Stream<Arguments> bodies() {
    return Stream.of(
        Arguments.of("7.1: no size", CHUNKED + "\r\ngood\r\n0\r\n\r\n"),
        Arguments.of("7.1: letters", CHUNKED + "xyz\r\ngood\r\n0\r\n\r\n"),
        Arguments.of("7.1: a sign", CHUNKED + "+4\r\ngood\r\n0\r\n\r\n"),
        Arguments.of("7.1: a prefix", CHUNKED + "0x4\r\ngood\r\n0\r\n\r\n"),
        Arguments.of("7.1: a size past counting", CHUNKED + "ffffffffffffffff4\r\ngood"),
        Arguments.of("7.1: a bare LF behind a size", CHUNKED + "4\ngood\r\n0\r\n\r\n"),
        Arguments.of("7.1: a bare LF behind data", CHUNKED + "4\r\ngood\n0\r\n\r\n"),
        Arguments.of("7.1: more data than its size", CHUNKED + "4\r\ngoodness\r\n0\r\n\r\n"),
        Arguments.of("7.1: less data than its size", CHUNKED + "8\r\ngood\r\n0\r\n\r\n"),
        Arguments.of("7.1: a blank before a size", CHUNKED + " 4\r\ngood\r\n0\r\n\r\n"),
        Arguments.of("7.1: a bare CR behind a size", CHUNKED + "4\rgood\r\n0\r\n\r\n"),
        Arguments.of("7.1: no line end behind data", CHUNKED + "4\r\ngood0\r\n\r\n"),
        Arguments.of("7.1: an empty line between", CHUNKED + "4\r\ngood\r\n\r\n0\r\n\r\n"),
        Arguments.of("7.1: no last chunk", CHUNKED + "4\r\ngood\r\n"),
        Arguments.of("7.1: half a last chunk", CHUNKED + "4\r\ngood\r\n0\r\n"),
        Arguments.of("6.2: less than its length", OK + "Content-Length: 8\r\n\r\ngood"),
        Arguments.of("7.1.1: LF in an extension", CHUNKED + "4;a\n0\r\ngood\r\n0\r\n\r\n"),
        Arguments.of("7.1.1: junk before an extension", CHUNKED + "4 x\r\ngood\r\n0\r\n\r\n"),
        Arguments.of("7.1.2: a trailer without a colon", CHUNKED + "4\r\ngood\r\n0\r\nA\r\n\r\n"),
        Arguments.of("7.1.2: a folded trailer", CHUNKED + "4\r\ngood\r\n0\r\nA: b\r\n c\r\n\r\n"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("bodies")
  void aMalformedBodyIsNeverWholeNorStored(String section, String answer) throws Exception {
    origin.on(
        "/a",
        call -> {
          call.send(answer);
          call.close();
        });
    for (int i = 0; i < 2; i++) {
      try (RawClient client = new RawClient(edge.port())) {
        client.send("GET", "/a", "Connection: close");
        String all = client.rest();
        assertFalse(all.endsWith("\r\n0\r\n\r\n"), section + " ended well: " + all);
      }
      Awaitility.await().until(() -> edge.openFetches() == 0);
    }
    assertTrue(origin.requests("/a").size() >= 2, "it was stored");
  }

  @Test
  void whatComesBehindTheAnswerIsNoAnswer() throws Exception {
    String more = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad";
    origin.on("/a", call -> call.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood" + more));
    origin.on("/b", call -> call.ok("right"));
    assertEquals("good", RawClient.get(edge.port(), "/a").body());
    assertEquals("right", RawClient.get(edge.port(), "/b").body());
    assertEquals(2, origin.requests("/b").getFirst().connection());
  }

  @Test
  void aLengthBesideA304AndA204IsNotWaitedFor() throws Exception {
    origin.on("/204", call -> call.send("HTTP/1.1 204 No\r\nContent-Length: 10\r\n\r\n"));
    assertEquals(204, RawClient.request(edge.port(), "POST", "/204").status());
  }

  @Test
  void extensionsAndTrailersOfTheGrammarPass() throws Exception {
    origin.on(
        "/a", call -> call.send(CHUNKED + "2 ;a=\"b\"\r\ngo\r\n002\r\nod\r\n0;x\r\nA: b\r\n\r\n"));
    assertEquals("good", RawClient.get(edge.port(), "/a").body());
    Awaitility.await().until(() -> edge.openFetches() == 0);
    assertEquals("good", RawClient.get(edge.port(), "/a").body());
    assertEquals(1, origin.requests("/a").size());
  }
}

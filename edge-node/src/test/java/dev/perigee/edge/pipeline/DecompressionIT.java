package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.ContentCoding;
import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.edge.respond.coding.TestCodings;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the origin has coded itself: kept for who takes it, undone for who does not. */
@ExtendWith(NothingLeaks.class)
final class DecompressionIT {
  private static final String BODY = TestCodings.text("a", 300_000);
  private static final String FRESH = "Cache-Control: max-age=600";
  private static final String TAG = "ETag: \"1\"";

  private ScriptedOrigin origin;
  private EdgeUnderTest edge;

  @BeforeEach
  void start(@TempDir Path directory) throws Exception {
    origin = ScriptedOrigin.start();
    edge = new EdgeUnderTest(directory, origin.port());
  }

  @AfterEach
  void stop() throws Exception {
    assertEquals(0, edge.representations().decodings().open());
    edge.close();
    origin.close();
  }

  private Response get(String target, String... fields) throws IOException {
    Awaitility.await().until(() -> edge.openFetches() == 0);
    return RawClient.get(edge.port(), target, fields);
  }

  private List<String> asked(String target) {
    return origin.requests(target).stream()
        .map(seen -> seen.first("Accept-Encoding").orElse("none"))
        .toList();
  }

  @ParameterizedTest
  @EnumSource(ContentCoding.class)
  void aReaderWhoTakesNoneOfItGetsItUncompressed(ContentCoding coding) throws IOException {
    String coded = TestCodings.coded(coding, BODY);
    String encoding = "Content-Encoding: " + coding.token();
    origin.on("/d", call -> call.ok(coded, encoding, FRESH, TAG, "Accept-Ranges: bytes"));
    for (String range : List.of("X-None: 1", "Range: bytes=0-9")) {
      Response plain = get("/d", range);
      assertEquals(200, plain.status());
      assertEquals(BODY, plain.body());
      assertEquals(List.of(), plain.all("Content-Encoding"));
      assertEquals(List.of(), plain.all("Accept-Ranges"));
      assertEquals(List.of("W/\"1\""), plain.all("ETag"));
      assertEquals(List.of("Accept-Encoding"), plain.all("Vary"));
    }
    Response kept = get("/d", "Accept-Encoding: " + coding.token());
    assertEquals(coded, kept.body());
    assertEquals(List.of(coding.token()), kept.all("Content-Encoding"));
    assertEquals(List.of("\"1\""), kept.all("ETag"));
    Response head = RawClient.request(edge.port(), "HEAD", "/d");
    assertEquals(List.of(), head.all("Content-Encoding"));
    assertEquals(List.of(), head.all("Content-Length"));
    assertEquals(304, get("/d", "If-None-Match: W/\"1\"").status());
    assertEquals(1, origin.requests("/d").size());
  }

  /** Nobody can read a part of what is coded who cannot read all of it. */
  @Test
  void aRangeOfWhatIsNotStoredYetIsAnsweredWithTheWhole() throws IOException {
    String coded = TestCodings.coded(ContentCoding.GZIP, BODY);
    origin.on("/r", call -> call.ok(coded, "Content-Encoding: gzip", FRESH, TAG));
    Response whole = get("/r", "Range: bytes=0-9");
    assertEquals(200, whole.status());
    assertEquals(BODY, whole.body());
    Response part = get("/r", "Accept-Encoding: gzip", "Range: bytes=0-9");
    assertEquals(206, part.status());
    assertEquals(coded.substring(0, 10), part.body());
  }

  @Test
  void whatIsNotStoredIsUncompressedTooAsItComes() throws IOException {
    String coded = TestCodings.coded(ContentCoding.GZIP, BODY);
    origin.on("/p", call -> call.ok(coded, "Content-Encoding: gzip", "Cache-Control: private"));
    assertEquals(BODY, get("/p").body());
    assertEquals(coded, get("/p", "Accept-Encoding: gzip").body());
    assertEquals(2, origin.requests("/p").size());
  }

  @Test
  void whatForbidsItStaysCoded() throws IOException {
    String coded = TestCodings.coded(ContentCoding.GZIP, BODY);
    origin.on("/t", call -> call.ok(coded, "Content-Encoding: gzip", FRESH + ", no-transform"));
    assertEquals(coded, get("/t").body());
    origin.on("/u", call -> call.ok(coded, "Content-Encoding: gzip", FRESH));
    assertEquals(coded, get("/u", "Cache-Control: no-transform").body());
  }

  @Test
  void whatIsNotOfItsCodingEndsIncomplete() {
    origin.on("/junk", call -> call.ok(BODY, "Content-Encoding: gzip", FRESH));
    assertThrows(IOException.class, () -> get("/junk"));
    assertThrows(IOException.class, () -> get("/junk"));
    String coded;
    try {
      coded = TestCodings.coded(ContentCoding.GZIP, BODY);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    origin.on("/torn", call -> call.ok(coded.substring(0, 9000), "Content-Encoding: gzip", FRESH));
    assertThrows(IOException.class, () -> get("/torn"));
    assertEquals(3, edge.representations().decodings().broken());
  }

  /** What unfolds to more than a thousand times its size is a bomb. */
  @Test
  void aBombEndsIncompleteAndTakesNoMemory() throws IOException {
    String bomb = TestCodings.coded(ContentCoding.BR, "x".repeat(64 << 20));
    assertTrue(bomb.length() < 64 << 10);
    origin.on("/bomb", call -> call.ok(bomb, "Content-Encoding: br", FRESH));
    assertThrows(IOException.class, () -> get("/bomb"));
    assertEquals(1, edge.representations().decodings().broken());
    assertEquals(bomb, get("/bomb", "Accept-Encoding: gzip, br").body());
  }

  @Test
  void originsAreAskedForOneOfFour() throws IOException {
    origin.on("/a", call -> call.ok(BODY, "Cache-Control: no-store"));
    get("/a", "Accept-Encoding: gzip, deflate, br, zstd");
    get("/a", "Accept-Encoding: br;q=0.5, gzip;q=0.9");
    get("/a", "Accept-Encoding: deflate, gzip");
    get("/a", "Accept-Encoding: br");
    get("/a", "Accept-Encoding: deflate");
    get("/a");
    assertEquals(
        List.of("br, gzip", "br, gzip", "gzip", "br", "identity", "identity"), asked("/a"));
  }

  /** However readers spell it, those who take the same share what an origin varies by it. */
  @Test
  void anOriginThatVariesIsAskedOnceForEachKindOfReader() throws IOException {
    String coded = TestCodings.coded(ContentCoding.GZIP, BODY);
    origin.on(
        "/v",
        call -> {
          boolean gzip = call.request().first("Accept-Encoding").orElse("").contains("gzip");
          String vary = "Vary: Accept-Encoding";
          if (gzip) {
            call.ok(coded, "Content-Encoding: gzip", FRESH, vary);
          } else {
            call.ok(BODY, "Content-Type: text/html", FRESH, vary);
          }
        });
    assertEquals(coded, get("/v", "Accept-Encoding: gzip, br").body());
    assertEquals(coded, get("/v", "Accept-Encoding: br, gzip, deflate, zstd").body());
    assertEquals(BODY, get("/v").body());
    assertEquals(BODY, get("/v", "Accept-Encoding: deflate").body());
    Response second = get("/v", "Accept-Encoding: gzip;q=0.3, br;q=0.1");
    assertEquals(Optional.of("gzip"), second.first("Content-Encoding"));
    assertTrue(second.cacheStatus().contains("hit"), second.cacheStatus());
    assertEquals(List.of("br, gzip", "identity"), asked("/v"));
  }
}

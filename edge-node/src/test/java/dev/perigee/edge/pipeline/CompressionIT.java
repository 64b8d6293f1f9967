package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.CompressionPolicy;
import dev.perigee.contract.ContentCoding;
import dev.perigee.contract.PurgeScope;
import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.edge.respond.coding.TestCodings;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compressed once, kept beside the response that it is of, and right in all that HTTP says. */
@ExtendWith(NothingLeaks.class)
final class CompressionIT {
  private static final String OLD = TestCodings.text("old", 20_000);
  private static final String NEW = TestCodings.text("new", 20_000);
  private static final String CSS = "Content-Type: text/css";
  private static final String FRESH = "Cache-Control: max-age=600";
  private static final String TAG = "ETag: \"1\"";
  private static final String BR = "Accept-Encoding: gzip, deflate, br";

  private ScriptedOrigin origin;
  private EdgeUnderTest edge;

  @BeforeEach
  void start(@TempDir Path directory) throws Exception {
    origin = ScriptedOrigin.start();
    edge = new EdgeUnderTest(directory, origin.port());
  }

  @AfterEach
  void stop() throws Exception {
    edge.close();
    origin.close();
  }

  /** Once nothing is being fetched nor compressed any more. */
  private Response request(String method, String target, String... fields) throws IOException {
    Awaitility.await()
        .until(() -> edge.openFetches() == 0 && edge.representations().compressor().waiting() == 0);
    return RawClient.request(edge.port(), method, target, fields);
  }

  private Response get(String target, String... fields) throws IOException {
    return request("GET", target, fields);
  }

  private long compressed() {
    return edge.representations().compressor().compressed();
  }

  /** Fetched, and asked for so that it is compressed. */
  private void compress(String target) throws IOException {
    assertEquals(Optional.empty(), get(target).first("Content-Encoding"));
    assertEquals(Optional.empty(), get(target, BR).first("Content-Encoding"));
  }

  private static void assertBr(String body, Response response) throws IOException {
    assertEquals(Optional.of("br"), response.first("Content-Encoding"), response.toString());
    assertEquals(body, TestCodings.decoded(ContentCoding.BR, response.body()));
  }

  private static void assertPlain(String body, Response response) {
    assertEquals(Optional.empty(), response.first("Content-Encoding"), response.toString());
    assertEquals(body, response.body());
  }

  @ParameterizedTest
  @EnumSource(ContentCoding.class)
  void whatIsAskedForAgainIsCompressedOnceForAllReaders(ContentCoding coding) throws IOException {
    origin.on("/a", call -> call.ok(OLD, CSS, FRESH, TAG));
    String takes = "Accept-Encoding: " + coding.token();
    assertPlain(OLD, get("/a", takes));
    assertPlain(OLD, get("/a", takes));
    for (int i = 0; i < 3; i++) {
      Response hit = get("/a", takes);
      assertEquals(Optional.of(coding.token()), hit.first("Content-Encoding"));
      assertEquals(OLD, TestCodings.decoded(coding, hit.body()));
      assertTrue(hit.cacheStatus().startsWith("perigee; hit"), hit.cacheStatus());
    }
    assertPlain(OLD, get("/a"));
    assertEquals(1, compressed());
    assertEquals(1, origin.requests("/a").size());
  }

  @Test
  void whatIsAskedForOnceIsNotCompressed() throws IOException {
    origin.on("/once", call -> call.ok(OLD, CSS, FRESH));
    get("/once", BR);
    assertEquals(0, edge.representations().compressor().waiting());
    assertEquals(0, compressed());
  }

  @Test
  void itsFieldsAreOfTheBytesThatGoOut() throws IOException {
    String digests = "Content-MD5: x\r\nDigest: sha-256=x\r\nRepr-Digest: sha-256=:eA==:";
    origin.on(
        "/f", call -> call.ok(OLD, CSS, FRESH, TAG, digests, "Accept-Ranges: bytes", "Vary: X"));
    compress("/f");
    Response coded = get("/f", BR);
    assertBr(OLD, coded);
    assertEquals(List.of("W/\"1\""), coded.all("ETag"));
    assertEquals(List.of("X, Accept-Encoding"), coded.all("Vary"));
    assertEquals(List.of(Integer.toString(coded.body().length())), coded.all("Content-Length"));
    for (String gone : List.of("Accept-Ranges", "Content-MD5", "Digest", "Repr-Digest")) {
      assertEquals(List.of(), coded.all(gone), gone);
    }
    Response head = request("HEAD", "/f", BR);
    assertEquals(coded.all("Content-Length"), head.all("Content-Length"));
    assertEquals(coded.all("Content-Encoding"), head.all("Content-Encoding"));
    Response plain = get("/f");
    assertEquals(List.of("\"1\""), plain.all("ETag"));
    assertEquals(List.of("X, Accept-Encoding"), plain.all("Vary"));
    assertEquals(1, plain.all("Repr-Digest").size());
    assertEquals(1, origin.requests("/f").size());
  }

  /** RFC 9110, section 13.1.2: If-None-Match compares weakly. */
  @ParameterizedTest
  @ValueSource(strings = {"\"1\"", "W/\"1\"", "\"0\", W/\"1\""})
  void whoeverHasEitherRepresentationHasThem(String tags) throws IOException {
    origin.on("/c", call -> call.ok(OLD, CSS, FRESH, TAG));
    compress("/c");
    for (String takes : List.of(BR, "Accept-Encoding: identity")) {
      Response same = get("/c", takes, "If-None-Match: " + tags);
      assertEquals(304, same.status());
      assertEquals(List.of("Accept-Encoding"), same.all("Vary"));
      assertEquals(List.of(takes.equals(BR) ? "W/\"1\"" : "\"1\""), same.all("ETag"));
    }
    assertEquals(1, origin.requests("/c").size());
  }

  @Test
  void rangesAndWhatGoesWithThemAreOfTheOriginsBytes() throws IOException {
    origin.on("/r", call -> call.ok(OLD, CSS, FRESH, TAG));
    compress("/r");
    Response part = get("/r", BR, "Range: bytes=100-199");
    assertEquals(206, part.status());
    assertPlain(OLD.substring(100, 200), part);
    assertEquals(List.of("\"1\""), part.all("ETag"));
    assertEquals(List.of("bytes 100-199/20000"), part.all("Content-Range"));
    assertEquals(206, get("/r", BR, "Range: bytes=5-9", "If-Range: \"1\"").status());
    // A weak tag is no reason to put parts together (section 13.1.5).
    assertPlain(OLD, get("/r", BR, "Range: bytes=5-9", "If-Range: W/\"1\""));
    assertEquals(200, get("/r", BR, "If-Match: \"1\"").status());
    assertEquals(1, origin.requests("/r").size());
  }

  static List<PurgeScope> scopes() {
    return List.of(
        new PurgeScope.Url(EdgeUnderTest.HOST, "/p"),
        new PurgeScope.Prefix(Optional.empty(), "/"),
        new PurgeScope.Host(EdgeUnderTest.HOST),
        new PurgeScope.Tag("sheets"),
        new PurgeScope.Everything());
  }

  @ParameterizedTest
  @MethodSource("scopes")
  void onePurgeClearsAllRepresentations(PurgeScope scope) throws IOException {
    AtomicReference<String> now = new AtomicReference<>(OLD);
    origin.on("/p", call -> call.ok(now.get(), CSS, FRESH, TAG, "Cache-Tag: sheets"));
    compress("/p");
    assertBr(OLD, get("/p", BR));
    now.set(NEW);
    edge.purge(scope, false);
    assertPlain(NEW, get("/p", BR));
    assertPlain(NEW, get("/p", BR));
    assertBr(NEW, get("/p", BR));
    assertPlain(NEW, get("/p"));
    assertEquals(2, origin.requests("/p").size());
    assertEquals(2, compressed());
  }

  @Test
  void aValidationHoldsForAllRepresentations() throws IOException {
    origin.on("/v", call -> call.ok(OLD, CSS, FRESH, TAG, "X-Version: 1"));
    compress("/v");
    origin.on(
        "/v",
        call ->
            call.send(
                String.join(
                    "\r\n",
                    "HTTP/1.1 304 Same",
                    TAG,
                    "X-Version: 2",
                    "Cache-Control: max-age=900",
                    "",
                    "")));
    edge.purge(new PurgeScope.Everything(), true);
    Response validated = get("/v", BR);
    assertBr(OLD, validated);
    assertTrue(validated.cacheStatus().contains("fwd=stale; fwd-status=304"));
    Response hit = get("/v", BR);
    assertBr(OLD, hit);
    assertEquals(List.of("2"), hit.all("X-Version"));
    assertEquals(List.of("max-age=900"), hit.all("Cache-Control"));
    assertEquals(1, compressed());
    assertEquals(2, origin.requests("/v").size());
  }

  @Test
  void aResponseThatHasChangedMeetsNoOldBody() throws IOException {
    origin.on("/n", call -> call.ok(OLD, CSS, "Cache-Control: max-age=60", TAG));
    compress("/n");
    assertBr(OLD, get("/n", BR));
    origin.on("/n", call -> call.ok(NEW, CSS, FRESH, "ETag: \"2\""));
    edge.later(Duration.ofSeconds(70));
    assertPlain(NEW, get("/n", BR));
    assertPlain(NEW, get("/n", BR));
    assertBr(NEW, get("/n", BR));
    assertEquals(2, origin.requests("/n").size());
  }

  /** RFC 9110, section 7.7, and RFC 9111, section 5.2.1.6. */
  @Test
  void whoForbidsItHasIt() throws IOException {
    origin.on("/t", call -> call.ok(OLD, CSS, FRESH + ", no-transform", TAG));
    for (int i = 0; i < 3; i++) {
      Response as = get("/t", BR);
      assertPlain(OLD, as);
      assertEquals(List.of(), as.all("Vary"));
    }
    origin.on("/u", call -> call.ok(OLD, CSS, FRESH, TAG));
    compress("/u");
    assertPlain(OLD, get("/u", BR, "Cache-Control: no-transform"));
    assertBr(OLD, get("/u", BR));
  }

  /** BREACH: what is for one reader is compressed only where the site says so. */
  @Test
  void whatIsPersonalIsCompressedOnlyWhereTheSiteAsksForIt() throws IOException {
    String shared = "Cache-Control: public, max-age=600";
    origin.on("/b", call -> call.ok(OLD, CSS, shared, TAG, "Set-Cookie: a=b"));
    origin.on("/auth", call -> call.ok(OLD, CSS, shared, TAG));
    for (int i = 0; i < 3; i++) {
      assertPlain(OLD, get("/b", BR));
      assertPlain(OLD, get("/auth", BR, "Authorization: Basic eDp5"));
    }
    assertEquals(0, compressed());
    CompressionPolicy usual = CompressionPolicy.DEFAULT;
    edge.compress(
        new CompressionPolicy(true, usual.codings(), usual.types(), usual.leastBytes(), true));
    get("/b", BR);
    get("/auth", BR, "Authorization: Basic eDp5");
    assertBr(OLD, get("/b", BR));
    assertBr(OLD, get("/auth", BR, "Authorization: Basic eDp5"));
  }

  @Test
  void whatGainsNothingIsLeftAsItIs() throws IOException {
    origin.on("/small", call -> call.ok(OLD.substring(0, 1000), CSS, FRESH));
    origin.on("/picture", call -> call.ok(OLD, "Content-Type: image/jpeg", FRESH));
    for (int i = 0; i < 3; i++) {
      assertPlain(OLD.substring(0, 1000), get("/small", BR));
      assertPlain(OLD, get("/picture", BR));
    }
    assertEquals(List.of(), get("/picture", BR).all("Vary"));
    assertEquals(0, compressed());
  }

  @Test
  void aSiteThatDoesNotWantItHasItsReadersAskTheOrigin() throws IOException {
    CompressionPolicy usual = CompressionPolicy.DEFAULT;
    edge.compress(
        new CompressionPolicy(false, usual.codings(), usual.types(), usual.leastBytes(), false));
    origin.on("/off", call -> call.ok(OLD, CSS, FRESH, TAG));
    for (int i = 0; i < 3; i++) {
      Response as = get("/off", BR);
      assertPlain(OLD, as);
      assertEquals(List.of(), as.all("Vary"));
    }
    assertEquals(
        Optional.of("gzip, deflate, br"),
        origin.requests("/off").getFirst().first("Accept-Encoding"));
  }

  @Test
  void overHttp2ItIsTheSame() throws Exception {
    origin.on("/h2", call -> call.ok(OLD, CSS, FRESH, TAG));
    compress("/h2");
    int length = get("/h2", BR).body().length();
    assertTrue(length < OLD.length() / 3);
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), edge.port());
        FrameClient client = new FrameClient(socket)) {
      client.frame(
          FrameClient.HEADERS,
          5,
          1,
          FrameClient.block(
              List.of(
                  ":method=GET",
                  ":scheme=http",
                  ":authority=" + EdgeUnderTest.HOST,
                  ":path=/h2",
                  "accept-encoding=br")));
      assertEquals("200", client.outcome(1));
      assertEquals(length, client.octetsToEnd(1));
    }
    assertEquals(1, origin.requests("/h2").size());
  }
}

package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import dev.perigee.testkit.ScriptedOrigin.Seen;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What readers and the origin see of a site that is cached. */
@ExtendWith(NothingLeaks.class)
final class CachedAnswersIT {
  private static final String TEXT = "0123456789abcdefghij";

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
    return RawClient.get(edge.port(), target, fields);
  }

  /** A hit: the store may still be writing after the first answer has ended. */
  private Response hit(String target, String... fields) throws Exception {
    Awaitility.await().until(() -> edge.openFetches() == 0);
    return get(target, fields);
  }

  @Test
  void missThenHit() throws Exception {
    origin.on("/a", call -> call.ok(TEXT, "Cache-Control: max-age=60", "ETag: \"1\""));
    Response miss = get("/a");
    Response hit = hit("/a");
    assertEquals(TEXT, miss.body());
    assertEquals("perigee; fwd=uri-miss; fwd-status=200; ttl=60; stored", miss.cacheStatus());
    assertEquals(TEXT, hit.body());
    assertTrue(hit.cacheStatus().matches("perigee; hit; ttl=(60|59)"), hit.cacheStatus());
    assertTrue(hit.first("Age").isPresent());
    assertEquals(List.of("1.1 perigee"), hit.all("Via"));
    assertEquals(List.of(), hit.all("Server"));
    assertEquals(1, origin.requests("/a").size());
  }

  /** The story: the second request met the store still writing, and was told it was a miss. */
  @Test
  void whoAsksAfterTheLastByteHasAHit() throws Exception {
    for (int i = 0; i < 200; i++) {
      String target = "/at-once/" + i;
      origin.on(target, call -> call.ok(TEXT, "Cache-Control: max-age=60"));
      get(target);
      Response hit = get(target);
      assertTrue(hit.cacheStatus().startsWith("perigee; hit; ttl="), hit.cacheStatus());
      assertTrue(hit.first("Age").isPresent());
    }
  }

  /** The story: the store was still writing, and what could be validated was fetched again. */
  @Test
  void whoAsksForValidationAfterTheLastByteGetsIt() throws Exception {
    for (String control : List.of("max-age=60", "no-cache")) {
      for (int i = 0; i < 100; i++) {
        String target = "/validated/" + control + "/" + i;
        origin.on(
            target,
            call -> {
              if (call.request().first("If-None-Match").isPresent()) {
                call.send("HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n");
              } else {
                call.ok(TEXT, "Cache-Control: " + control, "ETag: \"1\"");
              }
            });
        get(target);
        Response validated = get(target, "Cache-Control: no-cache");
        assertEquals(TEXT, validated.body());
        assertTrue(validated.cacheStatus().contains("fwd-status=304"), validated.cacheStatus());
      }
    }
  }

  /** RFC 9110, section 9.3.3: a lifetime, and a Content-Location that is the target's own. */
  @Test
  void anAnswerToPostThatIsOneToGetIsStored() throws Exception {
    origin.on("/a?b", call -> call.ok(TEXT, "Cache-Control: max-age=60", "Content-Location: /a?b"));
    origin.on("/other", call -> call.ok(TEXT, "Cache-Control: max-age=60", "Content-Location: /a"));
    origin.on("/none", call -> call.ok(TEXT, "Cache-Control: max-age=60"));
    origin.on("/old", call -> call.ok(TEXT, "Content-Location: /old", "ETag: \"1\""));
    origin.on("/own", call -> call.ok(TEXT, "Cache-Control: private", "Content-Location: /own"));
    for (String target : List.of("/a?b", "/other", "/none", "/old", "/own")) {
      Response posted = RawClient.request(edge.port(), "POST", target, "Content-Length: 0");
      assertEquals(TEXT, posted.body());
      boolean isHit = hit(target).cacheStatus().contains("hit");
      assertEquals(target.equals("/a?b"), isHit, target);
    }
    RawClient.request(edge.port(), "POST", "/a?b", "Content-Length: 0");
    assertEquals(2, origin.requests("/a?b").size(), "a POST itself is never answered from it");
  }

  /** RFC 9111, section 5.3: the story, two spaces became one on the way, and no date a date. */
  @Test
  void anExpiresWithDoubledSpacesIsInThePast() throws Exception {
    for (String spaces : List.of(" ", "  ")) {
      String target = "/expires/" + spaces.length();
      String expires = "Thu," + spaces + "18 Aug 2050 02:01:18 GMT";
      origin.on(target, call -> call.ok(TEXT, "Expires: " + expires, "ETag: \"1\""));
      assertEquals(expires, get(target).first("Expires").orElse(""));
      assertEquals(spaces.length() == 1, hit(target).cacheStatus().contains("hit"), expires);
    }
  }

  @Test
  void headIsAnsweredFromStoredGet() throws Exception {
    origin.on("/a", call -> call.ok(TEXT, "Cache-Control: max-age=60"));
    get("/a");
    Awaitility.await().until(() -> edge.openFetches() == 0);
    Response head = RawClient.request(edge.port(), "HEAD", "/a");
    assertEquals(200, head.status());
    assertEquals("20", head.first("Content-Length").orElse(""));
    assertTrue(head.cacheStatus().contains("hit"), head.cacheStatus());
    assertEquals(1, origin.requests("/a").size());
  }

  @Test
  void conditionalRequestsGet304FromTheCache() throws Exception {
    String modified = "Last-Modified: Mon, 05 Jan 2026 10:00:00 GMT";
    origin.on("/a", call -> call.ok(TEXT, "Cache-Control: max-age=60", "ETag: \"1\"", modified));
    get("/a");
    assertEquals(304, hit("/a", "If-None-Match: \"0\", W/\"1\"").status());
    assertEquals(200, hit("/a", "If-None-Match: \"2\"").status());
    assertEquals(304, hit("/a", "If-Modified-Since: Mon, 05 Jan 2026 10:00:00 GMT").status());
    assertEquals(200, hit("/a", "If-Modified-Since: Mon, 05 Jan 2026 09:59:59 GMT").status());
    assertEquals(1, origin.requests("/a").size());
  }

  @Test
  void rangesComeFromTheStoredWhole() throws Exception {
    origin.on("/a", call -> call.ok(TEXT, "Cache-Control: max-age=60", "ETag: \"1\""));
    Response first = get("/a", "Range: bytes=2-4");
    assertEquals(206, first.status());
    assertEquals("234", first.body());
    Response part = hit("/a", "Range: bytes=10-", "If-Range: \"1\"");
    assertEquals("bytes 10-19/20", part.first("Content-Range").orElse(""));
    assertEquals("abcdefghij", part.body());
    assertEquals("j", hit("/a", "Range: bytes=-1").body());
    assertEquals(TEXT, hit("/a", "Range: bytes=2-4", "If-Range: \"0\"").body());
    Response none = hit("/a", "Range: bytes=20-");
    assertEquals(416, none.status());
    assertEquals("bytes */20", none.first("Content-Range").orElse(""));
    assertEquals(
        List.of("bytes=0-" + (EdgeUnderTest.SLICE_BYTES - 1)),
        origin.requests("/a").getFirst().all("Range"));
    assertEquals(1, origin.requests("/a").size());
  }

  @Test
  void severalRangesComeAsOneMultipartAnswer() throws Exception {
    String text = "0123456789".repeat(50_000);
    origin.on("/a", call -> call.ok(text, "Cache-Control: max-age=60", "Content-Type: text/x"));
    assertEquals(206, get("/a", "Range: bytes=0-1,300000-300001").status(), "still coming in");
    Response several = hit("/a", "Range: bytes=0-1, 300000-300001, -3");
    assertEquals(206, several.status());
    String type = several.first("Content-Type").orElse("");
    assertTrue(type.matches("multipart/byteranges; boundary=[0-9a-f]{32}"), type);
    String boundary = "--" + type.substring(type.indexOf('=') + 1);
    String part = boundary + "\r\nContent-Type: text/x\r\nContent-Range: bytes ";
    assertEquals(
        part
            + "0-1/500000\r\n\r\n01\r\n"
            + part
            + "300000-300001/500000\r\n\r\n01\r\n"
            + part
            + "499997-499999/500000\r\n\r\n789\r\n"
            + boundary
            + "--\r\n",
        several.body());
    assertEquals(
        Integer.toString(several.body().length()), several.first("Content-Length").orElse(""));
    assertEquals(1, origin.requests("/a").size());
  }

  @Test
  void aPreconditionThatFailsIs412FromTheCache() throws Exception {
    String modified = "Last-Modified: Mon, 05 Jan 2026 10:00:00 GMT";
    origin.on("/a", call -> call.ok(TEXT, "Cache-Control: max-age=60", "ETag: \"1\"", modified));
    assertEquals(412, get("/a", "If-Match: \"0\"").status(), "on a miss as well");
    assertEquals(412, hit("/a", "If-Match: \"0\"").status());
    assertEquals(200, hit("/a", "If-Match: \"0\", \"1\"").status());
    String earlier = "If-Unmodified-Since: Mon, 05 Jan 2026 09:00:00 GMT";
    assertEquals(412, hit("/a", earlier).status());
    assertEquals(206, hit("/a", "If-Match: \"1\"", "Range: bytes=0-1").status());
    assertEquals(1, origin.requests("/a").size());
  }

  @Test
  void staleIsValidatedAnd304RefreshesIt() throws Exception {
    origin.on(
        "/a",
        call -> {
          if (call.request().first("If-None-Match").isPresent()) {
            call.send(
                "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nCache-Control: max-age=5\r\n\r\n");
          } else {
            call.ok(TEXT, "Cache-Control: max-age=5", "ETag: \"1\"");
          }
        });
    get("/a");
    Awaitility.await().until(() -> edge.openFetches() == 0);
    edge.later(Duration.ofSeconds(10));
    Response refreshed = get("/a");
    assertEquals(TEXT, refreshed.body());
    assertTrue(refreshed.cacheStatus().contains("fwd=stale; fwd-status=304"));
    assertTrue(hit("/a").cacheStatus().contains("; hit"));
    assertEquals(2, origin.requests("/a").size());
    assertEquals("\"1\"", origin.requests("/a").getLast().first("If-None-Match").orElse(""));
  }

  /** The story: the 304 was not used, but what it forbade to keep stayed and was served again. */
  @Test
  void whatA304ForbidsToKeepIsForgotten() throws Exception {
    origin.on(
        "/a",
        call -> {
          if (call.request().first("If-None-Match").isPresent()) {
            call.send("HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nCache-Control: private\r\n\r\n");
          } else if (origin.requests("/a").size() == 1) {
            call.ok(TEXT, "Cache-Control: max-age=5", "ETag: \"1\"");
          } else {
            call.ok("private", "Cache-Control: private");
          }
        });
    get("/a");
    edge.later(Duration.ofSeconds(6));
    assertEquals("private", get("/a").body());
    assertEquals("private", get("/a").body());
    assertEquals(
        List.of(), origin.requests("/a").getLast().all("If-None-Match"), "nothing to validate");
  }

  @Test
  void staleWhileRevalidateAnswersAtOnceAndRefreshesBehind() throws Exception {
    origin.on("/a", call -> call.ok(TEXT, "Cache-Control: max-age=5, stale-while-revalidate=60"));
    get("/a");
    Awaitility.await().until(() -> edge.openFetches() == 0);
    edge.later(Duration.ofSeconds(10));
    assertTrue(get("/a").cacheStatus().contains("detail=stale-while-revalidate"));
    Awaitility.await().until(() -> origin.requests("/a").size() == 2);
    Awaitility.await().until(() -> get("/a").cacheStatus().matches("perigee; hit; ttl=\\d"));
  }

  @Test
  void varyKeepsVariantsApart() throws Exception {
    origin.on(
        "/a",
        call ->
            call.ok(
                call.request().first("Accept-Language").orElse("none"),
                "Cache-Control: max-age=60",
                "Vary: Accept-Language"));
    assertEquals("de", get("/a", "Accept-Language: de").body());
    assertEquals("en", hit("/a", "Accept-Language: en").body());
    assertEquals("de", hit("/a", "Accept-Language: de").body());
    assertEquals(2, origin.requests("/a").size());
  }

  @Test
  void originIsToldOfTheClientAndNothingOfTheConnection() throws Exception {
    origin.on("/a?b=1", call -> call.ok(TEXT));
    get(
        "/a?b=1",
        "X-Forwarded-For: 6.6.6.6",
        "Forwarded: for=6.6.6.6",
        "Connection: keep-alive, X-Hop",
        "X-Hop: 1",
        "TE: deflate, trailers",
        "Upgrade: websocket",
        "X-End: 1");
    Seen seen = origin.requests().getFirst();
    assertEquals("/a?b=1", seen.target());
    assertEquals(List.of(EdgeUnderTest.HOST), seen.all("Host"));
    assertEquals(List.of("1.1 perigee"), seen.all("Via"));
    assertEquals(List.of("127.0.0.1"), seen.all("X-Forwarded-For"));
    assertEquals(List.of("http"), seen.all("X-Forwarded-Proto"));
    assertEquals(List.of(EdgeUnderTest.HOST), seen.all("X-Forwarded-Host"));
    assertEquals(
        List.of("for=127.0.0.1;host=" + EdgeUnderTest.HOST + ";proto=http"), seen.all("Forwarded"));
    assertEquals(List.of("1"), seen.all("X-End"));
    assertEquals(List.of("trailers"), seen.all("TE"));
    assertEquals(List.of("TE"), seen.all("Connection"));
    for (String gone : List.of("X-Hop", "Upgrade", "Transfer-Encoding")) {
      assertEquals(List.of(), seen.all(gone), gone);
    }
  }

  @Test
  void originConnectionsAreUsedAgain() throws Exception {
    origin.on("/a", call -> call.ok(TEXT, "Cache-Control: no-store"));
    try (RawClient client = new RawClient(edge.port())) {
      for (int i = 0; i < 5; i++) {
        client.send("GET", "/a");
        assertEquals(TEXT, client.response(false).body());
      }
    }
    assertEquals(
        List.of(1, 1, 1, 1, 1), origin.requests("/a").stream().map(Seen::connection).toList());
  }

  @Test
  void unsafeMethodInvalidates() throws Exception {
    origin.on("/a", call -> call.ok(TEXT, "Cache-Control: max-age=60"));
    get("/a");
    assertTrue(hit("/a").cacheStatus().contains("; hit"));
    Response posted = RawClient.request(edge.port(), "POST", "/a", "Content-Length: 0");
    assertEquals(200, posted.status());
    assertTrue(hit("/a").cacheStatus().contains("fwd="));
  }

  @Test
  void wildcardAndSteeredHostsReachTheSite() throws Exception {
    origin.on("/a", call -> call.ok(TEXT, "Cache-Control: max-age=60"));
    get("/a");
    Awaitility.await().until(() -> edge.openFetches() == 0);
    for (String host : List.of("shop.cdn.example", "fra-1.shop.cdn.example")) {
      try (RawClient client = new RawClient(edge.port())) {
        client.send("GET /a HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
        Response response = client.response(false);
        assertTrue(response.cacheStatus().contains("; hit"), host + response);
      }
    }
    assertEquals(1, origin.requests("/a").size());
  }
}

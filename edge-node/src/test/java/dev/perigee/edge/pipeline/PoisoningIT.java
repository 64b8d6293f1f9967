package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import dev.perigee.testkit.ScriptedOrigin.Seen;
import java.nio.file.Path;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The known ways of cache poisoning and deception: what is not in the key does not reach the
 * origin, and what one reader makes the origin say no other gets. The origin here is as careless as
 * can be: it says back all it got, for everybody to store.
 */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class PoisoningIT {
  private static final String EVIL = "evil.example";

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

  private void careless(String target) {
    origin.on(
        target,
        call -> {
          Seen seen = call.request();
          String all = seen.method() + " " + seen.bodyBytes() + " " + seen.lines();
          call.ok(all, "Cache-Control: max-age=60");
        });
  }

  private void settle() {
    Awaitility.await().until(() -> edge.openFetches() == 0 && edge.openRequests() == 0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "X-Forwarded-Host",
        "X-Forwarded-Server",
        "X-Forwarded-Scheme",
        "X-Forwarded-Proto",
        "X-Forwarded-Protocol",
        "X-Forwarded-Port",
        "X-Forwarded-Prefix",
        "X-Forwarded-Path",
        "X-Forwarded-Uri",
        "X-Forwarded-SSL",
        "X-Forwarded-For",
        "X_Forwarded_Host",
        "X-Forwarded_Host",
        "Forwarded",
        "X-Host",
        "X-HTTP-Host-Override",
        "X-Original-Host",
        "X-Original-URL",
        "X-Original-URI",
        "X_Original_URL",
        "X-Rewrite-URL",
        "X_Rewrite_URL",
        "X-HTTP-Method",
        "X-HTTP-Method-Override",
        "X_HTTP_Method_Override",
        "X-Method-Override",
        "X-Real-IP",
        "X-Client-IP",
        "Client-IP",
        "True-Client-IP",
        "X-Cluster-Client-IP",
        "X-Originating-IP",
        "X-Remote-IP",
        "X-Remote-Addr",
        "CF-Connecting-IP",
        "Fastly-Client-IP",
        "Front-End-Https",
        "X-URL-Scheme",
        "X-Scheme",
        "Perigee-Peer",
        "Surrogate-Capability",
        "X-Request-Id",
        "Proxy-Connection",
        "Keep-Alive",
        "Proxy-Authorization"
      })
  void aFieldThatIsNotInTheKeyNeitherReachesTheOriginNorTheNextReader(String name)
      throws Exception {
    careless("/a");
    Response first = RawClient.get(edge.port(), "/a", name + ": " + EVIL);
    assertEquals(200, first.status());
    assertFalse(first.body().contains(EVIL), first.body());
    settle();
    assertFalse(RawClient.get(edge.port(), "/a").body().contains(EVIL));
  }

  @ParameterizedTest
  @CsvSource(
      value = {
        // What means the same has one key.
        "/account          | /%61ccount",
        "/account          | /./account",
        "/account          | /x/../account",
        "/account          | /x/%2e%2e/account",
        "/account          | /x/%2E./account",
        "/account          | /../account",
        "/account          | /../../%61ccount",
        "/account          | /%2e/account",
        "/account          | /account?",
        "/a%20b            | /a%20b/.././a%20b",
        "/%C3%A9           | /%c3%a9",
        "/a~b-c_d.e        | /a%7Eb%2dc%5fd%2ee",
      },
      delimiter = '|')
  void onePathHasOneKeyHoweverItIsWritten(String path, String written) throws Exception {
    careless(path);
    assertEquals(200, RawClient.get(edge.port(), written).status());
    settle();
    assertEquals(200, RawClient.get(edge.port(), path).status());
    List<String> targets = origin.requests().stream().map(Seen::target).toList();
    assertEquals(List.of(path), targets, "one fetch, of the normal form");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/account/a.css",
        "/account;a.css",
        "/account;/a.css",
        "/account//a.css",
        "//account",
        "/account/",
        "/account%3Fa.css",
        "/account%23a.css",
        "/account%3Ba.css",
        "/account%0Aa.css",
        "/account%09a.css",
        "/account%252Fa.css",
        "/account%252e%252e",
        "/Account",
        "/account?a.css",
        "/account/..;/a.css",
        "/account&a.css",
        "/account!a.css",
        "/account,a.css",
        "/account.css"
      })
  void whatServersReadDifferentlyHasAKeyOfItsOwn(String target) throws Exception {
    careless("/account");
    careless(target);
    assertEquals(200, RawClient.get(edge.port(), target, "X-Mark: " + EVIL).status());
    settle();
    Response other = RawClient.get(edge.port(), "/account");
    assertFalse(other.body().contains(EVIL), other.body());
    assertEquals(
        List.of(target, "/account"), origin.requests().stream().map(Seen::target).toList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/account%2Fa.css",
        "/account%2f..%2fa.css",
        "/static%2f%2e%2e%2faccount",
        "/account%5Ca.css",
        "/account%00.css",
        "/account#a.css",
        "/account\\a.css",
        "/account\u0000.css",
        "/account\u00ff.css",
        "/account%.css",
        "/account%u002fa.css"
      })
  void whatIsAmbiguousIsRefused(String target) throws Exception {
    assertEquals(400, RawClient.get(edge.port(), target).status());
    assertEquals(0, origin.requests().size());
  }

  /** RFC 9110, section 9.3.1: content in a GET has no meaning, and is not in the key. */
  @Test
  void theBodyOfAFatGetMakesNoAnswerForOthers() throws Exception {
    careless("/a");
    try (RawClient client = new RawClient(edge.port())) {
      client.send("GET", "/a", "Content-Length: 4");
      client.send("evil");
      assertEquals(200, client.response(false).status());
    }
    settle();
    assertEquals("GET 0", RawClient.get(edge.port(), "/a").body().substring(0, 5));
  }

  @Test
  void aHostWrittenInAnotherWayIsTheSameHost() throws Exception {
    careless("/a");
    for (String host : List.of("www.shop.example", "WWW.SHOP.EXAMPLE", "www.shop.example.")) {
      try (RawClient client = new RawClient(edge.port())) {
        client.send("GET /a HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
        assertEquals(200, client.response(false).status());
      }
      settle();
    }
    assertEquals(1, origin.requests().size());
    assertEquals(List.of(EdgeUnderTest.HOST), origin.requests().getFirst().all("Host"));
  }

  /** A field that the origin answers by without saying so is the origin's to name in Vary. */
  @Test
  void aFieldNamedByVaryTellsAnswersApart() throws Exception {
    origin.on(
        "/a",
        call ->
            call.ok(
                call.request().first("X-Mark").orElse("none"),
                "Cache-Control: max-age=60",
                "Vary: X-Mark"));
    assertEquals(EVIL, RawClient.get(edge.port(), "/a", "X-Mark: " + EVIL).body());
    settle();
    assertEquals("none", RawClient.get(edge.port(), "/a").body());
  }
}

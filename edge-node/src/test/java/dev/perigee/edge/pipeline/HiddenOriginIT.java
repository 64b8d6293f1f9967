package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.ErrorPage;
import dev.perigee.contract.HidingPolicy;
import dev.perigee.contract.OriginSigning;
import dev.perigee.contract.Secret;
import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import dev.perigee.testkit.ScriptedOrigin.Seen;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Readers learn nothing of the origin, and the origin knows who asks. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class HiddenOriginIT {
  private static final String BROWSER = "Accept: text/html,*/*;q=0.8";

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

  private Response from(String host, String target) throws Exception {
    Awaitility.await().until(() -> edge.openFetches() == 0);
    try (RawClient client = new RawClient(edge.port())) {
      client.send("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
      return client.response(false);
    }
  }

  private String redirect(String location) {
    return "HTTP/1.1 301 Moved\r\nCache-Control: max-age=60\r\nServer: secret/1.0\r\n"
        + "X-Powered-By: secret\r\nVia: 1.1 secret\r\nContent-Length: 0\r\n"
        + ("Location: " + location + "\r\n\r\n");
  }

  @Test
  void aStoredRedirectIsRightForWhoeverAsks() throws Exception {
    String named = "http://127.0.0.1:" + origin.port() + "/b";
    origin.on("/a", call -> call.send(redirect(named)));
    origin.on("/secure", call -> call.send(redirect(named.replace("http:", "https:"))));
    for (int i = 0; i < 2; i++) {
      Response plain = get("/a");
      assertEquals(301, plain.status());
      assertEquals(List.of("/b"), plain.all("Location"));
      assertEquals(List.of("1.1 perigee"), plain.all("Via"));
      assertFalse(plain.lines().toString().contains("secret"), plain.lines().toString());
      assertEquals(List.of("https://" + EdgeUnderTest.HOST + "/b"), get("/secure").all("Location"));
      assertEquals(
          List.of("https://one.wild.example/b"),
          from("one.wild.example:8080", "/secure").all("Location"));
    }
    assertEquals(1, origin.requests("/a").size());
    assertEquals(2, origin.requests("/secure").size());
  }

  @Test
  void cookiesAndHintsNameNoOrigin() throws Exception {
    String hints = "HTTP/1.1 103 x\r\nServer: secret\r\nLink: <http://127.0.0.1/a.css>\r\n\r\n";
    String answer =
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Domain=127.0.0.1; Path=/\r\nContent-Length: 0\r\n\r\n";
    origin.on("/a", call -> call.send(hints + answer));
    try (RawClient client = new RawClient(edge.port())) {
      client.send("GET", "/a");
      assertEquals(List.of("Link: </a.css>"), client.head().lines());
      assertEquals(List.of("a=1; Path=/"), client.response(false).all("Set-Cookie"));
    }
  }

  @Test
  void anErrorNamesTheRequestAndNoOrigin() throws Exception {
    int port = origin.port();
    origin.close();
    Response text = get("/a");
    assertEquals(502, text.status());
    Response html = get("/a", BROWSER);
    assertEquals(Optional.of("text/html; charset=utf-8"), html.first("Content-Type"));
    Awaitility.await().until(() -> edge.ended().size() == 2);
    for (int i = 0; i < 2; i++) {
      Response response = i == 0 ? text : html;
      assertTrue(response.body().contains(edge.ended().get(i).id().text()), response.body());
      String whole = response.lines() + response.body();
      assertFalse(whole.contains("127.0.0.1") || whole.contains("" + port), whole);
    }
  }

  @Test
  void theSitesOwnPageStandsInForWhatItsOriginSays() throws Exception {
    String broken = "HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\ntrace";
    origin.on("/a", call -> call.send(broken));
    assertEquals("trace", get("/a", BROWSER).body());
    ErrorPage page = new ErrorPage("5xx", "<p>{status}: sorry, {request-id}");
    edge.hide(
        new HidingPolicy(List.of(), List.of(), true, true, List.of(page), OriginSigning.none()));
    Response replaced = get("/a", BROWSER);
    assertEquals(500, replaced.status());
    assertTrue(replaced.body().matches("<p>500: sorry, [0-9a-f]{32}"), replaced.body());
    Response posted = RawClient.request(edge.port(), "POST", "/a", BROWSER, "Content-Length: 0");
    assertTrue(posted.body().startsWith("<p>500: sorry"), posted.body());
    assertTrue(get("/a").body().startsWith("500 "));
    origin.close();
    assertTrue(get("/b", BROWSER).body().startsWith("<p>502: sorry"));
  }

  @Test
  void theOriginSeesTheSecretWhateverTheReaderSends() throws Exception {
    OriginSigning signing =
        new OriginSigning.SharedSecret("X-Edge-Secret", new Secret("0123456789abcdef"));
    edge.hide(HidingPolicy.DEFAULT.withSigning(signing));
    origin.on("/a", call -> call.ok("a", "Cache-Control: max-age=60"));
    Response response = get("/a", "X-Edge-Secret: guess", "Connection: X-Edge-Secret");
    assertFalse(response.lines().toString().contains("0123456789"));
    RawClient.request(edge.port(), "POST", "/a", "Content-Length: 0");
    for (Seen seen : origin.requests("/a")) {
      assertEquals(List.of("0123456789abcdef"), seen.all("X-Edge-Secret"));
    }
  }

  @Test
  void anObjectStoreGetsASignedRequestUnderItsOwnName() throws Exception {
    OriginSigning.AwsV4 signing =
        new OriginSigning.AwsV4("us-east-1", "s3", "AKIA", new Secret("0123456789abcdef"));
    edge.hide(HidingPolicy.DEFAULT.withSigning(signing));
    origin.on("/a%2Bb?x=1&y=2", call -> call.ok("a", "Cache-Control: max-age=60"));
    assertEquals("a", get("/a+b?y=2&x=1").body());
    Seen seen = origin.requests().getFirst();
    assertEquals(List.of("127.0.0.1:" + origin.port()), seen.all("Host"));
    assertTrue(
        seen.first("Authorization").orElseThrow().startsWith("AWS4-HMAC-SHA256 Credential=AKIA/"));
  }

  @Test
  void theIdOfTheRequestGoesToTheOriginAndIntoTheLog() throws Exception {
    origin.on("/a", call -> call.ok("a"));
    get("/a", "X-Request-Id: mine");
    Awaitility.await().until(() -> edge.ended().size() == 1);
    String id = edge.ended().getFirst().id().text();
    assertTrue(id.matches("[0-9a-f]{32}"), id);
    assertEquals(List.of(id), origin.requests("/a").getFirst().all("X-Request-Id"));
  }

  @Test
  void optionsThatMayGoNoFurtherIsAnsweredHere() throws Exception {
    Response here = RawClient.request(edge.port(), "OPTIONS", "/a", "Max-Forwards: 0");
    assertEquals(204, here.status());
    assertTrue(here.first("Allow").orElse("").contains("OPTIONS"));
    assertEquals(List.of(), origin.requests());
  }

  @Test
  void aLoopFromOutsideIs508AndCostsTheOriginNothing() throws Exception {
    assertEquals(508, get("/a", "CDN-Loop: other, perigee; x=1").status());
    assertEquals(List.of(), origin.requests());
  }

  /** The story: a field named by Connection was in the key and not in what the origin saw. */
  @Test
  void aReaderCannotStoreUnderAnothersVariantByNamingItInConnection() throws Exception {
    origin.on(
        "/a",
        call ->
            call.ok(
                call.request().first("Accept-Language").orElse("none"),
                "Cache-Control: max-age=60",
                "Vary: Accept-Language"));
    String[] attack = {"Accept-Language: de", "Connection: Accept-Language"};
    assertEquals("none", get("/a", attack).body());
    assertEquals("de", get("/a", "Accept-Language: de").body());
  }
}

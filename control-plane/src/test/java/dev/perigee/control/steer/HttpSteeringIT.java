package dev.perigee.control.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.SteeringPolicy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Redirects lead to the nearest node, with path and query as they came. */
class HttpSteeringIT {
  private final NearestSteering steering =
      new NearestSteering(Fixtures.at(50, 8, 24), NearestSteering.DEFAULT_POSITION);
  private final HttpSteering server =
      new HttpSteering(InetAddress.ofLiteral("127.0.0.1"), 0, "cdn.example", steering);

  @BeforeEach
  void start() throws IOException {
    steering.swap(
        new SteeringSnapshot(
            List.of(Fixtures.serving(Fixtures.node("fra-1", "eu", 50, 8))),
            List.of(
                Fixtures.site("shop", List.of("www.shop.example", "*.wild.example")),
                Fixtures.site("asia", List.of("asia.example"), "asia")),
            1));
    server.start();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private String ask(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), server.port())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  private String ask(String method, String target, String host) throws IOException {
    return ask(
        "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n".formatted(method, target, host));
  }

  @ParameterizedTest
  @CsvSource({
    "/, /",
    "/a/b%20c?x=1&y=%2F, /a/b%20c?x=1&y=%2F",
    "/a?b?c, /a?b?c",
    "/a?, /a?",
    "/?, /?",
    "/a??, /a??",
    "/a??b, /a??b",
    "//a//b?&&=, //a//b?&&=",
    "/a;b=c?d;e, /a;b=c?d;e",
    "http://www.shop.example/a?, /a?",
    "http://www.shop.example:7080/a, /a",
    "/%e4%B8, /%e4%B8",
    "http://www.shop.example/a?b=c, /a?b=c",
    "http://www.shop.example, /",
  })
  void pathAndQueryAreKept(String target, String expected) throws IOException {
    String port = target.contains(":7080") ? ":7080" : "";
    String answer = ask("GET", target, "www.shop.example" + port);
    assertTrue(answer.startsWith("HTTP/1.1 302 "), answer);
    assertTrue(
        answer.contains("Location: http://fra-1.shop.cdn.example:8080" + expected + "\r\n"),
        answer);
    assertTrue(answer.contains("Cache-Control: no-store"), answer);
  }

  @ParameterizedTest
  @CsvSource({"GET, 302", "HEAD, 302", "POST, 307", "PUT, 307", "DELETE, 307"})
  void theMethodStays(String method, int status) throws IOException {
    String answer = ask(method, "/a", "x.wild.example:7080");
    assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
  }

  @ParameterizedTest
  @CsvSource({
    "/a, nobody.example, 421",
    "/a, shop.cdn.example, 302",
    "/a, nobody.cdn.example, 421",
    "/a, asia.example, 503",
    "/%zz, www.shop.example, 400",
    "/a, bad_host!, 400",
  })
  void whatCannotBeSteeredIsRefused(String target, String host, int status) throws IOException {
    String answer = ask("GET", target, host);
    assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
    assertFalse(status != 302 && answer.contains("Location:"), answer);
  }

  /** The story: every node of a POP held every object. */
  @Test
  void theNodesOfAPlaceDivideASitesUrls() throws IOException {
    steering.swap(
        new SteeringSnapshot(
            IntStream.range(1, 5)
                .mapToObj(i -> Fixtures.serving(Fixtures.node("fra-" + i, "eu", 50, 8)))
                .toList(),
            List.of(
                Fixtures.site("shop", List.of("www.shop.example"))
                    .withSteering(new SteeringPolicy(List.of(), List.of(), 30, 1))),
            2));
    Set<String> nodes = new TreeSet<>();
    for (int i = 0; i < 40; i++) {
      String target = "/" + i + "?q";
      String answer = ask("GET", target, "www.shop.example");
      assertEquals(locations(answer), locations(ask("GET", target, "www.shop.example")));
      assertEquals(locations(answer), locations(ask("GET", target, "shop.cdn.example")));
      nodes.add(locations(answer).getFirst().replaceAll("http://|[.].*", ""));
    }
    assertEquals(Set.of("fra-1", "fra-2", "fra-3", "fra-4"), nodes);
  }

  @Test
  void playersGetTheBestThreeWithWeights() throws IOException {
    String answer = ask("GET", "/steer?site=www.shop.example", "127.0.0.1:7080");
    assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
    assertTrue(answer.contains("Cache-Control: no-store"), answer);
    assertEquals(
        "{\"nodes\":[{\"node\":\"fra-1\",\"url\":\"http://fra-1.shop.cdn.example:8080\","
            + "\"weight\":100}]}\n",
        body(answer));
    assertEquals(body(answer), body(ask("GET", "/steer?site=shop", "cdn.example")));
    assertTrue(ask("GET", "/steer?site=x", "cdn.example").startsWith("HTTP/1.1 404 "));
    assertTrue(ask("GET", "/steer", "cdn.example").startsWith("HTTP/1.1 404 "));
    assertTrue(ask("GET", "/steer?site=asia", "cdn.example").startsWith("HTTP/1.1 503 "));
    assertTrue(ask("GET", "/steer?site=shop", "www.shop.example").startsWith("HTTP/1.1 302 "));
  }

  private static String body(String answer) {
    return answer.substring(answer.indexOf("\r\n\r\n") + 4);
  }

  @Test
  void eachRequestOfAConnectionHasItsOwnTarget() throws IOException {
    StringBuilder requests = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      requests.append("GET /%d? HTTP/1.1\r\nHost: www.shop.example\r\n\r\n".formatted(i));
    }
    requests.append("GET /end HTTP/1.1\r\nHost: www.shop.example\r\nConnection: close\r\n\r\n");
    String answers = ask(requests.toString());
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      expected.add("http://fra-1.shop.cdn.example:8080/" + i + "?");
    }
    expected.add("http://fra-1.shop.cdn.example:8080/end");
    assertEquals(expected, locations(answers));
  }

  @Test
  void aTargetThatComesInPiecesIsWhole() throws IOException {
    String target = "/" + "abcdefghij/".repeat(600) + "?";
    String request =
        "GET " + target + " HTTP/1.1\r\nHost: www.shop.example\r\nConnection: close\r\n\r\n";
    try (Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), server.port())) {
      socket.setSoTimeout(10_000);
      socket.setTcpNoDelay(true);
      for (int i = 0; i < request.length(); i += 97) {
        String piece = request.substring(i, Math.min(request.length(), i + 97));
        socket.getOutputStream().write(piece.getBytes(StandardCharsets.ISO_8859_1));
      }
      String answer =
          new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      assertEquals(List.of("http://fra-1.shop.cdn.example:8080" + target), locations(answer));
    }
  }

  @Test
  void aBodyIsNotTakenForTheNextRequest() throws IOException {
    String hidden = "GET /hidden HTTP/1.1\r\nHost: www.shop.example\r\n\r\n";
    String answers =
        ask(
            "POST /a? HTTP/1.1\r\nHost: www.shop.example\r\nContent-Length: %d\r\n\r\n%s%s"
                .formatted(hidden.length(), hidden, hidden));
    assertEquals(List.of("http://fra-1.shop.cdn.example:8080/a?"), locations(answers));
    String chunked =
        ask(
            "POST /a? HTTP/1.1\r\nHost: www.shop.example\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "%x\r\n%s\r\n0\r\n\r\n%s".formatted(hidden.length(), hidden, hidden));
    assertEquals(List.of("http://fra-1.shop.cdn.example:8080/a?"), locations(chunked));
  }

  /** The story: a POST with a chunked body got no answer at all. */
  @Test
  void aBodyOfAnyKindGetsItsRedirect() throws IOException {
    String head = "POST /a HTTP/1.1\r\nHost: www.shop.example\r\n";
    List<String> expected = List.of("http://fra-1.shop.cdn.example:8080/a");
    String large = "x".repeat(200_000);
    String chunk = "%x\r\n%s\r\n".formatted(large.length(), large);
    String chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
    assertEquals(expected, locations(ask(chunked + "2\r\nab\r\n0\r\n\r\n")));
    assertEquals(expected, locations(ask(chunked + chunk + chunk + "0\r\n\r\n")));
    assertEquals(
        expected, locations(ask(head + "Content-Length: " + 200_000 + "\r\n\r\n" + large)));
    assertEquals(
        expected, locations(ask(head + "Expect: 100-continue\r\nContent-Length: 200000\r\n\r\n")));
  }

  /** RFC 9112, section 3.2.2: it would be the target's host that counts; two are ambiguous. */
  @Test
  void aTargetOfAnotherHostThanTheHostFieldsIsRefused() throws IOException {
    String answer = ask("GET", "http://www.shop.example/a", "asia.example");
    assertTrue(answer.startsWith("HTTP/1.1 400 "), answer);
  }

  private static List<String> locations(String answers) {
    return answers
        .lines()
        .filter(line -> line.startsWith("Location: "))
        .map(line -> line.substring("Location: ".length()))
        .toList();
  }

  @Test
  void noResponseIsSplitByWhatIsInTheTarget() throws IOException {
    String answer = ask("GET", "/a%0d%0aSet-Cookie:x=1", "www.shop.example");
    assertEquals(-1, answer.indexOf("\nSet-Cookie"), answer);
  }
}

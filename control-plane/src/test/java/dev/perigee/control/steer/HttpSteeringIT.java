package dev.perigee.control.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
  void start() {
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
    "/%e4%B8, /%e4%B8",
    "http://www.shop.example/a?b=c, /a?b=c",
    "http://www.shop.example, /",
  })
  void pathAndQueryAreKept(String target, String expected) throws IOException {
    String answer = ask("GET", target, "www.shop.example");
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

  @Test
  void noResponseIsSplitByWhatIsInTheTarget() throws IOException {
    String answer = ask("GET", "/a%0d%0aSet-Cookie:x=1", "www.shop.example");
    assertEquals(-1, answer.indexOf("\nSet-Cookie"), answer);
  }
}

package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.pipeline.RawClient.Response;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are refused before any origin hears of them. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class BadInputIT {
  private static final String H = "Host: www.shop.example\r\n";

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
    assertEquals(0, origin.requests().size(), "nothing reaches the origin");
    edge.close();
    origin.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "POST /a HTTP/1.1\r\n" + H + "Transfer-Encoding: xchunked\r\n\r\n",
        "POST /a HTTP/1.1\r\n" + H + "Transfer-Encoding: gzip\r\n\r\n",
        "POST /a HTTP/1.1\r\n" + H + "Transfer-Encoding: chunked, chunked\r\n\r\n",
        "POST /a HTTP/1.1\r\n" + H + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        "POST /a HTTP/1.0\r\n" + H + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET http://other.example/a HTTP/1.1\r\n" + H + "\r\n",
        "GET http://u:p@www.shop.example/a HTTP/1.1\r\n" + H + "\r\n",
        "GET /a HTTP/1.1\r\n\r\n",
        "GET /a HTTP/1.1\r\n" + H + H + "\r\n",
        "GET /a HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: www.shop.example@evil\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: www.shop.example:99999\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: www.shop.example:\r\n\r\n",
        "GET /%zz HTTP/1.1\r\n" + H + "\r\n",
        "GET a HTTP/1.1\r\n" + H + "\r\n",
        "GET /a HTTP/1.1\r\n" + H + "Content-Length: +3\r\n\r\n",
        "GET /a HTTP/1.1\r\n" + H + "Bad Name: 3\r\n\r\n",
        "GET /a HTTP/2.0\r\n" + H + "\r\n",
        "GET http://other.example/a HTTP/2.0\r\n" + H + "\r\n",
        "GET /a HTTP/0.9\r\n" + H + "\r\n",
        "GET /a\u0000 HTTP/1.1\r\n" + H + "\r\n",
      })
  void malformedIs400AndClosed(String request) throws Exception {
    try (RawClient client = new RawClient(edge.port())) {
      client.send(request);
      Response response = client.response(false);
      assertEquals(400, response.status());
      assertTrue(client.atEnd(), "closed");
    }
  }

  @Test
  void unknownHostIs421() throws Exception {
    for (String host : new String[] {"other.example", "a.b.wild.example", "x.cdn.example"}) {
      try (RawClient client = new RawClient(edge.port())) {
        client.send("GET /a HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
        Response response = client.response(false);
        assertEquals(421, response.status(), host);
        assertTrue(response.body().length() < 200);
      }
    }
  }

  @Test
  void methodsOfTunnelsAndEchoesAreRefused() throws Exception {
    try (RawClient client = new RawClient(edge.port())) {
      client.send("TRACE", "/a");
      int status = client.response(false).status();
      assertTrue(status == 405 || status == 501, "TRACE " + status);
    }
    try (RawClient client = new RawClient(edge.port())) {
      client.send("CONNECT www.shop.example:443 HTTP/1.1\r\nHost: www.shop.example:443\r\n\r\n");
      int status = client.response(false).status();
      assertTrue(status == 405 || status == 501 || status == 400, "CONNECT " + status);
    }
  }

  @Test
  void loopIsCut() throws Exception {
    String via = "Via: " + "1.1 perigee, ".repeat(9) + "1.1 other";
    int status = RawClient.get(edge.port(), "/a", via).status();
    assertTrue(status == 508 || status == 400, "" + status);
  }

  @Test
  void tooManyOrTooLargeFieldsAreRefused() throws Exception {
    String[] many = new String[150];
    for (int i = 0; i < many.length; i++) {
      many[i] = "X-" + i + ": 1";
    }
    int status = RawClient.get(edge.port(), "/a", many).status();
    assertTrue(status >= 400 && status < 500, "" + status);
  }
}

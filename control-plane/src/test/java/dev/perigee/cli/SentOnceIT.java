package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.NothingLeaks;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A control plane that dies over a change may have made it: the client never sends it again. */
@ExtendWith(NothingLeaks.class)
final class SentOnceIT {
  private final AtomicInteger requests = new AtomicInteger();
  private volatile String answer = "";
  private ServerSocket server;
  private Thread listening;

  @BeforeEach
  void start() throws IOException {
    server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    listening = Thread.ofVirtual().start(this::listen);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    listening.join();
  }

  private void listen() {
    while (true) {
      try (Socket socket = server.accept()) {
        byte[] head = new byte[4096];
        if (socket.getInputStream().read(head) > 0) {
          requests.incrementAndGet();
        }
        socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
      } catch (IOException e) {
        return;
      }
    }
  }

  private ApiClient client() {
    URI base = URI.create("http://127.0.0.1:" + server.getLocalPort() + "/");
    return ApiClient.of(new Target(base, "test", "token", "test", Optional.empty()), Map.of());
  }

  private void send(String method) {
    switch (method) {
      case "POST" -> client().post("v1/things", Optional.of(Map.of("name", "a")));
      case "POST without a body" -> client().post("v1/things", Optional.empty());
      case "PUT" -> client().put("v1/things/a", Map.of("name", "a"));
      default -> client().delete("v1/things/a");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "POST without a body", "PUT", "DELETE"})
  void aChangeWithoutAnAnswerIsSentOnce(String method) {
    Failure failure = assertThrows(Failure.class, () -> send(method));
    assertEquals(Failure.UNREACHABLE, failure.exitCode());
    assertEquals(1, requests.get());
  }

  @Test
  void aRefusalOfTheTokenIsOneForChangesToo() {
    answer =
        String.join(
            "\r\n",
            "HTTP/1.1 401 Unauthorized",
            "WWW-Authenticate: Bearer",
            "Content-Length: 0",
            "Connection: close",
            "",
            "");
    Failure failure = assertThrows(Failure.class, () -> send("PUT"));
    assertEquals(Failure.REFUSED, failure.exitCode());
    assertTrue(String.valueOf(failure.getMessage()).contains("401"), failure.getMessage());
    assertEquals(1, requests.get());
  }
}

package dev.perigee.control.claim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.OriginAddressPolicy;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a host answers for its token is read strictly, and private addresses are not asked. */
final class HttpTokenIT {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final OriginAddressPolicy LOOPBACK =
      new OriginAddressPolicy(List.of(AddressRange.of("127.0.0.0/8")), false);

  private static HttpToken at(int port, OriginAddressPolicy policy) {
    return new HttpToken(host -> List.of(HERE), policy, port, System::nanoTime);
  }

  /** What is found where a server answers this, and then ends. */
  private static Optional<String> answered(String answer) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, HERE)) {
      Thread thread = Thread.ofVirtual().start(() -> answer(server, answer));
      Optional<String> lacks =
          at(server.getLocalPort(), LOOPBACK).lacks("a.example", "token", "token.acme");
      thread.join();
      return lacks;
    }
  }

  private static void answer(ServerSocket server, String answer) {
    try (Socket socket = server.accept();
        OutputStream out = socket.getOutputStream()) {
      out.write(answer.getBytes(StandardCharsets.US_ASCII));
      out.flush();
      socket.shutdownOutput();
      socket.getInputStream().readAllBytes();
    } catch (IOException e) {
      // Who asked has heard enough.
    }
  }

  @ParameterizedTest
  @CsvSource({
    "HTTP/1.1 200 OK|Content-Length: 10||token.acme, ''",
    "HTTP/1.0 200 OK||token.acme, ''",
    "HTTP/1.0 200 OK||token.acme|, ''",
    "HTTP/1.0 200 OK||token, answers with another text",
    "HTTP/1.0 200 OK||tokens, answers with another text",
    "HTTP/1.0 200 OK||, answers with another text",
    "HTTP/1.0 404 None||token, 'answers with status 404, and must with 200'",
    "HTTP/1.0 301 There|Location: http://b.example/||token, 'answers with status 301, and must with"
        + " 200'",
    "token, does not answer in HTTP",
    "'', does not answer in HTTP"
  })
  void theTextOfTheTokenAloneWithStatus200IsAProofAndWhatTheUrlHoldsIsNone(
      String answer, String lacks) throws Exception {
    Optional<String> expected = lacks.isEmpty() ? Optional.empty() : Optional.of(lacks);
    assertEquals(expected, answered(answer.replace("|", "\r\n")));
  }

  @Test
  void anAnswerWithoutEndIsReadNoFurtherThanItsLimit() throws Exception {
    String endless = "HTTP/1.0 200 OK\r\n\r\n" + "x".repeat(100_000);
    assertTrue(answered(endless).orElseThrow().startsWith("does not answer on port"));
  }

  @Test
  void aPrivateAddressIsNotAsked() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, HERE)) {
      assertEquals(
          Optional.of("has no address of the public internet"),
          at(server.getLocalPort(), OriginAddressPolicy.PUBLIC)
              .lacks("a.example", "token", "token.acme"));
    }
  }

  @Test
  void aHostWithoutAddressIsNamedAsThat() {
    HttpToken nowhere =
        new HttpToken(
            host -> {
              throw new UnknownHostException(host);
            },
            LOOPBACK,
            1,
            System::nanoTime);
    assertEquals(Optional.of("has no address"), nowhere.lacks("a.example", "token", "token.acme"));
  }
}

package dev.perigee.control.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.store.TestPem;
import dev.perigee.control.tls.CertificateFiles;
import dev.perigee.control.tls.ChallengeAnswers;
import dev.perigee.control.tls.ServerTls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who asked by https is sent to https, and who asked by http to http. */
final class SecureSteeringIT {
  private static final TestPem FIRST = TestPem.ec("www.shop.example");
  private static final TestPem SECOND = TestPem.rsa("www.shop.example");
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

  @TempDir Path folder;
  private CertificateFiles files;
  private HttpSteering server;

  @BeforeEach
  void start() throws IOException {
    write(FIRST);
    files =
        CertificateFiles.open(
            "steering", folder.resolve("cert"), folder.resolve("key"), InstantSource.system());
    NearestSteering steering =
        new NearestSteering(Fixtures.at(50, 8, 24), NearestSteering.DEFAULT_POSITION);
    steering.swap(
        new SteeringSnapshot(
            List.of(Fixtures.serving(Fixtures.node("fra-1", "eu", 50, 8))),
            List.of(Fixtures.site("shop", List.of("www.shop.example"))),
            1));
    server =
        new HttpSteering(
            LOOPBACK,
            0,
            Optional.of(new HttpSteering.Secure(0, new ServerTls(files))),
            ChallengeAnswers.NONE,
            "cdn.example",
            steering);
    server.start();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private void write(TestPem pem) throws IOException {
    Files.writeString(folder.resolve("cert"), pem.certificate());
    Files.writeString(folder.resolve("key"), pem.key());
  }

  private static SSLContext trusting(TestPem trusted) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    byte[] pem = trusted.certificate().getBytes(StandardCharsets.US_ASCII);
    store.setCertificateEntry(
        "own",
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem)));
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context;
  }

  private String ask(Socket socket, String target, String host) throws IOException {
    socket.setSoTimeout(10_000);
    String request =
        "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n".formatted(target, host);
    socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
  }

  private String askSecurely(TestPem trusted, String target, String host) throws Exception {
    try (Socket plain = new Socket(LOOPBACK, server.securePort().orElseThrow());
        SSLSocket socket =
            (SSLSocket)
                trusting(trusted)
                    .getSocketFactory()
                    .createSocket(plain, "www.shop.example", plain.getPort(), true)) {
      return ask(socket, target, host);
    }
  }

  @ParameterizedTest
  @CsvSource({"/a?, /a?", "/a/b%20c?x=1&y=%2F, /a/b%20c?x=1&y=%2F", "//a??b, //a??b"})
  void httpsStaysHttpsWithPathAndQuery(String target, String expected) throws Exception {
    String answer = askSecurely(FIRST, target, "www.shop.example");
    assertTrue(
        answer.contains("Location: https://fra-1.shop.cdn.example:8443" + expected + "\r\n"),
        answer);
  }

  @Test
  void playersGetHttpsUrlsToo() throws Exception {
    String answer = askSecurely(FIRST, "/steer?site=shop", "cdn.example");
    assertTrue(answer.contains("\"https://fra-1.shop.cdn.example:8443\""), answer);
  }

  @Test
  void thePlainPortBesideItGoesOn() throws Exception {
    try (Socket socket = new Socket(LOOPBACK, server.port())) {
      String answer = ask(socket, "/a?", "www.shop.example");
      assertTrue(answer.contains("Location: http://fra-1.shop.cdn.example:8080/a?\r\n"), answer);
    }
    assertEquals(1, server.steered());
  }

  @Test
  void aNewCertificateIsShownWithoutARestart() throws Exception {
    write(SECOND);
    files.look();
    files.look();
    assertTrue(askSecurely(SECOND, "/", "www.shop.example").startsWith("HTTP/1.1 302 "));
  }
}

package dev.perigee.control.api;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.store.TestPem;
import dev.perigee.control.tls.CertificateFiles;
import dev.perigee.control.tls.ServerTls;
import dev.perigee.testkit.Full;
import dev.perigee.testkit.Installed;
import dev.perigee.testkit.RunningProcess;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** API and console over real TLS, with a certificate that changes while they run. */
final class ApiTlsIT {
  private static final TestPem FIRST = TestPem.ec("localhost");
  private static final TestPem SECOND = TestPem.rsa("localhost");

  @TempDir static Path folder;
  private static CertificateFiles files;
  private static TestApi api;

  @BeforeAll
  static void start() throws IOException {
    write(FIRST);
    files =
        CertificateFiles.open(
            "API", folder.resolve("cert"), folder.resolve("key"), InstantSource.system());
    api = TestApi.over(new ServerTls(files));
  }

  @AfterAll
  static void stop() {
    api.close();
  }

  private static void write(TestPem pem) throws IOException {
    Files.writeString(folder.resolve("cert"), pem.certificate());
    Files.writeString(folder.resolve("key"), pem.key());
  }

  private static void rotate(TestPem pem) throws IOException {
    write(pem);
    files.look();
    files.look();
  }

  private static SSLContext trusting(TestPem... trusted) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (int i = 0; i < trusted.length; i++) {
      byte[] pem = trusted[i].certificate().getBytes(StandardCharsets.US_ASCII);
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      store.setCertificateEntry(
          "own-" + i, factory.generateCertificate(new ByteArrayInputStream(pem)));
    }
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context;
  }

  private static HttpResponse<String> ask(HttpClient client, String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(api.url().resolve(path))
            .header("Authorization", "Bearer " + TestApi.TOKEN)
            .build();
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }

  private static HttpClient client(SSLContext context, String... protocols) {
    SSLParameters parameters = new SSLParameters();
    parameters.setProtocols(protocols);
    return HttpClient.newBuilder().sslContext(context).sslParameters(parameters).build();
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void apiAndConsoleAnswerOverTlsAndSayThatItShallStaySo(String protocol) throws Exception {
    try (HttpClient client = client(trusting(FIRST, SECOND), protocol)) {
      for (String path : List.of("/v1/sites", "/")) {
        HttpResponse<String> answer = ask(client, path);
        assertEquals(200, answer.statusCode(), answer.body());
        assertEquals(
            "max-age=15552000",
            answer.headers().firstValue("Strict-Transport-Security").orElse("none"));
        assertEquals(protocol, answer.sslSession().orElseThrow().getProtocol());
      }
    }
  }

  @Test
  void aPlainAnswerDoesNotSpeakOfIt() throws Exception {
    try (TestApi plain = new TestApi();
        HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request = HttpRequest.newBuilder(plain.url().resolve("/healthz")).build();
      var headers = client.send(request, HttpResponse.BodyHandlers.discarding()).headers();
      assertTrue(headers.firstValue("Strict-Transport-Security").isEmpty());
    }
  }

  @Test
  void aNewCertificateIsShownWithoutARestart() throws Exception {
    for (TestPem now : List.of(SECOND, FIRST)) {
      rotate(now);
      try (HttpClient client = client(trusting(FIRST, SECOND), "TLSv1.3")) {
        X509Certificate shown =
            (X509Certificate)
                ask(client, "/healthz").sslSession().orElseThrow().getPeerCertificates()[0];
        assertEquals(now.equals(FIRST) ? "EC" : "RSA", shown.getPublicKey().getAlgorithm());
      }
    }
  }

  @Test
  void whoeverDoesNotTrustItIsNotSpokenTo() throws Exception {
    try (HttpClient client = client(trusting(TestPem.ec("localhost")), "TLSv1.3")) {
      assertThrows(SSLHandshakeException.class, () -> ask(client, "/healthz"));
    }
  }

  @Test
  void plainHttpGetsNoAnswer() throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.url().getPort())) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      String answer = new String(readAll(socket), StandardCharsets.ISO_8859_1);
      assertTrue(!answer.contains("HTTP/"), answer);
    }
    await().atMost(Duration.ofSeconds(5)).until(() -> isWell());
  }

  private static boolean isWell() throws Exception {
    try (HttpClient client = client(trusting(FIRST, SECOND), "TLSv1.3")) {
      return ask(client, "/healthz").statusCode() == 200;
    }
  }

  private static byte[] readAll(Socket socket) {
    try {
      return socket.getInputStream().readAllBytes();
    } catch (IOException e) {
      return new byte[0];
    }
  }

  @Full("that OpenSSL is refused below TLS 1.2")
  @ParameterizedTest
  @CsvSource({"-tls1, false", "-tls1_1, false", "-tls1_2, true", "-tls1_3, true"})
  void opensslSeesTheVersions(String version, boolean taken) {
    Installed.require("openssl");
    List<String> command =
        List.of(
            "openssl",
            "s_client",
            "-connect",
            "127.0.0.1:" + api.url().getPort(),
            version,
            "-cipher",
            "DEFAULT@SECLEVEL=0");
    RunningProcess.Finished finished =
        RunningProcess.run("openssl", folder, Map.of(), Duration.ofSeconds(20), command);
    assertEquals(taken, finished.exitCode() == 0, finished.output());
  }
}

package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.perigee.testkit.Full;
import dev.perigee.testkit.Installed;
import dev.perigee.testkit.Pebble;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * API, console and steering get their certificate themselves, of pebble, which nobody here wrote.
 */
@Full("needs pebble")
class OwnCertificateE2E {
  private static final String HOST = "api.cdn.example";
  private static final String STEERING = "steer.cdn.example";
  private static final int API = 7070;
  private static final int STEER_TLS = 7081;
  private static final Duration SOON = Duration.ofSeconds(60);

  private final Path folder;
  private final ReplicaNetwork network;

  OwnCertificateE2E(@TempDir Path folder) throws Exception {
    Installed.require("pebble");
    Installed.require("openssl");
    this.folder = folder;
    network = new ReplicaNetwork(folder);
  }

  @AfterEach
  void down() {
    network.close();
  }

  @Test
  void controlPlanesShowOneCertificateThatIsRenewedAndBeforeItTheirOwn() throws Exception {
    // Nobody answers there yet: what is shown is what the control plane made.
    start(1, "https://" + network.originAddress() + ":14000/dir");
    SSLContext made = trusting(network.stateOf(1).resolve("api-own-certificate.pem"));
    assertEquals(200, ask(made, 1, "localhost"));
    assertEquals(200, ask(made, 1, HOST));
    network.stopControl(1);
    String dns = network.controlAddress(1) + ":" + ReplicaNetwork.DNS;
    try (Pebble pebble =
        Pebble.start(folder, network.originAddress(), dns, 80, Duration.ofSeconds(40))) {
      String directory = pebble.directory().toString();
      String authority = pebble.authorityFile().toString();
      start(1, directory, "--acme-ca-file", authority);
      SSLContext trust = pebble.trust();
      Awaitility.await("the first one")
          .atMost(SOON)
          .ignoreException(UncheckedIOException.class)
          .until(() -> ask(trust, 1, HOST) == 200);
      assertThrows(UncheckedIOException.class, () -> ask(trust, 1, "other.cdn.example"));
      X509Certificate first = shown(trust, 1);
      Awaitility.await("it is renewed").atMost(SOON).until(() -> !shown(trust, 1).equals(first));
      start(2, directory, "--acme-ca-file", authority);
      Awaitility.await("both show the same")
          .atMost(SOON)
          .until(() -> shown(trust, 2).equals(shown(trust, 1)));
    }
  }

  @Test
  void steeringProvesItsHostByHttpAtItsPlainPort() throws Exception {
    String address = network.controlAddress(1);
    String dns = address + ":" + ReplicaNetwork.DNS;
    try (Pebble pebble =
        Pebble.start(
            folder, network.originAddress(), dns, ReplicaNetwork.STEER, Duration.ofDays(1))) {
      startWith(
          1,
          pebble.directory().toString(),
          List.of("--steer-acme-host", STEERING, "--acme-own-challenge", "http-01"),
          "--acme-ca-file",
          pebble.authorityFile().toString(),
          "--dns-ns",
          STEERING + "=" + address);
      SSLContext trust = pebble.trust();
      Awaitility.await("it is shown")
          .atMost(SOON)
          .ignoreException(UncheckedIOException.class)
          .untilAsserted(() -> assertEquals(421, steered(trust, address, STEERING)));
      assertThrows(UncheckedIOException.class, () -> steered(trust, address, "other.cdn.example"));
    }
  }

  /** No site has this host: that it is said by who has the certificate is what counts. */
  private static int steered(SSLContext trust, String address, String host) {
    return Fetch.getTls(trust, address, STEER_TLS, host, "/").status();
  }

  private void start(int number, String directory, String... more) {
    startWith(number, directory, List.of("--api-acme-host", HOST), more);
  }

  private void startWith(int number, String directory, List<String> hosts, String... more) {
    List<String> options = new ArrayList<>(hosts);
    options.add("--acme-agree");
    options.addAll(List.of("--acme-look-seconds", "1", "--acme-retry-seconds", "1"));
    options.addAll(List.of("--acme-directory", directory));
    options.addAll(List.of(more));
    network.startControl(number, options.toArray(String[]::new));
  }

  private int ask(SSLContext trust, int control, String host) {
    return Fetch.getTls(trust, network.controlAddress(control), API, host, "/healthz").status();
  }

  private X509Certificate shown(SSLContext trust, int control) throws Exception {
    try (Socket plain = new Socket(network.controlAddress(control), API);
        SSLSocket socket =
            (SSLSocket) trust.getSocketFactory().createSocket(plain, HOST, API, true)) {
      return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }
  }

  private static SSLContext trusting(Path file) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (InputStream in = Files.newInputStream(file)) {
      store.setCertificateEntry(
          "own", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory managers =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    return context;
  }
}

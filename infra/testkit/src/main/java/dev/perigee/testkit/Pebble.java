package dev.perigee.testkit;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Pebble, a certificate authority that speaks ACME and that nobody here wrote. Its HTTPS has a
 * certificate of an authority of this test's own.
 */
public final class Pebble implements AutoCloseable {
  private static final int ACME = 14000;
  private static final int MANAGEMENT = 15000;
  private static final Duration SOON = Duration.ofSeconds(30);

  private final Path folder;
  private final String address;
  private final X509Certificate authority;
  private final RunningProcess process;

  private Pebble(Path folder, String address, X509Certificate authority, RunningProcess process) {
    this.folder = folder;
    this.address = address;
    this.authority = authority;
    this.process = process;
  }

  /**
   * Starts it.
   *
   * @param dns HOST:PORT of the DNS server that it asks
   * @param httpPort at which it asks for HTTP-01
   * @param validity of what it issues
   */
  public static Pebble start(
      Path parent, String address, String dns, int httpPort, Duration validity) throws Exception {
    Path folder = Files.createDirectories(parent.resolve("pebble"));
    openssl(
        folder,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=authority"
            + " -keyout ca.key -out ca.pem");
    openssl(
        folder,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=pebble"
            + " -CA ca.pem -CAkey ca.key -addext subjectAltName=IP:"
            + address
            + " -addext basicConstraints=critical,CA:FALSE -keyout key.pem -out cert.pem");
    X509Certificate ca = certificate(Files.readAllBytes(folder.resolve("ca.pem")));
    Path config =
        Files.writeString(
            folder.resolve("pebble.json"),
            """
            {"pebble": {
              "listenAddress": "%1$s:%2$d", "managementListenAddress": "%1$s:%3$d",
              "certificate": "%4$s/cert.pem", "privateKey": "%4$s/key.pem",
              "httpPort": %5$d, "tlsPort": 5001, "ocspResponderURL": "",
              "externalAccountBindingRequired": false,
              "certificateValidityPeriod": %6$d
            }}
            """
                .formatted(address, ACME, MANAGEMENT, folder, httpPort, validity.toSeconds()));
    // A fifth of its nonces are refused, so that a client has to come again; nothing is slept for,
    // and
    // no earlier look at a host counts again.
    Map<String, String> environment = new HashMap<>();
    environment.put("PEBBLE_VA_NOSLEEP", "1");
    environment.put("PEBBLE_WFE_NONCEREJECT", "20");
    environment.put("PEBBLE_AUTHZREUSE", "0");
    RunningProcess process =
        RunningProcess.start(
            "pebble",
            folder,
            environment,
            List.of("pebble", "-config", config.toString(), "-dnsserver", dns));
    process.awaitLine("ACME directory available", SOON);
    return new Pebble(folder, address, ca, process);
  }

  /** Where its directory is. */
  public URI directory() {
    return URI.create("https://" + address + ":" + ACME + "/dir");
  }

  /** Who its HTTPS is of. */
  public Path authorityFile() {
    return folder.resolve("ca.pem");
  }

  /** What a control plane is started with to get certificates here. */
  public String[] options(String... more) {
    String[] own = {
      "--acme-agree",
      "--acme-directory",
      directory().toString(),
      "--acme-ca-file",
      authorityFile().toString(),
      "--acme-email",
      "operator@cdn.example",
      "--acme-look-seconds",
      "1"
    };
    String[] all = Arrays.copyOf(own, own.length + more.length);
    System.arraycopy(more, 0, all, own.length, more.length);
    return all;
  }

  /** TLS that trusts what it issues, and nothing else. */
  public SSLContext trust() throws Exception {
    try (HttpClient client = HttpClient.newBuilder().sslContext(trusting(authority)).build()) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("https://" + address + ":" + MANAGEMENT + "/roots/0"))
              .build();
      byte[] root = client.send(request, HttpResponse.BodyHandlers.ofByteArray()).body();
      return trusting(certificate(root));
    }
  }

  /** All that it said so far. */
  public String output() {
    return process.output();
  }

  private static SSLContext trusting(Certificate root)
      throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry("root", root);
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }

  private static void openssl(Path folder, String arguments) {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(List.of(arguments.split(" ", -1)));
    List<String> here = List.of("sh", "-c", "cd \"$0\" && exec \"$@\"", folder.toString());
    List<String> all = new ArrayList<>(here);
    all.addAll(command);
    RunningProcess.Finished made = RunningProcess.run("openssl", folder, Map.of(), SOON, all);
    if (made.exitCode() != 0) {
      throw new AssertionError(made.output());
    }
  }

  private static X509Certificate certificate(byte[] pem) throws GeneralSecurityException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem));
  }

  @Override
  public void close() {
    process.close();
  }
}

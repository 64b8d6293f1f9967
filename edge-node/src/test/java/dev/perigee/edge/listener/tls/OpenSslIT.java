package dev.perigee.edge.listener.tls;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.TicketKey;
import dev.perigee.edge.config.TestAuthority;
import dev.perigee.testkit.Installed;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nodes under Debian's openssl as the client: what is resumed, and what is refused. */
class OpenSslIT {
  private static final String SHOP = "www.shop.example";
  private static final String OTHER = "www.other.example";
  private static final String GET =
      "GET / HTTP/1.1\r\nHost: www.shop.example\r\nConnection: close\r\n\r\n";

  private final TestAuthority authority = new TestAuthority();
  private final List<TlsNode> running = new ArrayList<>();
  @TempDir Path folder;
  private String trusted = "";

  @BeforeEach
  void trust() throws Exception {
    Installed.require("openssl");
    trusted = TlsNode.trusted(authority, folder).toString();
  }

  @AfterEach
  void stop() {
    running.forEach(TlsNode::close);
  }

  private TlsNode node(TlsProfile profile, CertificateConfig... certificates) throws Exception {
    return serve(
        new ServerTls(TlsEngine.BORINGSSL, profile, ServerTls.NAMES, ServerTls.Readers.UNASKED),
        certificates);
  }

  private TlsNode serve(ServerTls tls, CertificateConfig... certificates) throws Exception {
    TlsNode node = new TlsNode(tls, certificates);
    running.add(node);
    return node;
  }

  private static TicketKey key(int seed) {
    byte[] name = new byte[TicketKey.NAME_BYTES];
    byte[] secret = new byte[TicketKey.SECRET_BYTES];
    Arrays.fill(name, (byte) seed);
    Arrays.fill(secret, (byte) ~seed);
    return new TicketKey(
        Bytes.copyOf(name), Bytes.copyOf(secret), Instant.EPOCH, Instant.EPOCH.plusSeconds(1));
  }

  /** What openssl says of a connection to this name, or to none, on which it sends this. */
  private String say(TlsNode node, String name, String input, String... options) throws Exception {
    Path said = Files.writeString(folder.resolve("said"), input, StandardCharsets.US_ASCII);
    List<String> command =
        new ArrayList<>(
            List.of(
                "openssl", "s_client", "-connect", "127.0.0.1:" + node.port(), "-CAfile", trusted));
    command.addAll(name.isEmpty() ? List.of("-noservername") : List.of("-servername", name));
    command.addAll(List.of(options));
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectInput(said.toFile()).start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(30, TimeUnit.SECONDS));
      return output;
    } finally {
      process.destroyForcibly();
    }
  }

  private String get(TlsNode node, String name, String... options) throws Exception {
    List<String> all = new ArrayList<>(List.of(options));
    all.add("-ign_eof");
    String output = say(node, name, GET, all.toArray(String[]::new));
    assertTrue(output.contains(TlsNode.ANSWER), output);
    assertTrue(output.contains("Verify return code: 0 (ok)"), output);
    return output;
  }

  private String first(TlsNode node, String version) throws Exception {
    String output = get(node, SHOP, version, "-sess_out", session());
    assertTrue(output.contains("New, TLSv1."), output);
    return output;
  }

  private boolean isResumed(TlsNode node, String name, String version) throws Exception {
    String output = get(node, name, version, "-sess_in", session());
    assertTrue(output.contains("New, TLSv1.") || output.contains("Reused, TLSv1."), output);
    return output.contains("Reused, TLSv1.");
  }

  private String session() {
    return folder.resolve("session").toString();
  }

  private CertificateConfig certificate(String name) throws GeneralSecurityException {
    return authority.server("EC", name).config(name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-tls1_2", "-tls1_3"})
  void aTicketOfOneNodeResumesOnAnother(String version) throws Exception {
    CertificateConfig shop = certificate(SHOP);
    TlsNode one = node(TlsProfile.INTERMEDIATE, shop);
    TlsNode two = node(TlsProfile.INTERMEDIATE, shop);
    one.tls().tickets(List.of(key(1)));
    two.tls().tickets(List.of(key(1)));
    first(one, version);
    assertTrue(isResumed(two, SHOP, version));
    two.tls().tickets(List.of(key(2)));
    assertFalse(isResumed(two, SHOP, version), "its key is not known there");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-tls1_2", "-tls1_3"})
  void aTicketResumesUntilItsKeyIsGone(String version) throws Exception {
    TlsNode node = node(TlsProfile.INTERMEDIATE, certificate(SHOP));
    node.tls().tickets(List.of(key(1), key(2)));
    first(node, version);
    node.tls().tickets(List.of(key(2), key(1), key(3)));
    assertTrue(isResumed(node, SHOP, version));
    node.tls().tickets(List.of(key(3), key(2)));
    assertFalse(isResumed(node, SHOP, version));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-tls1_2", "-tls1_3"})
  void aTicketOfOneNameResumesNoOther(String version) throws Exception {
    CertificateConfig both = authority.server("EC", SHOP, OTHER).config(SHOP, OTHER);
    TlsNode node = node(TlsProfile.INTERMEDIATE, both);
    node.tls().tickets(List.of(key(1)));
    first(node, version);
    assertFalse(isResumed(node, OTHER, version));
    assertTrue(isResumed(node, SHOP, version));
  }

  @Test
  void aClientGetsTheCertificateThatItsSignatureSchemesAllow() throws Exception {
    TlsNode node =
        node(
            TlsProfile.INTERMEDIATE, certificate(SHOP), authority.server("RSA", SHOP).config(SHOP));
    String cbc = get(node, SHOP, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:aRSA");
    assertTrue(cbc.contains("Server public key is 2048 bit"), cbc);
    for (String version : List.of("-tls1_2", "-tls1_3")) {
      String rsa = get(node, SHOP, version, "-sigalgs", "rsa_pss_rsae_sha256");
      assertTrue(rsa.contains("Server public key is 2048 bit"), rsa);
      String ec = get(node, SHOP, version, "-sigalgs", "ECDSA+SHA256:rsa_pss_rsae_sha256");
      assertTrue(ec.contains("Server public key is 256 bit"), ec);
      String any = get(node, SHOP, version);
      assertTrue(any.contains("Server public key is 256 bit"), any);
    }
  }

  @Test
  void oldVersionsAndWeakSuitesAreRefused() throws Exception {
    TlsNode node =
        node(
            TlsProfile.INTERMEDIATE, certificate(SHOP), authority.server("RSA", SHOP).config(SHOP));
    for (String version : List.of("-tls1", "-tls1_1")) {
      refused(say(node, SHOP, GET, version, "-cipher", "ALL:@SECLEVEL=0"));
    }
    for (String suites : List.of("AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA256", "kDHE", "aNULL")) {
      refused(say(node, SHOP, GET, "-tls1_2", "-cipher", suites + ":@SECLEVEL=0"));
    }
    assertTrue(get(node, SHOP, "-tls1_2", "-comp").contains("Compression: NONE"));
  }

  private static void refused(String output) {
    assertFalse(output.contains(TlsNode.ANSWER), output);
    assertTrue(output.contains("alert"), output);
  }

  @Test
  void theModernProfileTakesNoEarlierVersion() throws Exception {
    TlsNode node = node(TlsProfile.MODERN, certificate(SHOP));
    refused(say(node, SHOP, GET, "-tls1_2"));
    assertTrue(get(node, SHOP, "-alpn", "http/1.1").contains("New, TLSv1.3"));
    assertTrue(say(node, SHOP, "", "-alpn", "h2").contains("ALPN protocol: h2"));
  }

  @Test
  void aClientThatWantsToRenegotiateIsCutOff() throws Exception {
    TlsNode node = node(TlsProfile.INTERMEDIATE, certificate(SHOP));
    String output = say(node, SHOP, "R\n" + GET, "-tls1_2");
    assertTrue(output.contains("Secure Renegotiation IS supported"), output); // RFC 5746
    assertTrue(output.contains("RENEGOTIATING"), output);
    assertFalse(output.contains(TlsNode.ANSWER), output);
  }

  @Test
  void whoNamesNobodyGetsNoCertificate() throws Exception {
    TlsNode node = node(TlsProfile.INTERMEDIATE, certificate(SHOP));
    String output = say(node, "", GET);
    assertTrue(output.contains("no peer certificate available"), output);
  }

  @Test
  void onlySoManyNamesAreKept() throws Exception {
    CertificateConfig all = authority.server("EC", "*.shop.example").config("*.shop.example");
    ServerTls tls =
        new ServerTls(TlsEngine.BORINGSSL, TlsProfile.INTERMEDIATE, 2, ServerTls.Readers.UNASKED);
    TlsNode node = serve(tls, all);
    node.tls().tickets(List.of(key(1)));
    for (String name : List.of("a", "b", "c", "a")) {
      get(node, name + ".shop.example");
      assertTrue(tls.names() <= 2);
    }
  }
}

package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.ClientCertificates;
import dev.perigee.contract.TicketKey;
import dev.perigee.edge.config.TestAuthority;
import dev.perigee.edge.listener.DoorLimits;
import dev.perigee.edge.listener.tls.ServerTls;
import dev.perigee.edge.listener.tls.TlsEngine;
import dev.perigee.edge.listener.tls.TlsProfile;
import dev.perigee.edge.table.HashTrie;
import dev.perigee.testkit.Installed;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sites that ask their readers for certificates, under the JDK and openssl as clients. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class ClientCertificatesIT {
  private static final String OTHER = "www.other.example";

  private static final TicketKey TICKETS =
      new TicketKey(
          Bytes.copyOf(new byte[TicketKey.NAME_BYTES]),
          Bytes.copyOf(new byte[TicketKey.SECRET_BYTES]),
          Instant.EPOCH,
          Instant.EPOCH.plusSeconds(1));

  private final TestAuthority servers = new TestAuthority();
  private final TestAuthority readers = new TestAuthority();
  private final TestAuthority strangers = new TestAuthority();
  private final TestAuthority.Issued reader = readers.node("reader");
  private final AtomicLong skewDays = new AtomicLong();
  private final AtomicReference<Optional<EdgeUnderTest>> current =
      new AtomicReference<>(Optional.empty());
  @TempDir Path folder;
  private ScriptedOrigin origin;
  private ServerTls tls;

  @BeforeEach
  void script() throws Exception {
    tls = new ServerTls(TlsEngine.JDK);
    origin = ScriptedOrigin.start();
    origin.on("/a", call -> call.ok("a", "Cache-Control: no-store"));
    origin.on("/kept", call -> call.ok("kept", "Cache-Control: max-age=60"));
    origin.on("/vary", call -> call.ok("v", "Cache-Control: max-age=60", "Vary: Client-Cert"));
  }

  @AfterEach
  void stop() throws IOException {
    if (current.get().isPresent()) {
      current.get().get().close();
    }
    origin.close();
  }

  private EdgeUnderTest edge(TlsEngine engine, ClientCertificates asked) throws Exception {
    tls =
        new ServerTls(
            engine,
            TlsProfile.INTERMEDIATE,
            ServerTls.NAMES,
            new ServerTls.Readers(
                name -> current.get().flatMap(edge -> edge.routes().terms(name)),
                () -> Instant.now().plus(Duration.ofDays(skewDays.get()))));
    tls.swap(
        HashTrie.of(
            List.of(
                servers.server("EC", EdgeUnderTest.HOST).config(EdgeUnderTest.HOST),
                servers.server("EC", OTHER).config(OTHER)),
            CertificateConfig::id));
    EdgeUnderTest edge =
        new EdgeUnderTest(
            folder.resolve("store"), DoorLimits.DEFAULT, tls.context(), origin.port());
    edge.ask(asked, OTHER);
    current.set(Optional.of(edge));
    return edge;
  }

  private EdgeUnderTest edge(ClientCertificates.Mode mode) throws Exception {
    return edge(TlsEngine.AUTO, of(mode, readers));
  }

  private static ClientCertificates of(ClientCertificates.Mode mode, TestAuthority... authorities)
      throws Exception {
    List<Bytes> ders = new ArrayList<>();
    for (TestAuthority authority : authorities) {
      ders.add(Bytes.copyOf(authority.certificate().getEncoded()));
    }
    return new ClientCertificates(mode, ders);
  }

  /** A connection whose handshake is done. */
  private SSLSocket connect(
      Optional<TestAuthority.Issued> own, String name, String version, String... protocols)
      throws Exception {
    KeyManager[] keys = {};
    if (own.isPresent()) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(
          "own", own.get().key(), new char[0], new X509Certificate[] {own.get().certificate()});
      KeyManagerFactory factory = KeyManagerFactory.getInstance("NewSunX509");
      factory.init(store, new char[0]);
      keys = factory.getKeyManagers();
    }
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys, trust(), null);
    SSLSocket socket =
        (SSLSocket)
            context
                .getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), current.get().get().tlsPort());
    socket.setSoTimeout(15_000);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setServerNames(List.of(new SNIHostName(name)));
    parameters.setProtocols(new String[] {version});
    parameters.setApplicationProtocols(protocols);
    socket.setSSLParameters(parameters);
    try {
      socket.startHandshake();
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private TrustManager[] trust() throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry("ca", servers.certificate());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    return trust.getTrustManagers();
  }

  /** The status of the answer, whose body is read as well. */
  private static int get(SSLSocket socket, String host, String target, String... fields)
      throws IOException {
    StringBuilder request =
        new StringBuilder("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n");
    List.of(fields).forEach(field -> request.append(field).append("\r\n"));
    socket
        .getOutputStream()
        .write(request.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    InputStream in = socket.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("no answer: " + head);
      }
      head.append((char) next);
    }
    String lower = head.toString().toLowerCase(java.util.Locale.ROOT);
    int at = lower.indexOf("content-length: ") + "content-length: ".length();
    int length = Integer.parseInt(lower.substring(at, lower.indexOf("\r\n", at)));
    in.readNBytes(length);
    return Integer.parseInt(head.substring(9, 12));
  }

  private int ask(Optional<TestAuthority.Issued> own, String version, String target)
      throws Exception {
    try (SSLSocket socket = connect(own, EdgeUnderTest.HOST, version)) {
      return get(socket, EdgeUnderTest.HOST, target);
    }
  }

  /** The alert by which a reader is refused. */
  private String refusal(Optional<TestAuthority.Issued> own, String version) {
    return String.valueOf(
        assertThrows(
                IOException.class,
                () -> {
                  // In TLS 1.3 the client is done before the server has looked.
                  try (SSLSocket socket = connect(own, EdgeUnderTest.HOST, version)) {
                    socket.getInputStream().read();
                  }
                })
            .getMessage());
  }

  private String told(TestAuthority.Issued of) throws Exception {
    return ":" + Base64.getEncoder().encodeToString(of.certificate().getEncoded()) + ":";
  }

  @ParameterizedTest
  @EnumSource(names = {"BORINGSSL", "JDK"})
  void whoHasACertificateIsLetInAndTheOriginIsTold(TlsEngine engine) throws Exception {
    edge(engine, of(ClientCertificates.Mode.REQUIRED, strangers, readers));
    for (String version : List.of("TLSv1.2", "TLSv1.3")) {
      try (SSLSocket socket = connect(Optional.of(reader), EdgeUnderTest.HOST, version)) {
        int status =
            get(
                socket,
                EdgeUnderTest.HOST,
                "/a",
                "Client-Cert: :AAAA:",
                "client-cert-chain: :AAAA:",
                "Client_Cert: :AAAA:",
                "Connection: Client-Cert");
        assertEquals(200, status);
      }
      ScriptedOrigin.Seen seen = origin.requests("/a").getLast();
      assertEquals(List.of(told(reader)), seen.all("Client-Cert"));
      assertEquals(List.of(), seen.all("Client-Cert-Chain"));
      assertEquals(List.of(), seen.all("Client_Cert"));
    }
    assertEquals(2, origin.requests("/a").size());
  }

  @ParameterizedTest
  @EnumSource(names = {"BORINGSSL", "JDK"})
  void whoHasNoneOrAStrangersIsRefusedInTheHandshake(TlsEngine engine) throws Exception {
    edge(engine, of(ClientCertificates.Mode.REQUIRED, readers));
    for (String version : List.of("TLSv1.2", "TLSv1.3")) {
      refusal(Optional.empty(), version);
      refusal(Optional.of(strangers.node("reader")), version);
    }
    refusal(Optional.of(readers.server("EC", "reader")), "TLSv1.3");
    assertEquals(0, origin.requests().size());
    assertEquals(5, tls.refusedReaders());
  }

  @Test
  void theAlertSaysWhy() throws Exception {
    edge(TlsEngine.BORINGSSL, of(ClientCertificates.Mode.REQUIRED, readers));
    String none = refusal(Optional.empty(), "TLSv1.3");
    assertTrue(none.contains("fatal alert"), none);
    String stranger = refusal(Optional.of(strangers.node("reader")), "TLSv1.3");
    assertTrue(stranger.contains("unknown_ca"), stranger);
    skewDays.set(100);
    String over = refusal(Optional.of(reader), "TLSv1.3");
    assertTrue(over.contains("certificate_expired"), over);
  }

  @ParameterizedTest
  @EnumSource(names = {"BORINGSSL", "JDK"})
  void whereItIsOptionalNobodyIsRefused(TlsEngine engine) throws Exception {
    EdgeUnderTest edge = edge(engine, of(ClientCertificates.Mode.OPTIONAL, readers));
    for (String version : List.of("TLSv1.2", "TLSv1.3")) {
      assertEquals(200, ask(Optional.of(reader), version, "/a"));
      assertEquals(Optional.of(told(reader)), origin.requests("/a").getLast().first("Client-Cert"));
      assertEquals(200, ask(Optional.empty(), version, "/a"));
      assertEquals(Optional.empty(), origin.requests("/a").getLast().first("Client-Cert"));
      assertEquals(200, ask(Optional.of(strangers.node("reader")), version, "/a"));
      assertEquals(Optional.empty(), origin.requests("/a").getLast().first("Client-Cert"));
    }
    assertEquals(200, RawClient.get(edge.port(), "/a", "Client-Cert: :AAAA:").status());
    assertEquals(Optional.empty(), origin.requests("/a").getLast().first("Client-Cert"));
  }

  /** BoringSSL reads no more of a certificate than its key. */
  @Test
  void oneThatCannotBeReadIsAsGoodAsNone() throws Exception {
    Installed.require("openssl");
    edge(TlsEngine.BORINGSSL, of(ClientCertificates.Mode.OPTIONAL, readers));
    Extension broken = new Extension(Extension.basicConstraints, true, new byte[] {1, 2, 3});
    String odd = write("odd.pem", "CERTIFICATE", with(broken).getEncoded());
    String answer = openssl("-tls1_3", "-cert", odd, "-key", key());
    assertTrue(answer.contains("HTTP/1.1 200"), answer);
    assertEquals(Optional.empty(), origin.requests("/a").getLast().first("Client-Cert"));
  }

  @Test
  void whoSendsMoreThanAConnectionHoldsIsRefused() throws Exception {
    Installed.require("openssl");
    edge(TlsEngine.BORINGSSL, of(ClientCertificates.Mode.OPTIONAL, readers));
    ASN1ObjectIdentifier own = new ASN1ObjectIdentifier("1.3.6.1.4.1.32473.1");
    for (int kilobytes : List.of(24, 40)) {
      X509CertificateHolder fat = with(new Extension(own, false, new byte[kilobytes * 1024]));
      String pem = write("fat.pem", "CERTIFICATE", fat.getEncoded());
      String answer = openssl("-tls1_3", "-cert", pem, "-key", key());
      assertEquals(kilobytes == 24, answer.contains("HTTP/1.1 200"), answer);
    }
  }

  private X509CertificateHolder with(Extension extension) throws Exception {
    X500Name name = new X500Name("CN=odd");
    Date from = Date.from(Instant.now().minusSeconds(60));
    Date to = Date.from(Instant.now().plusSeconds(3600));
    return new JcaX509v3CertificateBuilder(
            name, BigInteger.ONE, from, to, name, reader.certificate().getPublicKey())
        .addExtension(extension)
        .build(new JcaContentSignerBuilder("SHA256withECDSA").build(reader.key()));
  }

  @Test
  void withoutTlsNothingIsServedNotEvenOfWhatIsKept() throws Exception {
    EdgeUnderTest edge = edge(ClientCertificates.Mode.REQUIRED);
    assertEquals(200, ask(Optional.of(reader), "TLSv1.3", "/kept"));
    RawClient.Response refused = RawClient.get(edge.port(), "/kept", "Client-Cert: :AAAA:");
    assertEquals(403, refused.status());
    assertTrue(refused.body().contains("certificate"), refused.body());
    assertEquals(1, origin.requests("/kept").size());
    assertEquals(200, ask(Optional.of(readers.node("next")), "TLSv1.3", "/kept"));
    assertEquals(1, origin.requests("/kept").size(), "one answer is for all who are let in");
  }

  @Test
  void anAnswerThatVariesByTheCertificateIsForOne() throws Exception {
    edge(ClientCertificates.Mode.REQUIRED);
    TestAuthority.Issued next = readers.node("next");
    for (int i = 0; i < 2; i++) {
      assertEquals(200, ask(Optional.of(reader), "TLSv1.3", "/vary"));
      assertEquals(200, ask(Optional.of(next), "TLSv1.3", "/vary"));
    }
    assertEquals(2, origin.requests("/vary").size());
  }

  @Test
  void aConnectionIsOfOneSite() throws Exception {
    edge(ClientCertificates.Mode.REQUIRED);
    try (SSLSocket other = connect(Optional.empty(), OTHER, "TLSv1.3")) {
      assertEquals(421, get(other, EdgeUnderTest.HOST, "/a"));
      assertEquals(0, origin.requests().size());
      assertEquals(200, get(other, OTHER, "/a"), "the connection goes on");
    }
    try (SSLSocket own = connect(Optional.of(reader), EdgeUnderTest.HOST, "TLSv1.3")) {
      assertEquals(200, get(own, OTHER, "/a", "Client-Cert: :AAAA:"));
      assertEquals(Optional.empty(), origin.requests("/a").getLast().first("Client-Cert"));
      assertEquals(200, get(own, EdgeUnderTest.HOST, "/a"));
      assertEquals(Optional.of(told(reader)), origin.requests("/a").getLast().first("Client-Cert"));
    }
  }

  @Test
  void aConnectionOfHttp2IsOfOneSite() throws Exception {
    edge(ClientCertificates.Mode.OPTIONAL);
    try (FrameClient other =
        new FrameClient(connect(Optional.of(reader), OTHER, "TLSv1.3", "h2"))) {
      ask(other, 1, EdgeUnderTest.HOST);
      assertEquals("421", other.outcome(1));
      ask(other, 3, OTHER);
      assertEquals("200", other.outcome(3));
    }
    try (FrameClient own =
        new FrameClient(connect(Optional.of(reader), EdgeUnderTest.HOST, "TLSv1.3", "h2"))) {
      ask(own, 1, EdgeUnderTest.HOST);
      assertEquals("200", own.outcome(1));
      assertEquals(Optional.of(told(reader)), origin.requests("/a").getLast().first("Client-Cert"));
    }
  }

  private static void ask(FrameClient client, int stream, String host) throws IOException {
    client.frame(
        FrameClient.HEADERS,
        FrameClient.END_HEADERS | FrameClient.END_STREAM,
        stream,
        FrameClient.block(
            List.of(
                ":method=GET",
                ":scheme=https",
                ":authority=" + host,
                ":path=/a",
                "client-cert=:AAAA:")));
  }

  @Test
  void otherAuthoritiesHoldForConnectionsThatAreOpen() throws Exception {
    EdgeUnderTest edge = edge(ClientCertificates.Mode.REQUIRED);
    try (SSLSocket open = connect(Optional.of(reader), EdgeUnderTest.HOST, "TLSv1.3")) {
      assertEquals(200, get(open, EdgeUnderTest.HOST, "/a"));
      edge.ask(of(ClientCertificates.Mode.REQUIRED, strangers), OTHER);
      assertEquals(421, get(open, EdgeUnderTest.HOST, "/a"));
      assertEquals(-1, open.getInputStream().read(), "it comes again on a new one");
    }
    refusal(Optional.of(reader), "TLSv1.3");
    assertEquals(200, ask(Optional.of(strangers.node("one")), "TLSv1.3", "/a"));
    edge.ask(ClientCertificates.OFF, OTHER);
    assertEquals(200, ask(Optional.empty(), "TLSv1.3", "/a"));
  }

  @ParameterizedTest
  @EnumSource(names = {"BORINGSSL", "JDK"})
  void aConnectionFromBeforeTheSiteAskedEnds(TlsEngine engine) throws Exception {
    EdgeUnderTest edge = edge(engine, ClientCertificates.OFF);
    try (SSLSocket open = connect(Optional.empty(), EdgeUnderTest.HOST, "TLSv1.3")) {
      assertEquals(200, get(open, EdgeUnderTest.HOST, "/a"));
      edge.ask(of(ClientCertificates.Mode.REQUIRED, readers), OTHER);
      assertEquals(421, get(open, EdgeUnderTest.HOST, "/a"));
      assertEquals(-1, open.getInputStream().read(), "it comes again on a new one");
    }
  }

  @Test
  void aCertificateThatEndsWhileItsConnectionIsOpenIsNoneFromThenOn() throws Exception {
    edge(ClientCertificates.Mode.REQUIRED);
    try (SSLSocket open = connect(Optional.of(reader), EdgeUnderTest.HOST, "TLSv1.3")) {
      assertEquals(200, get(open, EdgeUnderTest.HOST, "/a"));
      skewDays.set(100);
      assertEquals(421, get(open, EdgeUnderTest.HOST, "/a"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-tls1_2", "-tls1_3"})
  void nothingIsResumedWhereACertificateIsAskedFor(String version) throws Exception {
    EdgeUnderTest edge = edge(TlsEngine.BORINGSSL, ClientCertificates.OFF);
    tls.tickets(List.of(TICKETS));
    String[] before = {version, "-sess_out", folder.resolve("before").toString()};
    assertTrue(openssl(before).contains("HTTP/1.1 200"));
    edge.ask(of(ClientCertificates.Mode.REQUIRED, readers), OTHER);
    String denied = openssl(version, "-sess_in", folder.resolve("before").toString());
    assertFalse(denied.contains("HTTP/1.1 200"), denied);
    String first =
        openssl(
            version, "-sess_out", folder.resolve("own").toString(), "-cert", pem(), "-key", key());
    assertTrue(first.contains("HTTP/1.1 200"), first);
    assertFalse(first.contains("TLS session ticket:"), first);
    if (Files.exists(folder.resolve("own"))) {
      String again = openssl(version, "-sess_in", folder.resolve("own").toString());
      assertFalse(again.contains("HTTP/1.1 200"), again);
      assertFalse(again.contains("Reused"), again);
    }
  }

  @Test
  void opensslIsRefusedWithoutOne() throws Exception {
    Installed.require("openssl");
    edge(TlsEngine.BORINGSSL, of(ClientCertificates.Mode.REQUIRED, readers));
    String refused = openssl("-tls1_3");
    assertTrue(refused.contains("SSL alert number"), refused);
    assertFalse(refused.contains("HTTP/1.1"), refused);
    String list = openssl("-tls1_3", "-cert", pem(), "-key", key());
    assertTrue(list.contains("HTTP/1.1 200"), list);
    assertTrue(list.contains("Acceptable client certificate CA names"), list);
  }

  private String pem() throws Exception {
    return write("reader.pem", "CERTIFICATE", reader.certificate().getEncoded());
  }

  private String key() throws Exception {
    return write("reader.key", "PRIVATE KEY", reader.key().getEncoded());
  }

  private String write(String file, String kind, byte[] der) throws IOException {
    String text =
        "-----BEGIN %s-----\n%s\n-----END %s-----\n"
            .formatted(kind, Base64.getMimeEncoder().encodeToString(der), kind);
    return Files.writeString(folder.resolve(file), text).toString();
  }

  /** What openssl says of a connection on which it asks for something. */
  private String openssl(String... options) throws Exception {
    Installed.require("openssl");
    Path said =
        Files.writeString(
            folder.resolve("said"),
            "GET /a HTTP/1.1\r\nHost: " + EdgeUnderTest.HOST + "\r\nConnection: close\r\n\r\n");
    List<String> command =
        new ArrayList<>(
            List.of(
                "openssl",
                "s_client",
                "-connect",
                "127.0.0.1:" + current.get().get().tlsPort(),
                "-servername",
                EdgeUnderTest.HOST,
                "-ign_eof"));
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
}

package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.ClientCertificates;
import dev.perigee.contract.FromControl;
import dev.perigee.edge.config.TestAuthority;
import dev.perigee.edge.request.PeerHop;
import dev.perigee.edge.request.PeerTier;
import dev.perigee.edge.request.PurgePosition;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Who comes in at the port for nodes, and what is believed there and nowhere else. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class PeerPortIT {
  @TempDir Path folder;
  private ScriptedOrigin origin;
  private NetworkUnderTest network;

  @BeforeEach
  void start() throws Exception {
    origin = ScriptedOrigin.start();
    network = new NetworkUnderTest(folder, origin.port(), 100);
    network.add("edge-1", "eu", false);
    network.add("shield-1", "us", true);
    network.configure();
    origin.on("/a", call -> call.ok("body", "Cache-Control: no-store"));
  }

  @AfterEach
  void stop() throws Exception {
    network.close();
    origin.close();
  }

  private static PeerHop hop(String... path) {
    return new PeerHop(
        PeerTier.SHIELD,
        new PurgePosition(NetworkUnderTest.LOG, 0),
        "shop",
        NetworkUnderTest.HOST,
        "198.51.100.7",
        List.of("203.0.113.1", "203.0.113.2"),
        "https",
        443,
        List.of(path));
  }

  /** What the shield answers to who shows this certificate; a refused handshake is an exception. */
  private String ask(Optional<TestAuthority.Issued> own, String... fields) throws Exception {
    return ask("shield-1", own, fields);
  }

  private String ask(String of, Optional<TestAuthority.Issued> own, String... fields)
      throws Exception {
    try (SSLSocket socket =
        (SSLSocket)
            context(own)
                .getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), network.node(of).peerPort())) {
      socket.setSoTimeout(15_000);
      StringBuilder request =
          new StringBuilder("GET /a HTTP/1.1\r\nConnection: close\r\nHost: ")
              .append(NetworkUnderTest.HOST)
              .append("\r\n");
      for (String field : fields) {
        request.append(field).append("\r\n");
      }
      socket
          .getOutputStream()
          .write(request.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
      byte[] answer = socket.getInputStream().readAllBytes();
      if (answer.length == 0) {
        throw new IOException("no answer");
      }
      return new String(answer, StandardCharsets.ISO_8859_1);
    }
  }

  private SSLContext context(Optional<TestAuthority.Issued> own) throws Exception {
    KeyManager[] keys = {};
    if (own.isPresent()) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      X509Certificate[] chain = {own.get().certificate(), network.authority().certificate()};
      store.setKeyEntry("own", own.get().key(), new char[0], chain);
      KeyManagerFactory factory = KeyManagerFactory.getInstance("NewSunX509");
      factory.init(store, new char[0]);
      keys = factory.getKeyManagers();
    }
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys, new TrustManager[] {new Anybody()}, null);
    return context;
  }

  private static String field(PeerHop hop) {
    return PeerHop.FIELD + ": " + hop.toText();
  }

  @Test
  void aNodeIsBelievedWhatItSaysOfItsReader() throws Exception {
    String answer = ask(Optional.of(network.authority().node("edge-1")), field(hop("edge-1")));
    assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
    ScriptedOrigin.Seen seen = origin.requests("/a").getFirst();
    assertEquals(List.of("198.51.100.7, 203.0.113.1, 203.0.113.2"), seen.all("X-Forwarded-For"));
    assertEquals(List.of("https"), seen.all("X-Forwarded-Proto"));
    assertEquals(
        List.of(
            "for=198.51.100.7;host=www.shop.example;proto=https,"
                + " for=203.0.113.1, for=203.0.113.2"),
        seen.all("Forwarded"));
  }

  @Test
  void aNodesWordForItsReadersCertificateIsPassedOn() throws Exception {
    network.ask(
        new ClientCertificates(
            ClientCertificates.Mode.REQUIRED,
            List.of(Bytes.copyOf(network.authority().certificate().getEncoded()))));
    network.configure();
    String word = ":MIIB:";
    Optional<TestAuthority.Issued> node = Optional.of(network.authority().node("edge-1"));
    PeerHop said = hop("edge-1").certifying(Optional.of(word));
    assertTrue(ask(node, field(said), "Client-Cert: " + word).startsWith("HTTP/1.1 200"));
    assertEquals(List.of(word), origin.requests("/a").getLast().all("Client-Cert"));
    assertTrue(ask(node, field(said), "Client-Cert: :AAAA:").startsWith("HTTP/1.1 200"));
    assertEquals(List.of(), origin.requests("/a").getLast().all("Client-Cert"));
    // A node of a build before lets pass what its reader says.
    assertTrue(ask(node, field(hop("edge-1")), "Client-Cert: " + word).startsWith("HTTP/1.1 200"));
    assertEquals(List.of(), origin.requests("/a").getLast().all("Client-Cert"));
  }

  @Test
  void theWordForACertificateGoesFromNodeToNode() throws Exception {
    network.ask(
        new ClientCertificates(
            ClientCertificates.Mode.OPTIONAL,
            List.of(Bytes.copyOf(network.authority().certificate().getEncoded()))));
    network.add("edge-2", "eu", false);
    network.configure();
    String word = ":MIIB:";
    PeerHop said =
        new PeerHop(
                PeerTier.OWNER,
                new PurgePosition(NetworkUnderTest.LOG, 0),
                "shop",
                NetworkUnderTest.HOST,
                "198.51.100.7",
                List.of(),
                "https",
                443,
                List.of("edge-2"))
            .certifying(Optional.of(word));
    String answer =
        ask(
            "edge-1",
            Optional.of(network.authority().node("edge-2")),
            field(said),
            "Client-Cert: " + word);
    assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
    ScriptedOrigin.Seen seen = origin.requests("/a").getLast();
    assertEquals(List.of(word), seen.all("Client-Cert"));
    assertEquals(List.of("1.1 perigee, 1.1 perigee"), seen.all("Via"), "by way of the shield");
  }

  @Test
  void aLargeBodyComesWhole() throws Exception {
    String body = "0123456789abcdef".repeat(20_000);
    origin.on("/a", call -> call.ok(body, "Cache-Control: max-age=60"));
    for (int i = 0; i < 2; i++) {
      String answer = ask(Optional.of(network.authority().node("edge-1")), field(hop("edge-1")));
      assertEquals(body, answer.substring(answer.indexOf("\r\n\r\n") + 4));
    }
    assertEquals(body, network.node("edge-1").get("/a").body());
    assertEquals(1, origin.requests("/a").size());
  }

  @Test
  void aReaderIsBelievedNothingOfIt() throws Exception {
    network.node("shield-1").get("/a", field(hop("edge-1")));
    ScriptedOrigin.Seen seen = origin.requests("/a").getFirst();
    assertEquals(List.of("127.0.0.1"), seen.all("X-Forwarded-For"));
    assertEquals(List.of(), seen.all(PeerHop.FIELD));
  }

  @Test
  void whatAnOriginSaysInTheFieldIsDropped() throws Exception {
    origin.on("/a", call -> call.ok("body", PeerHop.FIELD + ": refused=node-busy"));
    RawClient.Response answer = network.node("edge-1").get("/a");
    assertEquals("body", answer.body());
    assertEquals(List.of(), answer.all(PeerHop.FIELD));
    assertEquals(1, origin.requests("/a").size());
  }

  @Test
  void whoShowsNoCertificateOfTheNetworkDoesNotComeIn() {
    String field = field(hop("edge-1"));
    assertThrows(IOException.class, () -> ask(Optional.empty(), field));
    TestAuthority stranger = new TestAuthority();
    assertThrows(IOException.class, () -> ask(Optional.of(stranger.node("edge-1")), field));
    TestAuthority own = network.authority();
    assertThrows(
        IOException.class,
        () -> ask(Optional.of(own.server("EC", "edge-1")), field),
        "a server of the network, such as the control plane, is no node");
    assertThrows(
        IOException.class,
        () -> ask(Optional.of(own.node("removed-1")), field(hop("removed-1"))),
        "a node that is not of the network any more");
    assertEquals(0, origin.requests("/a").size());
  }

  @Test
  void aRevokedCertificateIsRefusedThoughAnotherNodeHasItsNameNow() throws Exception {
    TestAuthority own = network.authority();
    TestAuthority.Issued removed = own.node("edge-1");
    String field = field(hop("edge-1"));
    assertTrue(ask(Optional.of(removed), field).startsWith("HTTP/1.1 200"));
    Bytes ca = Bytes.copyOf(own.certificate().getEncoded());
    String serial = removed.certificate().getSerialNumber().toString(16);
    network.trust().take(new FromControl.Trust(List.of(ca), List.of(serial)));
    assertThrows(IOException.class, () -> ask(Optional.of(removed), field));
    assertTrue(ask(Optional.of(own.node("edge-1")), field).startsWith("HTTP/1.1 200"));
  }

  @Test
  void whileOneAuthorityTakesThePlaceOfAnotherBothAreTrustedAndThenOne() throws Exception {
    TestAuthority old = network.authority();
    TestAuthority next = new TestAuthority();
    Bytes first = Bytes.copyOf(old.certificate().getEncoded());
    Bytes second = Bytes.copyOf(next.certificate().getEncoded());
    String field = field(hop("edge-1"));
    network.trust().take(new FromControl.Trust(List.of(first, second), List.of()));
    for (TestAuthority one : List.of(old, next)) {
      assertTrue(ask(Optional.of(one.node("edge-1")), field).startsWith("HTTP/1.1 200"));
    }
    network.trust().take(new FromControl.Trust(List.of(second), List.of()));
    assertThrows(IOException.class, () -> ask(Optional.of(old.node("edge-1")), field));
    assertTrue(ask(Optional.of(next.node("edge-1")), field).startsWith("HTTP/1.1 200"));
  }

  @Test
  void aNodeSpeaksForItselfOnlyAndSaysWhatItWants() throws Exception {
    Optional<TestAuthority.Issued> edge = Optional.of(network.authority().node("edge-1"));
    String other = ask(edge, field(hop("edge-1", "shield-1")));
    assertTrue(other.startsWith("HTTP/1.1 403"), other);
    String nothing = ask(edge);
    assertTrue(nothing.startsWith("HTTP/1.1 400"), nothing);
    String twice = ask(edge, field(hop("edge-1")), field(hop("edge-1")));
    assertTrue(twice.startsWith("HTTP/1.1 400"), twice);
    String broken = ask(edge, PeerHop.FIELD + ": tier=origin");
    assertTrue(broken.startsWith("HTTP/1.1 400"), broken);
    assertEquals(0, origin.requests("/a").size());
  }

  @Test
  void aRequestThatHasBeenHereIsALoop() throws Exception {
    String loop =
        ask(Optional.of(network.authority().node("edge-1")), field(hop("shield-1", "edge-1")));
    assertTrue(loop.startsWith("HTTP/1.1 508"), loop);
    assertTrue(loop.contains(PeerHop.FIELD + ": refused=peer-loop"), loop);
    assertEquals(0, origin.requests("/a").size());
  }

  /** Trusts whatever it is shown: the test is about the other side. */
  private static final class Anybody implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}

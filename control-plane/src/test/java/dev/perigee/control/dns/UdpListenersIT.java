package dev.perigee.control.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.perigee.control.steer.Fixtures;
import dev.perigee.control.steer.NodeChoice;
import dev.perigee.control.steer.SteeringSnapshot;
import dev.perigee.control.store.Node;
import dev.perigee.testkit.NothingLeaks;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;

/** Sockets of UDP, that of Linux and that of any system: each asker gets its own answers. */
class UdpListenersIT {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final int PATIENCE_MILLIS = 20_000;
  private static final int ASKERS = 10;

  /** More than are received at once. */
  private static final int QUERIES_OF_EACH = 12;

  @RegisterExtension final NothingLeaks nothingLeaks = NothingLeaks.watchingThreads("dns-udp");

  private final Node node = Fixtures.node("fra-1", "eu", 50, 8);
  private final SteeringSnapshot snapshot =
      new SteeringSnapshot(
          List.of(Fixtures.serving(node)),
          List.of(Fixtures.site("shop", List.of("www.shop.example"))),
          7);
  private final Set<String> askers = ConcurrentHashMap.newKeySet();

  private DnsResponder responder() {
    DnsConfig config =
        TestZones.unlimited(
            new DnsConfig(
                List.of(LOOPBACK),
                0,
                "cdn.example",
                false,
                Map.of("ns1.cdn.example", LOOPBACK),
                20,
                1,
                Duration.ofSeconds(1)));
    NodeChoice steering =
        (address, bits, site, key, into) -> {
          askers.add(text(address));
          into.become(List.of(node), 1, 0, false);
        };
    Zones zones = new Zones(config, () -> snapshot, () -> ZoneFacts.NONE, TestZones.HASH);
    zones.refresh();
    return TestZones.responder(config, steering, zones);
  }

  private static String text(byte[] address) {
    try {
      return InetAddress.getByAddress(address).getHostAddress();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private UdpListener listener(boolean linux, InetSocketAddress at) throws IOException {
    if (linux) {
      assumeTrue(LinuxUdp.isHere(), "there are no such sockets here");
      return DnsBatchListener.open(at, false, DnsConfig.UDP_BUFFER, responder());
    }
    boolean v4 = at.getAddress().getAddress().length == 4;
    DatagramChannel channel =
        DatagramChannel.open(v4 ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6);
    return new DnsUdpListener(channel.bind(at), responder());
  }

  /** A port that was free a moment ago. */
  private static InetSocketAddress free(InetAddress address) throws IOException {
    try (DatagramSocket socket = new DatagramSocket(0, address)) {
      return new InetSocketAddress(address, socket.getLocalPort());
    }
  }

  private static byte[] query(int id) throws IOException {
    Name name = Name.fromString("shop.cdn.example.");
    Message query = Message.newQuery(Record.newRecord(name, Type.A, DClass.IN));
    query.getHeader().setID(id);
    return query.toWire();
  }

  private static Set<Integer> answers(DatagramSocket socket, int count) throws IOException {
    Set<Integer> ids = new TreeSet<>();
    for (int i = 0; i < count; i++) {
      DatagramPacket packet = new DatagramPacket(new byte[512], 512);
      socket.receive(packet);
      byte[] bytes = java.util.Arrays.copyOf(packet.getData(), packet.getLength());
      ids.add(new Message(bytes).getHeader().getID());
    }
    return ids;
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void ofManyQueriesAtOnceEachAskerGetsTheAnswersToItsOwn(boolean linux) throws Exception {
    InetSocketAddress at = free(LOOPBACK);
    List<DatagramSocket> sockets = new ArrayList<>();
    try (UdpListener listener = listener(linux, at)) {
      for (int i = 0; i < ASKERS; i++) {
        DatagramSocket socket = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0." + (i + 1)));
        sockets.add(socket);
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.connect(at);
        for (int q = 0; q < QUERIES_OF_EACH; q++) {
          byte[] query = query(100 * i + q);
          socket.send(new DatagramPacket(query, query.length));
        }
        byte[] noQuery = {1, 2, 3};
        socket.send(new DatagramPacket(noQuery, noQuery.length));
      }
      listener.start();
      for (int i = 0; i < ASKERS; i++) {
        Set<Integer> wanted = new TreeSet<>();
        for (int q = 0; q < QUERIES_OF_EACH; q++) {
          wanted.add(100 * i + q);
        }
        assertEquals(wanted, answers(sockets.get(i), QUERIES_OF_EACH));
      }
      assertEquals(ASKERS, askers.size(), askers.toString());
    } finally {
      sockets.forEach(DatagramSocket::close);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anAskerHasItsAddressOfIpv6OrOfIpv4(boolean linux) throws Exception {
    InetSocketAddress at = free(InetAddress.ofLiteral("::"));
    try (UdpListener listener = listener(linux, at)) {
      listener.start();
      for (String address : List.of("::1", "127.0.0.1")) {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.ofLiteral(address))) {
          socket.setSoTimeout(PATIENCE_MILLIS);
          byte[] query = query(7);
          socket.send(
              new DatagramPacket(query, query.length, socket.getLocalAddress(), at.getPort()));
          assertEquals(Set.of(7), answers(socket, 1));
        }
      }
      assertEquals(Set.of("0:0:0:0:0:0:0:1", "127.0.0.1"), askers);
    }
  }

  @Test
  void aPortThatIsTakenIsNamedAndOneThatIsClosedIsFree() throws Exception {
    InetSocketAddress at = free(LOOPBACK);
    try (UdpListener first = listener(true, at)) {
      first.start();
      assertThrows(BindException.class, () -> listener(true, at));
    }
    try (UdpListener again = listener(true, at)) {
      again.start();
    }
  }
}

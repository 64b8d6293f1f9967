package dev.perigee.control.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.steer.Fixtures;
import dev.perigee.control.steer.GeoLocator;
import dev.perigee.control.steer.NearestSteering;
import dev.perigee.control.steer.SteeringSnapshot;
import dev.perigee.control.steer.SteeringSnapshot.SteeredNode;
import dev.perigee.control.store.Node;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xbill.DNS.ClientSubnetOption;
import org.xbill.DNS.DClass;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Opcode;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** The authoritative DNS over real sockets, UDP and TCP. */
class DnsServerIT {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final int PATIENCE_MILLIS = 10_000;

  private static final Node FRANKFURT = Fixtures.node("fra-1", "eu", 50.11, 8.68);
  private static final Node ASHBURN = Fixtures.node("iad-1", "us", 39.04, -77.49);

  /** 203.0.113.0/24 is in Berlin, 2001:db8::/40 too, everything else in New York. */
  private static final GeoLocator PLACES =
      address -> {
        boolean berlin =
            address.getHostAddress().startsWith("203.0.113.")
                || address.getHostAddress().startsWith("2001:db8:");
        int bits = address.getAddress().length == 4 ? 24 : 40;
        return Optional.of(
            berlin
                ? new GeoLocator.Location(52.5, 13.4, "DE", bits)
                : new GeoLocator.Location(40.7, -74, "US", bits - 8));
      };

  private final NearestSteering steering =
      new NearestSteering(PLACES, NearestSteering.DEFAULT_POSITION);
  private final DnsServer server =
      new DnsServer(
          TestZones.unlimited(
              new DnsConfig(
                  List.of(LOOPBACK),
                  0,
                  "cdn.example",
                  true,
                  Map.of("NS1.CDN.example.", LOOPBACK),
                  20,
                  2,
                  Duration.ofSeconds(10))),
          steering,
          steering::snapshot,
          DnsFacts.none(),
          new byte[32],
          new SecureRandom(),
          InstantSource.system(),
          System::nanoTime);

  @BeforeEach
  void start() throws IOException {
    steer(List.of(Fixtures.serving(FRANKFURT), Fixtures.serving(ASHBURN)));
    server.start();
  }

  private void steer(List<SteeredNode> nodes) {
    steering.swap(
        new SteeringSnapshot(
            nodes,
            List.of(
                Fixtures.site("shop", List.of("www.shop.example", "*.wild.example")),
                Fixtures.site("asia", List.of("asia.example"), "asia")),
            42));
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private static Message query(String name, int type) throws IOException {
    return Message.newQuery(Record.newRecord(Name.fromString(name, Name.root), type, DClass.IN));
  }

  private static Message query(String name, int type, String subnet, int prefix)
      throws IOException {
    Message query = query(name, type);
    List<EDNSOption> options =
        List.of(new ClientSubnetOption(prefix, InetAddress.ofLiteral(subnet)));
    query.addRecord(new OPTRecord(1232, 0, 0, 0, options), Section.ADDITIONAL);
    return query;
  }

  private byte[] udp(byte[] packet, int patience) throws IOException {
    try (DatagramSocket socket = new DatagramSocket(0, LOOPBACK)) {
      socket.setSoTimeout(patience);
      socket.send(new DatagramPacket(packet, packet.length, LOOPBACK, server.port()));
      DatagramPacket answer = new DatagramPacket(new byte[65_535], 65_535);
      socket.receive(answer);
      return Arrays.copyOf(answer.getData(), answer.getLength());
    }
  }

  private Message udp(Message query) throws IOException {
    return new Message(udp(query.toWire(), PATIENCE_MILLIS));
  }

  private static byte[] framed(byte[] packet) {
    return ByteBuffer.allocate(2 + packet.length)
        .putShort((short) packet.length)
        .put(packet)
        .array();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(LOOPBACK, server.port());
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  private static byte[] read(Socket socket) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    byte[] answer = new byte[in.readUnsignedShort()];
    in.readFully(answer);
    return answer;
  }

  private Message tcp(Message query) throws IOException {
    try (Socket socket = connect()) {
      socket.getOutputStream().write(framed(query.toWire()));
      return new Message(read(socket));
    }
  }

  private static List<String> data(Message answer) {
    return answer.getSection(Section.ANSWER).stream().map(Record::rdataToString).toList();
  }

  private static String address(Node node, int family) {
    return node.addresses().get(family == Type.A ? 0 : 1).getHostAddress();
  }

  @ParameterizedTest
  @CsvSource({
    "shop.cdn.example, 203.0.113.0, 24, fra-1, 24",
    "shop.cdn.example, 198.51.100.0, 24, iad-1, 16",
    "www.shop.example, 203.0.113.0, 24, fra-1, 24",
    "x.wild.example, 203.0.113.77, 32, fra-1, 24",
    "shop.cdn.example, 2001:db8::, 48, fra-1, 40",
    "shop.cdn.example, 2a00::, 32, iad-1, 32",
    "fra-1.cdn.example, 198.51.100.0, 24, fra-1, 0",
    "fra-1.shop.cdn.example, 198.51.100.0, 24, fra-1, 0",
  })
  void theClientsSubnetDecides(String name, String subnet, int prefix, String node, int scope)
      throws IOException {
    Node expected = node.equals("fra-1") ? FRANKFURT : ASHBURN;
    for (int type : new int[] {Type.A, Type.AAAA}) {
      Message answer = udp(query(name, type, subnet, prefix));
      assertEquals(Rcode.NOERROR, answer.getRcode());
      assertTrue(answer.getHeader().getFlag(Flags.AA));
      assertEquals(1, data(answer).size());
      assertEquals(
          InetAddress.ofLiteral(address(expected, type)),
          InetAddress.ofLiteral(data(answer).getFirst()));
      assertEquals(
          name.startsWith("fra-1") ? 20 : 30,
          answer.getSection(Section.ANSWER).getFirst().getTTL());
      ClientSubnetOption option =
          (ClientSubnetOption) answer.getOPT().getOptions(EDNSOption.Code.CLIENT_SUBNET).getFirst();
      assertEquals(prefix, option.getSourcePrefixLength());
      assertEquals(scope, option.getScopePrefixLength());
    }
  }

  @Test
  void whoHidesTheirSubnetIsSteeredByTheResolver() throws IOException {
    Message answer = udp(query("shop.cdn.example", Type.A, "0.0.0.0", 0));
    assertEquals(List.of(address(ASHBURN, Type.A)), data(answer));
    ClientSubnetOption option =
        (ClientSubnetOption) answer.getOPT().getOptions(EDNSOption.Code.CLIENT_SUBNET).getFirst();
    assertEquals(0, option.getScopePrefixLength());
    assertEquals(List.of(address(ASHBURN, Type.A)), data(udp(query("shop.cdn.example", Type.A))));
  }

  @ParameterizedTest
  @CsvSource({
    "nobody.cdn.example, A, NXDOMAIN, true",
    "a.b.shop.cdn.example, A, NXDOMAIN, true",
    "nobody.shop.cdn.example, A, NXDOMAIN, true",
    "shop.cdn.example, TXT, NOERROR, true",
    "shop.cdn.example, TYPE65280, NOERROR, true",
    "shop.cdn.example, HTTPS, NOERROR, true",
    "shop.cdn.example, AXFR, REFUSED, false",
    "cdn.example, IXFR, REFUSED, false",
    "shop.cdn.example, MAILB, NOTIMP, false",
    "asia.example, A, NOERROR, true",
    "asia.cdn.example, A, NOERROR, true",
    "nobody.example, A, REFUSED, false",
    "example, A, REFUSED, false",
    "xcdn.example, A, REFUSED, false",
    "., NS, REFUSED, false",
  })
  void whatIsNotThereIsSaidSo(String name, String type, String rcode, boolean soa)
      throws IOException {
    Message answer = udp(query(name, Type.value(type)));
    assertEquals(rcode, Rcode.string(answer.getRcode()));
    assertEquals(List.of(), data(answer));
    List<Record> authority = answer.getSection(Section.AUTHORITY);
    assertEquals(soa ? 1 : 0, authority.size());
    assertEquals(soa, answer.getHeader().getFlag(Flags.AA));
    if (soa) {
      assertEquals(Type.SOA, authority.getFirst().getType());
      assertTrue(authority.getFirst().rdataToString().contains(" 42 "), "the revision");
    }
  }

  @Test
  void theZoneHasItsServersAndItsStart() throws IOException {
    Message servers = udp(query("cdn.example", Type.NS));
    assertEquals(List.of("ns1.cdn.example."), data(servers));
    assertEquals(Type.A, servers.getSection(Section.ADDITIONAL).getFirst().getType());
    assertEquals(1, data(udp(query("cdn.example", Type.SOA))).size());
    assertEquals(List.of("127.0.0.1"), data(udp(query("ns1.cdn.example", Type.A))));
    assertEquals(List.of(), data(udp(query("cdn.example", Type.A))));
  }

  @Test
  void anyGetsOneSmallRecord() throws IOException {
    Message answer = udp(query("shop.cdn.example", Type.ANY));
    assertEquals(List.of("\"RFC8482\" \"\""), data(answer));
  }

  @Test
  void theQuestionComesBackInItsOwnCase() throws IOException {
    Message answer = udp(query("ShOp.CdN.eXaMpLe", Type.A));
    assertEquals("ShOp.CdN.eXaMpLe.", answer.getQuestion().getName().toString());
    assertEquals(1, data(answer).size());
  }

  @Test
  void whatDoesNotFitIsCutAndComesWholeOverTcp() throws IOException {
    List<InetAddress> many = new ArrayList<>();
    for (int i = 1; i < 120; i++) {
      many.add(InetAddress.ofLiteral("198.51.100." + i));
    }
    Node large = new Node("big-1", "eu", 50, 8, many, 80, 443, false, true);
    steer(List.of(Fixtures.serving(large)));
    Message cut = udp(query("shop.cdn.example", Type.A));
    assertTrue(cut.getHeader().getFlag(Flags.TC));
    assertEquals(List.of(), data(cut));
    Message edns = query("shop.cdn.example", Type.A);
    edns.addRecord(new OPTRecord(65_000, 0, 0), Section.ADDITIONAL);
    byte[] answer = udp(edns.toWire(), PATIENCE_MILLIS);
    assertTrue(answer.length <= 1232, answer.length + " bytes");
    assertTrue(new Message(answer).getHeader().getFlag(Flags.TC));
    Message whole = tcp(query("shop.cdn.example", Type.A));
    assertFalse(whole.getHeader().getFlag(Flags.TC));
    assertEquals(119, data(whole).size());
  }

  @Test
  void oneTcpConnectionAnswersManyQueries() throws IOException {
    try (Socket socket = connect()) {
      for (int i = 0; i < 20; i++) {
        Message query = query("shop.cdn.example", Type.A);
        socket.getOutputStream().write(framed(query.toWire()));
        assertEquals(query.getHeader().getID(), new Message(read(socket)).getHeader().getID());
      }
      socket.shutdownOutput();
      assertEquals(-1, socket.getInputStream().read());
    }
  }

  @Test
  void whatIsNoQueryGetsNoAnswer() throws IOException {
    Message response = query("shop.cdn.example", Type.A);
    response.getHeader().setFlag(Flags.QR);
    for (byte[] packet : List.of(response.toWire(), new byte[11], new byte[1], new byte[0])) {
      assertThrows(SocketTimeoutException.class, () -> udp(packet, 200));
    }
  }

  @Test
  void malformedQueriesAreToldSo() throws IOException {
    Message two = query("shop.cdn.example", Type.A);
    two.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
    two.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
    assertEquals(Rcode.FORMERR, udp(two).getRcode());
    Message none = new Message();
    assertEquals(Rcode.FORMERR, udp(none).getRcode());
    Message pair = query("shop.cdn.example", Type.A);
    pair.addRecord(query("www.shop.example", Type.A).getQuestion(), Section.QUESTION);
    assertEquals(Rcode.FORMERR, udp(pair).getRcode());
    byte[] trailed = query("shop.cdn.example", Type.A).toWire();
    trailed = Arrays.copyOf(trailed, trailed.length + 1);
    assertEquals(Rcode.FORMERR, new Message(udp(trailed, PATIENCE_MILLIS)).getRcode());
    Message truncated = query("shop.cdn.example", Type.A);
    truncated.getHeader().setFlag(Flags.TC);
    assertEquals(Rcode.FORMERR, udp(truncated).getRcode());
    Message misplaced = query("shop.cdn.example", Type.A);
    misplaced.addRecord(new OPTRecord(1232, 0, 0), Section.AUTHORITY);
    assertEquals(Rcode.FORMERR, udp(misplaced).getRcode());
    byte[] cut = query("shop.cdn.example", Type.A).toWire();
    assertEquals(Rcode.FORMERR, new Message(udp(Arrays.copyOf(cut, 20), 5000)).getRcode());
    Message notify = query("shop.cdn.example", Type.A);
    notify.getHeader().setOpcode(Opcode.NOTIFY);
    assertEquals(Rcode.NOTIMP, udp(notify).getRcode());
    Message version = query("shop.cdn.example", Type.A);
    version.addRecord(new OPTRecord(1232, 0, 1), Section.ADDITIONAL);
    assertEquals(Rcode.BADVERS, udp(version).getRcode());
    Message chaos =
        Message.newQuery(Record.newRecord(Name.fromString("version.bind."), Type.TXT, DClass.CH));
    assertEquals(Rcode.REFUSED, udp(chaos).getRcode());
  }

  /** RFC 7871, section 7.1.2: bits past the prefix, a wrong family, a scope in a query. */
  @ParameterizedTest
  @CsvSource({
    "0001 18 00 cb007101",
    "0001 21 00 cb007101",
    "0003 18 00 cb0071",
    "0001 18 08 cb0071",
    "0001 18 00 cb00",
    "0001"
  })
  void aSubnetThatCannotBeIsMalformed(String option) throws IOException {
    byte[] plain = query("shop.cdn.example", Type.A).toWire();
    byte[] data = java.util.HexFormat.of().parseHex(option.replace(" ", ""));
    ByteBuffer packet = ByteBuffer.allocate(plain.length + 15 + data.length);
    packet.put(plain).put((byte) 0).putShort((short) Type.OPT).putShort((short) 1232).putInt(0);
    packet.putShort((short) (4 + data.length));
    packet.putShort((short) EDNSOption.Code.CLIENT_SUBNET).putShort((short) data.length).put(data);
    packet.putShort(10, (short) 1);
    assertEquals(
        Rcode.FORMERR, new Message(udp(packet.array(), PATIENCE_MILLIS)).getRcode(), option);
  }

  @Test
  void afterAFloodOfNoiseAGoodQueryIsAnswered() throws IOException {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("DnsServerIT seed " + seed);
    Random random = new Random(seed);
    byte[] sound = query("shop.cdn.example", Type.A, "203.0.113.0", 24).toWire();
    try (DatagramSocket socket = new DatagramSocket(0, LOOPBACK)) {
      for (int i = 0; i < 5_000; i++) {
        byte[] packet = Arrays.copyOf(sound, random.nextInt(2 * sound.length));
        for (int flips = random.nextInt(8); flips > 0 && packet.length > 0; flips--) {
          packet[random.nextInt(packet.length)] = (byte) random.nextInt(256);
        }
        socket.send(new DatagramPacket(packet, packet.length, LOOPBACK, server.port()));
      }
    }
    for (int i = 0; i < 20; i++) {
      try (Socket socket = connect()) {
        byte[] noise = new byte[random.nextInt(10_000)];
        random.nextBytes(noise);
        socket.getOutputStream().write(noise);
      }
    }
    assertEquals(List.of(address(ASHBURN, Type.A)), data(udpUntilAnswered()));
    Awaitility.await()
        .ignoreExceptions()
        .until(() -> data(tcp(query("shop.cdn.example", Type.A))).size() == 1);
  }

  /** A socket's buffer that is full of noise drops what comes, as UDP may. */
  private Message udpUntilAnswered() {
    return Awaitility.await()
        .ignoreExceptions()
        .until(
            () -> new Message(udp(query("shop.cdn.example", Type.A).toWire(), 1_000)),
            answer -> answer.getRcode() == Rcode.NOERROR);
  }
}

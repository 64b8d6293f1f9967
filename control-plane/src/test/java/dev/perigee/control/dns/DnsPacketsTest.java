package dev.perigee.control.dns;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.steer.Fixtures;
import dev.perigee.control.steer.NearestSteering;
import dev.perigee.control.steer.NodeChoice;
import dev.perigee.control.steer.SteeringSnapshot;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.ClientSubnetOption;
import org.xbill.DNS.DClass;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.Flags;
import org.xbill.DNS.GenericEDNSOption;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Whatever a packet holds, what answers it is sound, short and no surprise. */
class DnsPacketsTest {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final int HEADER = 12;

  private final NearestSteering steering =
      new NearestSteering(Fixtures.at(50, 8, 24), NearestSteering.DEFAULT_POSITION);
  private final DnsPackets packets = packets(steering, Map.of("ns.a.cdn.example", LOOPBACK));

  private DnsPackets packets(NodeChoice by, Map<String, InetAddress> servers) {
    steering.swap(
        new SteeringSnapshot(
            List.of(
                Fixtures.serving(Fixtures.node("fra-1", "eu", 50, 8)),
                Fixtures.serving(Fixtures.node("iad-1", "us", 39, -77))),
            List.of(Fixtures.site("shop", List.of("www.shop.example"))),
            1));
    DnsConfig config =
        new DnsConfig(
            List.of(LOOPBACK), 0, "cdn.example", true, servers, 20, 10, Duration.ofSeconds(1));
    return TestZones.packets(config, by, steering::snapshot);
  }

  private static Message query(String name, int type, EDNSOption... options) throws IOException {
    Message query =
        Message.newQuery(Record.newRecord(Name.fromString(name, Name.root), type, DClass.IN));
    if (options.length > 0) {
      query.addRecord(new OPTRecord(1232, 0, 0, 0, List.of(options)), Section.ADDITIONAL);
    }
    return query;
  }

  private Message answer(Message query) throws IOException {
    return new Message(packets.answer(query.toWire(), LOOPBACK, true).orElseThrow());
  }

  @Test
  void aNameAboveANameServerExistsWithoutData() throws IOException {
    Message above = answer(query("a.cdn.example", Type.A));
    assertEquals(Rcode.NOERROR, above.getRcode());
    assertEquals(0, above.getSection(Section.ANSWER).size());
    assertEquals(1, above.getSection(Section.AUTHORITY).size());
    assertEquals(Rcode.NXDOMAIN, answer(query("b.cdn.example", Type.A)).getRcode());
    assertEquals(1, answer(query("ns.a.cdn.example", Type.A)).getSection(Section.ANSWER).size());
  }

  @Test
  void theWildcardAddressOfAServerIsToldToNobody() throws IOException {
    DnsPackets wild =
        packets(steering, Map.of("ns1.cdn.example", InetAddress.ofLiteral("0.0.0.0")));
    byte[] servers =
        wild.answer(query("cdn.example", Type.NS).toWire(), LOOPBACK, true).orElseThrow();
    assertEquals(1, new Message(servers).getSection(Section.ANSWER).size());
    assertEquals(0, new Message(servers).getSection(Section.ADDITIONAL).size());
    byte[] address =
        wild.answer(query("ns1.cdn.example", Type.A).toWire(), LOOPBACK, true).orElseThrow();
    assertEquals(0, new Message(address).getSection(Section.ANSWER).size());
  }

  @Test
  void aZoneWithoutNameServersOrWithOneOfNoNameIsRefusedAtTheStart() {
    assertThrows(IllegalArgumentException.class, () -> packets(steering, Map.of()));
    assertThrows(
        IllegalArgumentException.class, () -> packets(steering, Map.of("no name", LOOPBACK)));
  }

  @Test
  void twoClientSubnetsAreMalformed() throws IOException {
    ClientSubnetOption one = new ClientSubnetOption(24, InetAddress.ofLiteral("203.0.113.0"));
    ClientSubnetOption other = new ClientSubnetOption(24, InetAddress.ofLiteral("192.0.2.0"));
    assertEquals(Rcode.NOERROR, answer(query("shop.cdn.example", Type.A, one)).getRcode());
    assertEquals(Rcode.FORMERR, answer(query("shop.cdn.example", Type.A, one, other)).getRcode());
  }

  @Test
  void aMappedAddressOfIpv4InAClientSubnetIsMalformed() throws IOException {
    byte[] mapped = HexFormat.of().parseHex("0002800000000000000000000000ffffcb007101");
    byte[] packet =
        query("shop.cdn.example", Type.A, new GenericEDNSOption(65_001, mapped)).toWire();
    int code = packet.length - mapped.length - 4;
    packet[code] = 0;
    packet[code + 1] = EDNSOption.Code.CLIENT_SUBNET;
    byte[] answer = packets.answer(packet, LOOPBACK, true).orElseThrow();
    assertEquals(Rcode.FORMERR, new Message(answer).getRcode());
    assertEquals(HEADER, answer.length);
  }

  @Test
  void optionsThatNobodyKnowsAreIgnored() throws IOException {
    Message answer =
        answer(query("shop.cdn.example", Type.A, new GenericEDNSOption(65_001, new byte[20])));
    assertEquals(Rcode.NOERROR, answer.getRcode());
    assertEquals(List.of(), answer.getOPT().getOptions());
  }

  @Test
  void manyQuestionsAreAnsweredByAHeader() throws IOException {
    Message query = query("shop.cdn.example", Type.A);
    for (int i = 0; i < 2_000; i++) {
      query.addRecord(query("x" + i + ".cdn.example", Type.A).getQuestion(), Section.QUESTION);
    }
    byte[] answer = packets.answer(query.toWire(), LOOPBACK, true).orElseThrow();
    assertEquals(HEADER, answer.length);
    assertEquals(Rcode.FORMERR, answer[3] & 0xf);
  }

  @Test
  void aFaultOfOursIsToldAsServerFailure() throws IOException {
    DnsPackets faulty =
        packets(
            (address, bits, site, key, into) -> {
              throw new IllegalStateException("a fault");
            },
            Map.of("ns1.cdn.example", LOOPBACK));
    Message query = query("shop.cdn.example", Type.A);
    query.getHeader().setFlag(Flags.RD);
    byte[] sent = query.toWire();
    byte[] answer = faulty.answer(sent, LOOPBACK, true).orElseThrow();
    assertArrayEquals(
        new byte[] {sent[0], sent[1], (byte) 0x81, (byte) Rcode.SERVFAIL, 0, 0, 0, 0, 0, 0, 0, 0},
        answer);
  }

  @Test
  void whateverThePacketHoldsTheAnswerIsSoundAndShort() throws IOException {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("DnsPacketsTest seed " + seed);
    Random random = new Random(seed);
    int answered = 0;
    for (int i = 0; i < 20_000; i++) {
      boolean udp = random.nextBoolean();
      byte[] packet = mutated(random);
      Optional<byte[]> answer = packets.answer(packet, LOOPBACK, udp);
      String story = "seed " + seed + " packet " + HexFormat.of().formatHex(packet);
      boolean query = packet.length >= HEADER && (packet[2] & 0x80) == 0;
      assertEquals(query, answer.isPresent(), story);
      if (query) {
        assertSound(packet, answer.get(), udp, story);
        answered += (answer.get()[3] & 0xf) == Rcode.NOERROR ? 1 : 0;
      }
    }
    assertTrue(answered > 500, answered + " were still queries: the mutations are too coarse");
    assertEquals(1, answer(query("shop.cdn.example", Type.A)).getSection(Section.ANSWER).size());
  }

  private static byte[] mutated(Random random) throws IOException {
    byte[] address = new byte[random.nextBoolean() ? 4 : 16];
    random.nextBytes(address);
    int[] types = {Type.A, Type.AAAA, Type.ANY, Type.NS, random.nextInt(65_536)};
    Message sound =
        query(
            List.of("shop.cdn.example", "www.shop.example", "cdn.example", "x.y.example")
                .get(random.nextInt(4)),
            types[random.nextInt(types.length)],
            new ClientSubnetOption(address.length * 8, address(address)));
    byte[] packet = sound.toWire();
    if (random.nextInt(4) == 0) {
      packet = Arrays.copyOf(packet, random.nextInt(2 * packet.length));
    }
    for (int flips = random.nextInt(5); flips > 0 && packet.length > 0; flips--) {
      int at = random.nextInt(packet.length);
      packet[at] =
          (byte)
              switch (random.nextInt(3)) {
                case 0 -> random.nextInt(256);
                case 1 -> packet[at] ^ (1 << random.nextInt(8));
                default -> random.nextBoolean() ? 0xc0 : 0;
              };
    }
    return packet;
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void assertSound(byte[] packet, byte[] answer, boolean udp, String story)
      throws IOException {
    Message read = new Message(answer);
    assertEquals(((packet[0] & 0xff) << 8) | (packet[1] & 0xff), read.getHeader().getID(), story);
    assertTrue(read.getHeader().getFlag(Flags.QR), story);
    assertTrue(!udp || answer.length <= DnsResponder.UDP_BYTES, story);
    if (read.getRcode() == Rcode.FORMERR || read.getRcode() == Rcode.NOTIMP) {
      assertTrue(answer.length == HEADER || read.getSection(Section.ANSWER).isEmpty(), story);
    }
    assertTrue(read.getRcode() != Rcode.SERVFAIL, story);
    if (answer.length > HEADER) {
      int question = 4 + read.getQuestion().getName().length();
      assertArrayEquals(
          Arrays.copyOfRange(packet, HEADER, HEADER + question),
          Arrays.copyOfRange(answer, HEADER, HEADER + question),
          story);
    }
  }
}

package dev.perigee.control.dns;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.dns.QueryParser.Parsed;
import dev.perigee.control.steer.Fixtures;
import dev.perigee.control.steer.NodeChoice;
import dev.perigee.control.steer.SteeringSnapshot;
import dev.perigee.control.store.Node;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.xbill.DNS.ClientSubnetOption;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Section;

/**
 * Any bytes as a query: what is read is what another reader finds in it, the answer is one that the
 * other reader understands, and nothing is thrown. Input: whether over UDP, then the packet.
 */
public final class QueryFuzz {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final Node NODE = Fixtures.node("fra-1", "eu", 50, 8);
  private static final NodeChoice CHOICE =
      (address, bits, site, key, into) -> into.become(List.of(NODE), 1, bits, false);
  private static final DnsPackets PACKETS =
      TestZones.packets(
          new DnsConfig(
              List.of(LOOPBACK),
              0,
              "cdn.example",
              true,
              Map.of("ns.a.cdn.example", LOOPBACK),
              20,
              10,
              Duration.ofSeconds(1)),
          CHOICE,
          () ->
              new SteeringSnapshot(
                  List.of(Fixtures.serving(NODE)),
                  List.of(Fixtures.site("shop", List.of("www.shop.example", "*.wild.example"))),
                  1),
          new ZoneFacts(Set.of(), Map.of(), TestKeys.of(TestKeys.rfc6605())));

  private QueryFuzz() {}

  /** Called for each input. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length == 0) {
      return;
    }
    byte[] packet = java.util.Arrays.copyOfRange(input, 1, input.length);
    boolean udp = (input[0] & 1) == 0;
    Query query = new Query();
    Parsed parsed = QueryParser.parse(packet, packet.length, query);
    byte[] answer = PACKETS.answer(packet, LOOPBACK, udp).orElse(null);
    assertEquals(parsed == Parsed.NONE, answer == null);
    if (answer == null) {
      return;
    }
    assertTrue(!udp || answer.length <= DnsResponder.UDP_BYTES, "too long for UDP");
    try {
      Message read = new Message(answer);
      if (parsed == Parsed.QUERY) {
        assertSame(packet, query, read);
      } else {
        assertEquals(Query.HEADER, answer.length);
      }
    } catch (IOException e) {
      // The other reader also reads what is in options that mean nothing here.
      assertTrue(parsed != Parsed.QUERY || query.hasEdns, "nobody else can read it: " + e);
    }
  }

  private static void assertSame(byte[] packet, Query query, Message answer) throws IOException {
    Message sent = new Message(packet);
    Name name = sent.getQuestion().getName();
    assertEquals(name.toString().toLowerCase(Locale.ROOT), new Name(query.name).toString());
    assertEquals(sent.getQuestion().getType(), query.type);
    assertEquals(sent.getQuestion().getDClass(), query.dnsClass);
    assertEquals(sent.getSection(Section.ADDITIONAL).size(), query.hasEdns ? 1 : 0);
    assertEquals(name.toString(), answer.getQuestion().getName().toString());
    OPTRecord opt = sent.getOPT();
    if (opt == null || !isReadAsNoTtl(packet, name)) {
      int flags = opt == null ? 0 : opt.getFlags();
      assertEquals((flags & 0x8000) != 0, query.dnssecOk);
      assertEquals((flags & 0x4000) != 0, query.compactOk);
    }
    List<EDNSOption> subnets =
        opt == null ? List.of() : opt.getOptions(EDNSOption.Code.CLIENT_SUBNET);
    assertEquals(query.hasSubnet, !subnets.isEmpty());
    if (query.hasSubnet && subnets.getFirst() instanceof ClientSubnetOption subnet) {
      assertEquals(subnet.getSourcePrefixLength(), query.sourcePrefix);
      assertArrayEquals(subnet.getAddress().getAddress(), query.subnet());
    }
  }

  /**
   * The other reader takes a TTL with the highest bit for 0 (RFC 2181, section 8), in OPT too,
   * where these octets are no TTL: it sees no flags then. The one OPT follows on the question, and
   * its TTL on a root name, a type and a class.
   */
  private static boolean isReadAsNoTtl(byte[] packet, Name name) {
    return packet[Query.HEADER + name.length() + 4 + 5] < 0;
  }
}

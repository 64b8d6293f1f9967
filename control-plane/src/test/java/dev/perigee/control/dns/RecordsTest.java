package dev.perigee.control.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.dns.DnsConfig.Authority;
import dev.perigee.control.steer.Fixtures;
import dev.perigee.control.steer.NodeChoice;
import dev.perigee.control.steer.SteeringSnapshot;
import dev.perigee.control.store.Node;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Each type of record as another reader of DNS finds it in the answers. */
class RecordsTest {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final List<InetAddress> ADDRESSES =
      List.of(
          InetAddress.ofLiteral("192.0.2.1"),
          InetAddress.ofLiteral("192.0.2.2"),
          InetAddress.ofLiteral("2001:db8::1"));
  private static final Node NODE = new Node("fra-1", "eu", 50, 8, ADDRESSES, 80, 8443, false, true);
  private static final NodeChoice CHOICE =
      (address, bits, site, key, into) -> into.become(List.of(NODE), 1, 24, false);
  private static final SteeringSnapshot SNAPSHOT =
      new SteeringSnapshot(
          List.of(Fixtures.serving(NODE)),
          List.of(
              Fixtures.site("shop", List.of("shop.example", "www.shop.example", "*.wild.example")),
              Fixtures.site(
                  "plain", List.of("plain.example", "inside.cdn.example", "*.cdn.example"))),
          0x1_0000_002aL);
  private static final ZoneFacts FACTS =
      new ZoneFacts(
          Set.of("shop.example", "*.wild.example", "shop.cdn.example"),
          Map.of(
              "_acme-challenge.shop.cdn.example",
              new Texts(60, List.of("one", "two", "x".repeat(300))),
              "_acme-challenge.www.shop.example",
              new Texts(5, List.of("three"))));

  private final DnsPackets packets = packets(CHOICE);

  private static DnsPackets packets(NodeChoice choice) {
    DnsConfig config =
        new DnsConfig(
            List.of(LOOPBACK),
            0,
            "cdn.example",
            true,
            Map.of("ns1.cdn.example", InetAddress.ofLiteral("192.0.2.53")),
            List.of(new Authority("issue", "ca.example")),
            20,
            1,
            DnsConfig.UDP_BUFFER,
            10,
            Duration.ofSeconds(1),
            DnsLimits.DEFAULT);
    Zones zones = new Zones(config, () -> SNAPSHOT, () -> FACTS, TestZones.HASH);
    return new DnsPackets(() -> TestZones.responder(config, choice, zones));
  }

  private Message ask(String name, String type) throws IOException {
    return ask(packets, name, type);
  }

  private static Message ask(DnsPackets packets, String name, String type) throws IOException {
    Message query =
        Message.newQuery(
            Record.newRecord(Name.fromString(name, Name.root), Type.value(type), DClass.IN));
    query.addRecord(new OPTRecord(1232, 0, 0), Section.ADDITIONAL);
    return new Message(packets.answer(query.toWire(), LOOPBACK, true).orElseThrow());
  }

  private static List<String> data(Message answer, int section) {
    return answer.getSection(section).stream()
        .filter(record -> record.getType() != Type.OPT)
        .map(record -> record.getName() + " " + record.getTTL() + " " + record.rdataToString())
        .toList();
  }

  private List<String> answers(String name, String type) throws IOException {
    Message answer = ask(name, type);
    assertEquals(Rcode.NOERROR, answer.getRcode());
    return data(answer, Section.ANSWER);
  }

  @Test
  void allAddressesOfTheNodeAreTold() throws IOException {
    assertEquals(
        List.of("shop.cdn.example. 30 192.0.2.1", "shop.cdn.example. 30 192.0.2.2"),
        answers("shop.cdn.example", "A"));
    assertEquals(List.of("shop.example. 30 2001:db8:0:0:0:0:0:1"), answers("shop.example", "AAAA"));
  }

  @Test
  void httpsIsToldWhereTheEdgesHaveACertificate() throws IOException {
    String service =
        " 30 1 . alpn=h2,http/1.1 port=8443 ipv4hint=192.0.2.1,192.0.2.2"
            + " ipv6hint=2001:db8:0:0:0:0:0:1";
    for (String name : List.of("shop.example.", "a.wild.example.", "shop.cdn.example.")) {
      assertEquals(List.of(name + service), answers(name, "HTTPS"));
    }
    for (String name : List.of("plain.example", "www.shop.example", "plain.cdn.example")) {
      assertEquals(List.of(), answers(name, "HTTPS"), name);
    }
  }

  /** Where a site has several nodes that are as good as each other, each may take over. */
  @Test
  void nodesAreToldTogetherUnlessTheirPortSaysOtherwise() throws IOException {
    Node beside =
        new Node(
            "fra-2",
            "eu",
            50,
            8,
            List.of(InetAddress.ofLiteral("192.0.2.7")),
            80,
            443,
            false,
            true);
    NodeChoice both =
        (address, bits, site, key, into) -> into.become(List.of(NODE, beside, NODE), 2, 24, false);
    DnsPackets told = packets(both);
    assertEquals(
        List.of(
            "shop.example. 30 192.0.2.1",
            "shop.example. 30 192.0.2.2",
            "shop.example. 30 192.0.2.7"),
        data(ask(told, "shop.example", "A"), Section.ANSWER));
    assertEquals(1, data(ask(told, "shop.example", "AAAA"), Section.ANSWER).size());
    assertTrue(
        data(ask(told, "shop.example", "HTTPS"), Section.ANSWER)
            .getFirst()
            .contains("ipv4hint=192.0.2.1,192.0.2.2 "));
  }

  @Test
  void challengesAreToldWithTheirOwnTime() throws IOException {
    assertEquals(
        List.of(
            "_acme-challenge.shop.cdn.example. 60 one",
            "_acme-challenge.shop.cdn.example. 60 two",
            "_acme-challenge.shop.cdn.example. 60 %s %s"
                .formatted("x".repeat(255), "x".repeat(45))),
        answers("_acme-challenge.shop.cdn.example", "TXT"));
    assertEquals(
        List.of("_acme-challenge.www.shop.example. 5 three"),
        answers("_acme-challenge.www.shop.example", "TXT"));
    assertEquals(List.of(), answers("_acme-challenge.shop.cdn.example", "A"));
  }

  @Test
  void theZoneSaysWhoMayIssueCertificatesAndItsSitesDoNot() throws IOException {
    assertEquals(
        List.of("cdn.example. 3600 0 issue \"ca.example\""), answers("cdn.example", "CAA"));
    assertEquals(List.of(), answers("shop.cdn.example", "CAA"));
    assertEquals(List.of(), answers("shop.example", "CAA"));
  }

  /** Where a host of a site is delegated to this server, a zone begins there. */
  @ParameterizedTest
  @CsvSource({"cdn.example.", "shop.example.", "www.shop.example.", "wild.example."})
  void aZoneBeginsWithItsServersAndItsSerial(String zone) throws IOException {
    assertEquals(List.of(zone + " 3600 ns1.cdn.example."), answers(zone, "NS"));
    assertEquals(
        List.of(zone + " 3600 ns1.cdn.example. hostmaster.cdn.example. 42 3600 600 604800 30"),
        answers(zone, "SOA"));
    Message servers = ask(zone, "NS");
    assertEquals(List.of("ns1.cdn.example. 3600 192.0.2.53"), data(servers, Section.ADDITIONAL));
  }

  @ParameterizedTest
  @CsvSource({
    "x.shop.cdn.example, NXDOMAIN, cdn.example.",
    "inside.cdn.example, NXDOMAIN, cdn.example.",
    "x.cdn.example, NXDOMAIN, cdn.example.",
    "x.www.shop.example, NXDOMAIN, www.shop.example.",
    "x.plain.example, NXDOMAIN, plain.example.",
    "a.b.wild.example, NXDOMAIN, wild.example.",
    "wild.example, NOERROR, wild.example.",
    "a.wild.example, NOERROR, wild.example.",
    "shop.example, NOERROR, shop.example.",
    "ns1.cdn.example, NOERROR, cdn.example.",
    "fra-1.shop.cdn.example, NOERROR, cdn.example.",
  })
  void whatIsNotThereIsSaidByTheZoneItWouldBeIn(String name, String rcode, String zone)
      throws IOException {
    Message answer = ask(name, "MX");
    assertEquals(rcode, Rcode.string(answer.getRcode()));
    List<String> authority = data(answer, Section.AUTHORITY);
    assertEquals(1, authority.size());
    assertTrue(authority.getFirst().startsWith(zone + " 30 ns1.cdn.example. "));
  }

  @ParameterizedTest
  @CsvSource({"nobody.example", "example", "com", "xshop.example", "."})
  void whatNobodyAskedForIsRefusedWithoutAWord(String name) throws IOException {
    Message answer = ask(name, "A");
    assertEquals(Rcode.REFUSED, answer.getRcode());
    assertEquals(List.of(), data(answer, Section.AUTHORITY));
  }
}

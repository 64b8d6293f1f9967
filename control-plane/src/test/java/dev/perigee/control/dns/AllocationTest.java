package dev.perigee.control.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.steer.Fixtures;
import dev.perigee.control.steer.SteeringSnapshot;
import dev.perigee.control.store.Node;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.ClientSubnetOption;
import org.xbill.DNS.CookieOption;
import org.xbill.DNS.DClass;
import org.xbill.DNS.ExtendedFlags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;

/** No query leaves anything to be collected, however many sites there are. */
class AllocationTest {
  private static final int SITES = 100_000;
  private static final int QUERIES = 20_000;

  /** Of all queries together: what a compiler or the measurement itself may take. */
  private static final long SOME = 10_000;

  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final Node NODE = Fixtures.node("fra-1", "eu", 50, 8);
  private static final List<Node> NODES = List.of(NODE);

  private static SteeringSnapshot manySites() {
    List<SiteConfig> sites = new ArrayList<>();
    SiteConfig pattern = Fixtures.site("pattern", List.of("www.shop.example"));
    for (int i = 0; i < SITES; i++) {
      sites.add(pattern.withId("site-" + i));
    }
    return new SteeringSnapshot(List.of(Fixtures.serving(NODE)), sites, 7);
  }

  private static DnsConfig config() {
    return new DnsConfig(
        List.of(LOOPBACK),
        0,
        "cdn.example",
        false,
        Map.of("ns1.cdn.example", LOOPBACK),
        List.of(),
        30,
        1,
        DnsConfig.UDP_BUFFER,
        10,
        Duration.ofSeconds(1),
        new DnsLimits(100_000, 1_000_000, 2, 24, 56, 1 << 16, List.of()));
  }

  private static byte[] query(String name, int type) throws IOException {
    return query(name, type, 0);
  }

  private static byte[] query(String name, int type, int flags) throws IOException {
    Message query = Message.newQuery(Record.newRecord(Name.fromString(name), type, DClass.IN));
    ClientSubnetOption subnet = new ClientSubnetOption(24, InetAddress.ofLiteral("192.0.2.0"));
    CookieOption cookie = new CookieOption(new byte[8], new byte[16]);
    query.addRecord(new OPTRecord(1232, 0, 0, flags, List.of(subnet, cookie)), Section.ADDITIONAL);
    return query.toWire();
  }

  @Test
  void aQueryLeavesNothingToBeCollected() throws IOException {
    SteeringSnapshot sites = manySites();
    ZoneFacts facts = new ZoneFacts(Set.of("*.cdn.example"), Map.of());
    Zones zones = new Zones(config(), () -> sites, () -> facts, TestZones.HASH);
    DnsResponder responder =
        TestZones.responder(
            config(), (address, bits, site, key, into) -> into.become(NODES, 1, 24, false), zones);
    byte[][] packets = {
      query("site-99999.cdn.example.", RecordType.A),
      query("SITE-7.cdn.example.", RecordType.AAAA),
      query("site-512.cdn.example.", RecordType.HTTPS),
      query("fra-1.site-7.cdn.example.", RecordType.A),
      query("cdn.example.", RecordType.NS),
      query("nobody.cdn.example.", RecordType.A),
      query("nobody.example.", RecordType.A),
      new byte[20],
    };
    assertNothingIsLeft(responder, packets);
  }

  /** Where signatures are wanted as well, once they are made. */
  @Test
  void aSignedAnswerLeavesNothingToBeCollected() throws IOException {
    SteeringSnapshot sites = manySites();
    ZoneFacts facts = new ZoneFacts(Set.of(), Map.of(), TestKeys.of(TestKeys.rfc6605()));
    Zones zones = new Zones(config(), () -> sites, () -> facts, TestZones.HASH);
    DnsResponder responder =
        TestZones.responder(
            config(), (address, bits, site, key, into) -> into.become(NODES, 1, 24, false), zones);
    byte[][] packets = {
      query("site-99999.cdn.example.", RecordType.A, ExtendedFlags.DO),
      query("SITE-7.cdn.example.", RecordType.AAAA, ExtendedFlags.DO),
      query("cdn.example.", RecordType.DNSKEY, ExtendedFlags.DO),
      query("nobody.cdn.example.", RecordType.A, ExtendedFlags.DO),
      query("site-8.cdn.example.", RecordType.A),
    };
    assertNothingIsLeft(responder, packets);
  }

  private static void assertNothingIsLeft(DnsResponder responder, byte[][] packets) {
    byte[] source = {127, 0, 0, 1};
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long answered = answerAll(responder, packets, source);
    long before = threads.getCurrentThreadAllocatedBytes();
    long again = answerAll(responder, packets, source);
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;
    assertEquals(answered, again);
    System.out.println("AllocationTest: " + bytes + " bytes for " + QUERIES + " queries");
    assertTrue(bytes < SOME, bytes + " bytes for " + QUERIES + " queries");
  }

  private static long answerAll(DnsResponder responder, byte[][] packets, byte[] source) {
    long bytes = 0;
    for (int i = 0; i < QUERIES; i++) {
      byte[] packet = packets[i % packets.length];
      bytes += responder.answer(packet, packet.length, source, true);
    }
    return bytes;
  }
}

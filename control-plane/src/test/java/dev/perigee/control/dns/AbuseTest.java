package dev.perigee.control.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.AddressRange;
import dev.perigee.control.steer.Fixtures;
import dev.perigee.control.steer.NodeChoice;
import dev.perigee.control.steer.SteeringSnapshot;
import dev.perigee.control.store.Node;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.CookieOption;
import org.xbill.DNS.DClass;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Nobody floods the owner of a forged address through this server; who is there is answered. */
class AbuseTest {
  private static final int RATE = 10;
  private static final int BURST = 20;
  private static final long SECOND = 1_000_000_000;
  private static final Node NODE = Fixtures.node("fra-1", "eu", 50, 8);
  private static final NodeChoice CHOICE =
      (address, bits, site, key, into) -> into.become(List.of(NODE), 1, 24, false);

  private final AtomicLong nanos = new AtomicLong();
  private final DnsCounters counters = new DnsCounters();
  private final DnsResponder responder = responder(1, 1 << 10);

  private DnsResponder responder(int slip, int networks) {
    List<AddressRange> exempt = List.of(AddressRange.of("203.0.113.0/24"));
    DnsLimits limits = new DnsLimits(RATE, BURST, slip, 24, 56, networks, exempt);
    DnsConfig config =
        new DnsConfig(
            List.of(InetAddress.ofLiteral("127.0.0.1")),
            0,
            "cdn.example",
            true,
            Map.of("ns1.cdn.example", InetAddress.ofLiteral("192.0.2.53")),
            List.of(),
            20,
            1,
            DnsConfig.UDP_BUFFER,
            10,
            Duration.ofSeconds(1),
            limits);
    SteeringSnapshot snapshot =
        new SteeringSnapshot(
            List.of(Fixtures.serving(NODE)),
            List.of(
                Fixtures.site("shop", List.of("*.wild.example")),
                Fixtures.site("other", List.of("other.example"))),
            1);
    Zones zones = new Zones(config, () -> snapshot, () -> ZoneFacts.NONE, TestZones.HASH);
    InstantSource clock = () -> Instant.ofEpochSecond(1_000_000);
    AbuseGuard.Shared shared =
        new AbuseGuard.Shared(
            limits, new ResponseRates(limits, TestZones.HASH), TestZones.HASH, clock, nanos::get);
    return new DnsResponder(
        config,
        CHOICE,
        zones,
        new AbuseGuard(shared, new byte[32]),
        new Signatures(config.signing()),
        counters,
        clock);
  }

  private static byte[] query(String name, EDNSOption... options) throws IOException {
    Message query =
        Message.newQuery(Record.newRecord(Name.fromString(name, Name.root), Type.A, DClass.IN));
    if (options.length > 0) {
      query.addRecord(new OPTRecord(1232, 0, 0, 0, List.of(options)), Section.ADDITIONAL);
    }
    return query.toWire();
  }

  private List<Message> ask(int times, byte[] query, String source, boolean udp)
      throws IOException {
    List<Message> answers = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      byte[] address = InetAddress.ofLiteral(source).getAddress();
      int length = responder.answer(query, query.length, address, udp);
      if (length > 0) {
        answers.add(new Message(Arrays.copyOf(responder.bytes(), length)));
      }
    }
    return answers;
  }

  private static long whole(List<Message> answers) {
    return answers.stream().filter(one -> !one.getHeader().getFlag(Flags.TC)).count();
  }

  @Test
  void aNetworkGetsItsBurstAndThenItsRate() throws IOException {
    byte[] query = query("shop.cdn.example");
    assertEquals(BURST, whole(ask(100, query, "192.0.2.1", true)));
    assertEquals(0, whole(ask(10, query, "192.0.2.200", true)), "of the same network");
    assertEquals(10, whole(ask(10, query, "192.0.3.1", true)), "of another one");
    assertEquals(10, whole(ask(10, query("other.cdn.example"), "192.0.2.1", true)));
    nanos.addAndGet(SECOND);
    assertEquals(RATE, whole(ask(100, query, "192.0.2.1", true)));
    nanos.addAndGet(100 * SECOND);
    assertEquals(BURST, whole(ask(100, query, "192.0.2.1", true)));
    assertTrue(counters.slipped() > 0);
  }

  @Test
  void namesWithoutNumberCountTogether() throws IOException {
    long whole = 0;
    long missing = 0;
    for (int i = 0; i < 100; i++) {
      whole += whole(ask(1, query("n" + i + ".wild.example"), "192.0.2.1", true));
      missing += whole(ask(1, query("n" + i + ".cdn.example"), "192.0.2.1", true));
    }
    assertEquals(BURST, whole);
    assertEquals(BURST, missing);
  }

  @Test
  void overTcpAndFromWhoIsTrustedNothingIsCounted() throws IOException {
    byte[] query = query("shop.cdn.example");
    assertEquals(100, whole(ask(100, query, "192.0.2.1", false)));
    assertEquals(100, whole(ask(100, query, "203.0.113.7", true)));
  }

  @Test
  void whoComesBackWithTheCookieIsAnsweredAndWhoHasNoneYetGetsIt() throws IOException {
    byte[] client = {1, 2, 3, 4, 5, 6, 7, 8};
    byte[] first = query("shop.cdn.example", new CookieOption(client));
    assertEquals(BURST, ask(BURST, first, "192.0.2.1", true).size());
    Message bad = ask(1, first, "192.0.2.1", true).getFirst();
    assertEquals(Rcode.BADCOOKIE, bad.getRcode());
    assertEquals(0, bad.getSection(Section.ANSWER).size());
    CookieOption cookie = (CookieOption) bad.getOPT().getOptions(EDNSOption.Code.COOKIE).getFirst();
    assertEquals(16, cookie.getServerCookie().orElseThrow().length);
    byte[] back =
        query("shop.cdn.example", new CookieOption(client, cookie.getServerCookie().orElseThrow()));
    List<Message> answers = ask(100, back, "192.0.2.1", true);
    assertEquals(100, answers.size());
    assertTrue(
        answers.stream()
            .allMatch(
                one ->
                    one.getRcode() == Rcode.NOERROR && one.getSection(Section.ANSWER).size() == 1));
    assertEquals(Rcode.BADCOOKIE, ask(1, back, "192.0.2.2", true).getFirst().getRcode());
  }

  @Test
  void ofTwoAnswersThatAreTooManyOneIsCutAndTheOtherDropped() throws IOException {
    DnsResponder slipping = responder(2, 1 << 10);
    byte[] query = query("shop.cdn.example");
    byte[] source = {(byte) 192, 0, 2, 1};
    int cut = 0;
    for (int i = 0; i < 10_000; i++) {
      nanos.addAndGet(10_007);
      int length = slipping.answer(query, query.length, source, true);
      cut += length > 0 && (slipping.bytes()[2] & 2) != 0 ? 1 : 0;
    }
    assertTrue(cut > 3_000 && cut < 7_000, cut + " of 10 000 were cut");
    assertEquals(cut, counters.slipped());
  }

  @Test
  void theTableDoesNotGrowAndAFloodOfNetworksForgetsTheOldest() throws IOException {
    DnsResponder small = responder(1, 4);
    byte[] query = query("shop.cdn.example");
    for (int i = 0; i < 100_000; i++) {
      byte[] source = {10, (byte) (i >> 8), (byte) i, 1};
      assertTrue(small.answer(query, query.length, source, true) > 0);
    }
  }
}

package dev.perigee.control.dns;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.dns.DnsConfig.Authority;
import dev.perigee.control.steer.Fixtures;
import dev.perigee.control.steer.NodeChoice;
import dev.perigee.control.steer.SteeringSnapshot;
import dev.perigee.control.store.DnsKey;
import dev.perigee.control.store.Node;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xbill.DNS.DClass;
import org.xbill.DNS.DNSKEYRecord;
import org.xbill.DNS.DNSSEC;
import org.xbill.DNS.ExtendedFlags;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.NSECRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.RRSIGRecord;
import org.xbill.DNS.RRset;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** What a signed zone answers, verified by another reader of DNS. */
class DnssecTest {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final int CO = 0x4000;
  private static final Node NODE =
      new Node(
          "fra-1",
          "eu",
          50,
          8,
          List.of(
              InetAddress.ofLiteral("192.0.2.9"),
              InetAddress.ofLiteral("192.0.2.1"),
              InetAddress.ofLiteral("192.0.2.200")),
          80,
          443,
          false,
          true);
  private static final Node LARGE =
      new Node(
          "big-1",
          "eu",
          50,
          8,
          IntStream.rangeClosed(1, 72)
              .mapToObj(i -> InetAddress.ofLiteral("192.0.2." + i))
              .toList(),
          80,
          443,
          false,
          true);
  private static final NodeChoice CHOICE =
      (address, bits, site, key, into) -> into.become(List.of(NODE), 1, 24, false);
  private static final SteeringSnapshot SNAPSHOT =
      new SteeringSnapshot(
          List.of(Fixtures.serving(NODE), Fixtures.serving(LARGE)),
          List.of(Fixtures.site("shop", List.of("shop.example"))),
          42);
  private static final DnsKey FIRST = TestKeys.rfc6605();

  private final DnsCounters counters = new DnsCounters();

  private static DnsConfig config(SigningLimits signing) {
    return new DnsConfig(
        List.of(LOOPBACK),
        0,
        "cdn.example",
        true,
        Map.of("ns1.cdn.example", InetAddress.ofLiteral("192.0.2.53")),
        List.of(new Authority("issue", "ca.example"), new Authority("iodef", "mailto:a@b.example")),
        20,
        1,
        DnsConfig.UDP_BUFFER,
        10,
        Duration.ofSeconds(1),
        new DnsLimits(0, 1, 0, 24, 56, 4, List.of()),
        signing);
  }

  private DnsResponder responder(ZoneKeys keys, SigningLimits limits) {
    DnsConfig config = config(limits);
    ZoneFacts facts =
        new ZoneFacts(
            Set.of("shop.cdn.example"),
            Map.of(
                "_acme-challenge.shop.cdn.example",
                new Texts(60, List.of("two", "one", "two", "x".repeat(300)))),
            keys);
    Zones zones = new Zones(config, () -> SNAPSHOT, () -> facts, TestZones.HASH);
    AbuseGuard.Shared shared =
        new AbuseGuard.Shared(
            config.limits(),
            new ResponseRates(config.limits(), TestZones.HASH),
            TestZones.HASH,
            TestZones.NOW,
            () -> 0);
    return new DnsResponder(
        config,
        CHOICE,
        zones,
        new AbuseGuard(shared, new byte[32]),
        new Signatures(limits),
        counters,
        TestZones.NOW);
  }

  private DnsResponder responder(DnsKey... keys) {
    return responder(TestKeys.of(keys), SigningLimits.DEFAULT);
  }

  private static byte[] query(String name, int type, int flags) throws IOException {
    Message query =
        Message.newQuery(Record.newRecord(Name.fromString(name, Name.root), type, DClass.IN));
    query.addRecord(new OPTRecord(1232, 0, 0, flags), Section.ADDITIONAL);
    return query.toWire();
  }

  private static Message ask(DnsResponder responder, byte[] query, boolean udp) throws IOException {
    int length = responder.answer(query, query.length, new byte[] {127, 0, 0, 1}, udp);
    return new Message(Arrays.copyOf(responder.bytes(), length));
  }

  private static Message ask(DnsResponder responder, String name, String type) throws IOException {
    return ask(responder, query(name, Type.value(type), ExtendedFlags.DO), true);
  }

  /** By which keys each RRset of the section is signed, all of it verified. */
  private static Set<Integer> verify(Message answer, int section, DnsKey... keys)
      throws DNSSEC.DNSSECException {
    Set<Integer> tags = new HashSet<>();
    List<RRset> sets = answer.getSectionRRsets(section);
    assertFalse(sets.isEmpty());
    for (RRset set : sets) {
      assertFalse(set.sigs().isEmpty(), set + " is not signed");
      for (RRSIGRecord signature : set.sigs()) {
        for (DnsKey key : keys) {
          if (key.tag() == signature.getFootprint()) {
            DNSSEC.verify(set, signature, record(key), TestZones.NOW.instant());
            tags.add(key.tag());
          }
        }
      }
    }
    return tags;
  }

  private static DNSKEYRecord record(DnsKey key) {
    return new DNSKEYRecord(
        Name.fromConstantString("cdn.example."),
        DClass.IN,
        3600,
        257,
        3,
        13,
        key.publicKey().toArray());
  }

  private static Set<String> types(Message answer, int section) {
    Set<String> types = new TreeSet<>();
    answer.getSection(section).stream()
        .filter(record -> record.getType() == Type.NSEC)
        .forEach(
            record -> {
              for (int type : ((NSECRecord) record).getTypes()) {
                types.add(type == RecordType.NXNAME ? "NXNAME" : Type.string(type));
              }
            });
    return types;
  }

  @ParameterizedTest
  @CsvSource({
    "cdn.example, SOA, 1",
    "cdn.example, NS, 1",
    "cdn.example, CAA, 2",
    "cdn.example, DNSKEY, 1",
    "cdn.example, CDS, 1",
    "cdn.example, CDNSKEY, 1",
    "cdn.example, NSEC, 1",
    "shop.cdn.example, A, 3",
    "SHOP.cdn.EXAMPLE, HTTPS, 1",
    "shop.cdn.example, ANY, 1",
    "fra-1.cdn.example, A, 3",
    "fra-1.shop.cdn.example, A, 3",
    "_acme-challenge.shop.cdn.example, TXT, 3",
  })
  void everyRecordOfTheZoneIsSigned(String name, String type, int records) throws Exception {
    Message answer = ask(responder(FIRST), name, type);
    assertEquals(Rcode.NOERROR, answer.getRcode());
    assertTrue(answer.getHeader().getFlag(Flags.AA));
    assertFalse(answer.getHeader().getFlag(Flags.AD));
    assertEquals(Set.of(FIRST.tag()), verify(answer, Section.ANSWER, FIRST));
    assertEquals(records, answer.getSectionRRsets(Section.ANSWER).getFirst().size());
  }

  @ParameterizedTest
  @CsvSource({
    "nobody.cdn.example, A, NSEC NXNAME RRSIG",
    "a.nobody.cdn.example, NSEC, NSEC NXNAME RRSIG",
    "shop.cdn.example, AAAA, A HTTPS NSEC RRSIG",
    "shop.cdn.example, MX, A AAAA HTTPS NSEC RRSIG",
    "fra-1.cdn.example, AAAA, A NSEC RRSIG",
    "_acme-challenge.shop.cdn.example, A, NSEC RRSIG TXT",
    "cdn.example, A, CAA CDNSKEY CDS DNSKEY NS NSEC RRSIG SOA",
    "cdn.example, DS, CAA CDNSKEY CDS DNSKEY NS NSEC RRSIG SOA",
  })
  void whatIsNotThereIsDeniedByItsNameAlone(String name, String type, String types)
      throws Exception {
    Message answer = ask(responder(FIRST), name, type);
    assertEquals(Rcode.NOERROR, answer.getRcode());
    assertEquals(List.of(), answer.getSection(Section.ANSWER));
    assertEquals(Set.of(FIRST.tag()), verify(answer, Section.AUTHORITY, FIRST));
    assertEquals(types, String.join(" ", types(answer, Section.AUTHORITY)));
    NSECRecord denial =
        (NSECRecord)
            answer.getSection(Section.AUTHORITY).stream()
                .filter(record -> record.getType() == Type.NSEC)
                .findFirst()
                .orElseThrow();
    assertEquals(Name.fromString(name + "."), denial.getName());
    assertEquals("\\000." + name + ".", denial.getNext().toString());
  }

  @Test
  void whoUnderstandsItIsToldThatTheNameIsNotThere() throws Exception {
    DnsResponder responder = responder(FIRST);
    byte[] compact = query("nobody.cdn.example", Type.A, ExtendedFlags.DO | CO);
    Message told = ask(responder, compact, true);
    assertEquals(Rcode.NXDOMAIN, told.getRcode());
    assertEquals(ExtendedFlags.DO | CO, told.getOPT().getFlags());
    verify(told, Section.AUTHORITY, FIRST);
    Message plain = ask(responder, query("nobody.cdn.example", Type.A, 0), true);
    assertEquals(Rcode.NXDOMAIN, plain.getRcode());
    assertEquals(0, plain.getOPT().getFlags());
    assertEquals(1, plain.getSection(Section.AUTHORITY).size());
    assertEquals(Rcode.FORMERR, ask(responder, "nobody.cdn.example", "TYPE128").getRcode());
  }

  /** RFC 4035, section 3.1.6, and RFC 6840, section 5.8: a resolver's business. */
  @Test
  void checkingDisabledGoesBackAndAuthenticDataDoesNot() throws Exception {
    byte[] query = query("shop.cdn.example", Type.A, ExtendedFlags.DO);
    query[3] |= 0x30;
    Message answer = ask(responder(FIRST), query, true);
    assertTrue(answer.getHeader().getFlag(Flags.CD));
    assertFalse(answer.getHeader().getFlag(Flags.AD));
  }

  /** Keys are learned by either DS; of all else one signature is enough. */
  @Test
  void duringARollAllKeysSignTheKeysAndOneTheRest() throws Exception {
    for (DnsKey.State other : List.of(DnsKey.State.PUBLISHED, DnsKey.State.RETIRING)) {
      DnsKey second = TestKeys.fresh(other);
      DnsResponder responder = responder(FIRST, second);
      for (String type : List.of("DNSKEY", "CDS", "CDNSKEY")) {
        Message keys = ask(responder, "cdn.example", type);
        assertEquals(
            Set.of(FIRST.tag(), second.tag()), verify(keys, Section.ANSWER, FIRST, second));
      }
      Message rest = ask(responder, "shop.cdn.example", "A");
      assertEquals(Set.of(FIRST.tag()), verify(rest, Section.ANSWER, FIRST, second));
    }
  }

  @Test
  void theParentIsToldNothingTheKeyThatSignsOrThatThereIsNone() throws Exception {
    ZoneKeys nothing = ZoneKeys.of(List.of(FIRST), ZoneKeys.Told.NOTHING, ZoneKeys.NONE);
    ZoneKeys removal = ZoneKeys.of(List.of(FIRST), ZoneKeys.Told.REMOVAL, ZoneKeys.NONE);
    byte[] zone = Wire.name("cdn.example");
    assertEquals(0, nothing.data(RecordType.CDS, zone).length);
    assertArrayEquals(new byte[] {0, 0, 0, 0, 0}, removal.data(RecordType.CDS, zone)[0]);
    assertArrayEquals(new byte[] {0, 0, 3, 0, 0}, removal.data(RecordType.CDNSKEY, zone)[0]);
    Message none = ask(responder(nothing, SigningLimits.DEFAULT), "cdn.example", "CDS");
    assertEquals("CAA DNSKEY NS NSEC RRSIG SOA", String.join(" ", types(none, Section.AUTHORITY)));
  }

  @Test
  void aHostOfASiteIsAZoneOfItsOwnAndNotSigned() throws Exception {
    Message answer = ask(responder(FIRST), "shop.example", "A");
    assertEquals(3, answer.getSection(Section.ANSWER).size());
    assertEquals(Set.of(Type.A), Set.of(answer.getSection(Section.ANSWER).getFirst().getType()));
  }

  @Test
  void whoeverDoesNotAskForSignaturesGetsNone() throws Exception {
    Message answer = ask(responder(FIRST), query("cdn.example", Type.DNSKEY, 0), true);
    assertEquals(1, answer.getSection(Section.ANSWER).size());
    assertEquals(0, counters.signaturesMade());
  }

  @Test
  void whatWasSignedIsNotSignedAgain() throws Exception {
    DnsResponder responder = responder(FIRST);
    byte[] query = query("shop.cdn.example", Type.A, ExtendedFlags.DO);
    Message first = ask(responder, query, true);
    Message again = ask(responder, query, true);
    assertEquals(first.toString(), again.toString());
    assertEquals(1, counters.signaturesMade());
    assertEquals(1, counters.signaturesKept());
  }

  /** 72 addresses fit; with their signature they do not. */
  @Test
  void whatIsTooLongWithItsSignatureIsCut() throws Exception {
    DnsResponder responder = responder(FIRST);
    byte[] plain = query("big-1.cdn.example", Type.A, 0);
    assertFalse(ask(responder, plain, true).getHeader().getFlag(Flags.TC));
    byte[] signed = query("big-1.cdn.example", Type.A, ExtendedFlags.DO);
    Message cut = ask(responder, signed, true);
    assertTrue(cut.getHeader().getFlag(Flags.TC));
    assertEquals(List.of(), cut.getSection(Section.ANSWER));
    assertEquals(ExtendedFlags.DO, cut.getOPT().getFlags());
    verify(ask(responder, signed, false), Section.ANSWER, FIRST);
  }

  @Test
  void whoWouldHaveTooMuchSignedIsSentToTcpAndThereRefused() throws Exception {
    DnsResponder responder = responder(TestKeys.of(FIRST), new SigningLimits(16, 2));
    ask(responder, "nobody.cdn.example", "A");
    Message udp = ask(responder, "somebody.cdn.example", "A");
    assertTrue(udp.getHeader().getFlag(Flags.TC));
    byte[] query = query("somebody.cdn.example", Type.A, ExtendedFlags.DO);
    verify(ask(responder, query, false), Section.AUTHORITY, FIRST);
    byte[] second = query("anybody.cdn.example", Type.A, ExtendedFlags.DO);
    verify(ask(responder, second, false), Section.AUTHORITY, FIRST);
    byte[] third = query("everybody.cdn.example", Type.A, ExtendedFlags.DO);
    Message tcp = ask(responder, third, false);
    assertEquals(Rcode.SERVFAIL, tcp.getRcode());
    assertEquals(List.of(), tcp.getSection(Section.AUTHORITY));
    // What is at hand costs nothing, and goes on.
    verify(ask(responder, "nobody.cdn.example", "A"), Section.AUTHORITY, FIRST);
  }

  /** RFC 4471: what cannot become longer is counted up. */
  @Test
  void theLongestNamesHaveASuccessorToo() throws Exception {
    for (String label : List.of("a".repeat(50), "a".repeat(49) + "\\255", "a".repeat(49) + "@")) {
      List<String> labels = new ArrayList<>(List.of(label));
      for (int i = 0; i < 3; i++) {
        labels.add("b".repeat(62));
      }
      String name = String.join(".", labels) + ".cdn.example.";
      Message answer = ask(responder(FIRST), name, "A");
      assertEquals(Set.of(FIRST.tag()), verify(answer, Section.AUTHORITY, FIRST));
      NSECRecord denial =
          (NSECRecord)
              answer.getSection(Section.AUTHORITY).stream()
                  .filter(record -> record.getType() == Type.NSEC)
                  .findFirst()
                  .orElseThrow();
      assertTrue(denial.getNext().compareTo(denial.getName()) > 0, denial.toString());
    }
  }
}

package dev.perigee.control.dns;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.dns.AnswerWriter.Section;
import dev.perigee.control.steer.Choice;
import dev.perigee.control.steer.NodeChoice;
import dev.perigee.control.store.Node;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A packet to the packet that answers it, without anything that would have to be collected. What is
 * no query gets nothing, what is ambiguous gets a bare header that says FORMERR, and no answer is
 * longer than the asker takes. For one thread: it answers into its own buffer.
 */
final class DnsResponder {
  static final int UDP_BYTES = 1232;

  private static final Logger LOG = LoggerFactory.getLogger(DnsResponder.class);
  private static final int LEAST_UDP = 512;
  private static final int CLASS_IN = 1;
  private static final int OPT_HEAD = 11;
  private static final int OPTION_HEAD = 4;
  private static final int SUBNET_HEAD = 4;
  private static final int SUBNET = 8;
  private static final int COOKIE = 10;

  /** As many as are ever named. */
  private static final int MOST_NODES = 3;

  private static final int DNSSEC_OK = 0x8000;
  private static final int COMPACT_OK = 0x4000;

  private final NodeChoice steering;
  private final Supplier<Zone> zones;
  private final Query query = new Query();
  private final NameFinder finder;
  private final AnswerWriter writer;
  private final ZoneRecords records;
  private final ZoneSigner signer;
  private final AbuseGuard guard;
  private final DnsCounters counters;

  /** The addresses of the nodes that are told together. */
  private final Choice chosen = new Choice();

  private final Addresses[] told = new Addresses[MOST_NODES];

  /** Of the answer's data: how much of the client's address it depends on. */
  private int scope;

  /** What signs the answer; none where nothing does, or nobody wants it. */
  private ZoneKeys keys = ZoneKeys.NONE;

  /**
   * @param guard of its own
   * @param signatures that all responders share
   */
  DnsResponder(
      DnsConfig config,
      NodeChoice steering,
      Supplier<Zone> zones,
      AbuseGuard guard,
      Signatures signatures,
      DnsCounters counters,
      InstantSource clock) {
    byte[] zone = Wire.name(config.zone());
    Arrays.fill(told, Addresses.NONE);
    this.steering = steering;
    this.zones = zones;
    this.guard = guard;
    this.counters = counters;
    this.finder = new NameFinder(zone);
    this.writer = new AnswerWriter(zone);
    this.records = new ZoneRecords(config, writer);
    this.signer = new ZoneSigner(zone, writer, signatures, counters, clock);
  }

  /** The last answer; only as many bytes of it count as {@link #answer} said. */
  byte[] bytes() {
    return writer.bytes();
  }

  /**
   * Answers.
   *
   * @param packet begins the array
   * @param source who asks, the client itself or its resolver: 4 or 16 bytes
   * @return the bytes of the answer; 0 where the packet deserves none
   */
  int answer(byte[] packet, int length, byte[] source, boolean udp) {
    switch (QueryParser.parse(packet, length, query)) {
      case NONE -> {
        counters.ignored.increment();
        return 0;
      }
      case FORMERR -> {
        counters.malformed.increment();
        counters.refused(udp, ResponseCode.FORMERR);
        writer.refuse(packet, ResponseCode.FORMERR);
      }
      case NOTIMP -> {
        counters.refused(udp, ResponseCode.NOTIMP);
        writer.refuse(packet, ResponseCode.NOTIMP);
      }
      case QUERY -> {
        try {
          if (!isAnswered(source, udp)) {
            return 0;
          }
        } catch (RuntimeException e) {
          LOG.warn("a query could not be answered: {}", e.toString());
          LOG.debug("the fault", e);
          counters.failed.increment();
          counters.answered(udp, query.type, ResponseCode.SERVFAIL);
          writer.refuse(packet, ResponseCode.SERVFAIL);
        }
      }
    }
    return writer.length();
  }

  private boolean isAnswered(byte[] source, boolean udp) {
    int room = room(udp);
    scope = 0;
    keys = ZoneKeys.NONE;
    guard.begin(query, source);
    if (query.hasCookie) {
      (guard.isProven() ? counters.cookiesGood : counters.cookiesOther).increment();
    }
    finder.forget();
    writer.begin(query, room - optBytes());
    ResponseCode code = resolve(source);
    cut();
    ResponseRates.Verdict verdict =
        udp ? guard.count(query, finder, source) : ResponseRates.Verdict.SENT;
    switch (verdict) {
      case SENT -> {
        if (keys.isSigned() && !writer.isTruncated()) {
          code = signed(code, udp);
        }
      }
      case SLIPPED -> {
        counters.slipped.increment();
        code = slipped(code);
      }
      case DROPPED -> {
        counters.dropped.increment();
        return false;
      }
    }
    writer.code(code);
    writer.room(room);
    options(code, source);
    counters.answered(udp, query.type, code);
    return true;
  }

  private void cut() {
    if (writer.isCut()) {
      counters.truncated.increment();
      writer.truncate();
    }
  }

  /** Last of all, as nobody gets signatures made who would get no answer. */
  private ResponseCode signed(ResponseCode code, boolean udp) {
    if (signer.isSigned(query, keys, udp)) {
      cut();
      return code;
    }
    if (udp) {
      writer.truncate();
      return code;
    }
    writer.clear();
    return ResponseCode.SERVFAIL;
  }

  /**
   * Who sends a cookie learns the server's and may come back with it over UDP (RFC 7873, section
   * 5.2.3), others over TCP.
   */
  private ResponseCode slipped(ResponseCode code) {
    if (query.hasCookie) {
      counters.badCookies.increment();
      writer.clear();
      return ResponseCode.BADCOOKIE;
    }
    writer.truncate();
    return code;
  }

  private void options(ResponseCode code, byte[] source) {
    if (!query.hasEdns) {
      return;
    }
    writer.opt(code, UDP_BYTES, flags());
    if (query.hasSubnet && code != ResponseCode.BADVERS) {
      subnet();
    }
    if (query.hasCookie) {
      writer.u16(COOKIE);
      writer.u16(Query.CLIENT_COOKIE + ServerCookies.LENGTH);
      writer.bytes(query.packet, query.cookieAt, Query.CLIENT_COOKIE);
      writer.bytes(guard.cookie(query, source));
    }
    writer.end();
  }

  private int flags() {
    boolean compact = query.compactOk && keys.isSigned();
    return (query.dnssecOk ? DNSSEC_OK : 0) | (compact ? COMPACT_OK : 0);
  }

  private int room(boolean udp) {
    if (!udp) {
      return AnswerWriter.MAX_MESSAGE;
    }
    return query.hasEdns ? Math.clamp(query.payload, LEAST_UDP, UDP_BYTES) : LEAST_UDP;
  }

  private int optBytes() {
    if (!query.hasEdns) {
      return 0;
    }
    int subnet = OPTION_HEAD + SUBNET_HEAD + (query.sourcePrefix + 7) / 8;
    int cookie = OPTION_HEAD + Query.CLIENT_COOKIE + ServerCookies.LENGTH;
    return OPT_HEAD + (query.hasSubnet ? subnet : 0) + (query.hasCookie ? cookie : 0);
  }

  /**
   * The client's subnet as it came, with how much of it the answer depends on (RFC 7871, section
   * 7.2.1).
   */
  private void subnet() {
    int bytes = (query.sourcePrefix + 7) / 8;
    writer.u16(SUBNET);
    writer.u16(SUBNET_HEAD + bytes);
    writer.u16(query.subnetFamily);
    writer.u8(query.sourcePrefix);
    writer.u8(query.sourcePrefix == 0 ? 0 : Math.min(scope, 8 * query.subnet().length));
    writer.bytes(query.subnet(), 0, bytes);
  }

  private ResponseCode resolve(byte[] source) {
    if (query.hasEdns && query.version > 0) {
      return ResponseCode.BADVERS;
    }
    if (query.dnsClass != CLASS_IN || RecordType.isTransfer(query.type)) {
      return ResponseCode.REFUSED;
    }
    if (query.type == RecordType.NXNAME) {
      return ResponseCode.FORMERR;
    }
    if (RecordType.isMeta(query.type)) {
      return ResponseCode.NOTIMP;
    }
    Zone now = zones.get();
    finder.find(query, now);
    if (finder.found() == Named.Bare.ELSEWHERE) {
      return ResponseCode.REFUSED;
    }
    writer.authoritative();
    if (query.dnssecOk && finder.isOwnZone() && now.keys().isSigned()) {
      keys = now.keys();
      writer.whole();
    }
    if (finder.found() != Named.Bare.NOTHING) {
      data(now, source);
    }
    if (writer.count(Section.ANSWER) == 0 && !writer.isCut()) {
      scope = 0;
      records.start(Section.AUTHORITY, finder.apexAt(), now.serial());
      if (keys.isSigned()) {
        records.denial(query, finder, now, Section.AUTHORITY);
      }
    }
    // Who wants signatures reads from the proof that the name is not there (RFC 9824, section 3).
    boolean proven = keys.isSigned() && !query.compactOk;
    return finder.found() == Named.Bare.NOTHING && !proven
        ? ResponseCode.NXDOMAIN
        : ResponseCode.NOERROR;
  }

  private void data(Zone now, byte[] source) {
    switch (query.type) {
      case RecordType.A, RecordType.AAAA, RecordType.HTTPS -> addresses(now, source);
      case RecordType.ANY -> records.any();
      case RecordType.TXT -> records.texts(finder.texts());
      case RecordType.SOA, RecordType.NS, RecordType.CAA -> start(now);
      default -> {
        if (finder.isOwnZone() && now.keys().isSigned()) {
          signing(now);
        }
      }
    }
  }

  /** What only a signed zone has. Of signatures alone as little is told as of ANY. */
  private void signing(Zone now) {
    switch (query.type) {
      case RecordType.RRSIG -> records.any();
      case RecordType.NSEC -> records.denial(query, finder, now, Section.ANSWER);
      case RecordType.DNSKEY, RecordType.CDS, RecordType.CDNSKEY -> {
        if (finder.apexAt() == 0) {
          records.keys(query.type, now.keys());
        }
      }
      default -> {
        // Of any other type there is no data.
      }
    }
  }

  /** What only the name has where a zone begins. */
  private void start(Zone now) {
    if (finder.apexAt() > 0) {
      return;
    }
    if (query.type == RecordType.SOA) {
      records.start(Section.ANSWER, 0, now.serial());
    } else if (query.type == RecordType.NS) {
      records.servers(keys.isSigned());
    } else if (finder.isOwnZone()) {
      records.authorities();
    }
  }

  private void addresses(Zone now, byte[] source) {
    switch (finder.found()) {
      case Named.Steered steered -> steered(steered, now, source);
      case Named.Fixed fixed -> {
        if (query.type != RecordType.HTTPS) {
          records.addresses(query.type, fixed.addresses(), records.ttl());
        }
      }
      case Named.Bare bare -> {
        // Names without data have no addresses.
      }
    }
  }

  private void steered(Named.Steered steered, Zone now, byte[] source) {
    boolean https = query.type == RecordType.HTTPS;
    if (https && !steered.https()) {
      return;
    }
    SiteConfig site = steered.site();
    boolean known = query.hasSubnet && query.sourcePrefix > 0;
    byte[] address = known ? query.subnet() : source;
    int bits = known ? query.sourcePrefix : 8 * source.length;
    steering.choose(address, bits, site, NodeChoice.keyOf(site), chosen);
    scope = chosen.scopePrefix();
    if (chosen.count() == 0) {
      counters.nowhere.increment();
      return;
    }
    (chosen.isFallback() ? counters.fallback : counters.steered).increment();
    int port = chosen.node(0).httpsPort();
    int count = 0;
    for (int i = 0; i < Math.min(chosen.together(), told.length); i++) {
      Node node = chosen.node(i);
      // One record has one port; who has another is reached by its address alone.
      if (!https || node.httpsPort() == port) {
        told[count++] = now.addresses(node);
      }
    }
    if (https) {
      records.https(port, told, count, ZoneRecords.ttl(site));
    } else {
      records.addresses(query.type, told, count, ZoneRecords.ttl(site));
    }
  }
}

package dev.perigee.control.dns;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.dns.AnswerWriter.Section;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The records of each type, written into an answer. */
final class ZoneRecords {
  private static final int NEGATIVE_TTL = 30;
  private static final int ZONE_TTL = 3600;
  private static final int REFRESH = 3600;
  private static final int RETRY = 600;
  private static final int EXPIRE = 604_800;

  /** RFC 8482, section 4.2: one small record instead of everything. */
  private static final byte[] ANY = "\7RFC8482\0".getBytes(StandardCharsets.US_ASCII);

  /** ALPN as the edges offer it: h2, http/1.1 (RFC 9460, section 7.1). */
  private static final byte[] ALPN = "\2h2\10http/1.1".getBytes(StandardCharsets.US_ASCII);

  private static final int PARAM_ALPN = 1;
  private static final int PARAM_PORT = 3;
  private static final int PARAM_IPV4 = 4;
  private static final int PARAM_IPV6 = 6;
  private static final int HTTPS_PORT = 443;

  private final AnswerWriter writer;
  private final int ttl;
  private final Server[] servers;
  private final ZoneName contact;
  private final byte[][] authorities;
  private final byte[] zone;
  private final Denial denial;

  /** A name server, and what is told of its address. */
  private record Server(ZoneName name, Addresses glue) {}

  ZoneRecords(DnsConfig config, AnswerWriter writer) {
    this.writer = writer;
    this.ttl = config.ttlSeconds();
    this.zone = Wire.name(config.zone());
    this.denial = new Denial(zone, writer);
    this.contact = new ZoneName("hostmaster." + config.zone(), config.zone());
    this.authorities =
        config.authorities().stream().map(DnsConfig.Authority::wire).toArray(byte[][]::new);
    this.servers =
        config.nameServers().entrySet().stream()
            .map(one -> server(one.getKey(), one.getValue(), config.zone()))
            .toArray(Server[]::new);
  }

  private static Server server(String host, InetAddress address, String zone) {
    ZoneName name = new ZoneName(host, zone);
    boolean told = name.isInZone() && !address.isAnyLocalAddress();
    return new Server(name, told ? new Addresses(List.of(address)) : Addresses.NONE);
  }

  /** Seconds for which a node's address holds. */
  int ttl() {
    return ttl;
  }

  /** Seconds for which an address of this site holds. */
  static int ttl(SiteConfig site) {
    return site.steering().ttlSeconds();
  }

  /** SOA; as part of a negative answer it says how long that holds (RFC 2308, section 3). */
  void start(Section section, int apexAt, int serial) {
    writer.record(
        section, apexAt, RecordType.SOA, section == Section.ANSWER ? ZONE_TTL : NEGATIVE_TTL);
    writer.name(servers[0].name());
    writer.name(contact);
    writer.u32(serial);
    writer.u32(REFRESH);
    writer.u32(RETRY);
    writer.u32(EXPIRE);
    writer.u32(NEGATIVE_TTL);
    writer.end();
  }

  /**
   * NS, with the addresses of those that are in the zone, where they fit.
   *
   * @param alone without addresses
   */
  void servers(boolean alone) {
    for (Server server : servers) {
      writer.record(Section.ANSWER, 0, RecordType.NS, ZONE_TTL);
      writer.name(server.name());
      writer.end();
    }
    if (alone || writer.isCut()) {
      return;
    }
    for (Server server : servers) {
      glue(server, RecordType.A);
      glue(server, RecordType.AAAA);
    }
  }

  private void glue(Server server, int type) {
    for (byte[] address : server.glue().of(type)) {
      int length = writer.length();
      int count = writer.count(Section.ADDITIONAL);
      writer.record(Section.ADDITIONAL, server.name(), type, ZONE_TTL);
      writer.bytes(address);
      writer.end();
      if (writer.isCut()) {
        writer.back(length, Section.ADDITIONAL, count);
      }
    }
  }

  /** A or AAAA, of one after the other. */
  void addresses(int type, Addresses[] all, int count, int seconds) {
    for (int i = 0; i < count; i++) {
      addresses(type, all[i], seconds);
    }
  }

  void addresses(int type, Addresses addresses, int seconds) {
    for (byte[] address : addresses.of(type)) {
      writer.record(Section.ANSWER, 0, type, seconds);
      writer.bytes(address);
      writer.end();
    }
  }

  /** HTTPS (RFC 9460): the name itself is the service. */
  void https(int port, Addresses[] all, int count, int seconds) {
    writer.record(Section.ANSWER, 0, RecordType.HTTPS, seconds);
    writer.u16(1);
    writer.u8(0);
    writer.u16(PARAM_ALPN);
    writer.u16(ALPN.length);
    writer.bytes(ALPN);
    if (port != HTTPS_PORT) {
      writer.u16(PARAM_PORT);
      writer.u16(2);
      writer.u16(port);
    }
    hint(PARAM_IPV4, RecordType.A, all, count);
    hint(PARAM_IPV6, RecordType.AAAA, all, count);
    writer.end();
  }

  private void hint(int key, int type, Addresses[] all, int count) {
    int bytes = 0;
    for (int i = 0; i < count; i++) {
      for (byte[] address : all[i].of(type)) {
        bytes += address.length;
      }
    }
    if (bytes == 0) {
      return;
    }
    writer.u16(key);
    writer.u16(bytes);
    for (int i = 0; i < count; i++) {
      for (byte[] address : all[i].of(type)) {
        writer.bytes(address);
      }
    }
  }

  /** DNSKEY, CDS or CDNSKEY. */
  void keys(int type, ZoneKeys keys) {
    for (byte[] data : keys.data(type, zone)) {
      writer.record(Section.ANSWER, 0, type, ZONE_TTL);
      writer.bytes(data);
      writer.end();
    }
  }

  /**
   * NSEC of the question's name: all it may have but for the question's type, whoever asks. What
   * only some are told counts as had, as resolvers tell their clients by it what is not there.
   */
  void denial(Query query, NameFinder finder, Zone now, Section section) {
    denial.begin();
    if (finder.texts() != null) {
      denial.type(RecordType.TXT);
    }
    switch (finder.found()) {
      case Named.Steered steered -> {
        denial.type(RecordType.A);
        denial.type(RecordType.AAAA);
        if (steered.https()) {
          denial.type(RecordType.HTTPS);
        }
      }
      case Named.Fixed fixed -> {
        family(fixed.addresses(), RecordType.A);
        family(fixed.addresses(), RecordType.AAAA);
      }
      case Named.Bare bare -> {
        if (bare == Named.Bare.NOTHING) {
          denial.type(RecordType.NXNAME);
        }
      }
    }
    if (finder.apexAt() == 0) {
      start(now.keys());
    }
    denial.write(query, section, query.type, NEGATIVE_TTL);
  }

  private void family(Addresses addresses, int type) {
    if (addresses.of(type).length > 0) {
      denial.type(type);
    }
  }

  private void start(ZoneKeys keys) {
    denial.type(RecordType.SOA);
    denial.type(RecordType.NS);
    denial.type(RecordType.DNSKEY);
    if (authorities.length > 0) {
      denial.type(RecordType.CAA);
    }
    if (keys.isTold()) {
      denial.type(RecordType.CDS);
      denial.type(RecordType.CDNSKEY);
    }
  }

  void any() {
    writer.record(Section.ANSWER, 0, RecordType.HINFO, ZONE_TTL);
    writer.bytes(ANY);
    writer.end();
  }

  void texts(@Nullable Texts texts) {
    if (texts != null) {
      for (byte[] text : texts.data()) {
        writer.record(Section.ANSWER, 0, RecordType.TXT, texts.ttlSeconds());
        writer.bytes(text);
        writer.end();
      }
    }
  }

  /** CAA (RFC 8659): who may issue certificates for the zone's names. */
  void authorities() {
    for (byte[] authority : authorities) {
      writer.record(Section.ANSWER, 0, RecordType.CAA, ZONE_TTL);
      writer.bytes(authority);
      writer.end();
    }
  }
}

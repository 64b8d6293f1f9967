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

  /** A name server, and what is told of its address. */
  private record Server(ZoneName name, Addresses glue) {}

  ZoneRecords(DnsConfig config, AnswerWriter writer) {
    this.writer = writer;
    this.ttl = config.ttlSeconds();
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

  /** NS, with the addresses of those that are in the zone, where they fit. */
  void servers() {
    for (Server server : servers) {
      writer.record(Section.ANSWER, 0, RecordType.NS, ZONE_TTL);
      writer.name(server.name());
      writer.end();
    }
    if (writer.isCut()) {
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

  void addresses(int type, Addresses addresses, int seconds) {
    for (byte[] address : addresses.of(type)) {
      writer.record(Section.ANSWER, 0, type, seconds);
      writer.bytes(address);
      writer.end();
    }
  }

  /** HTTPS (RFC 9460): the name itself is the service. */
  void https(int port, Addresses addresses, int seconds) {
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
    hint(PARAM_IPV4, addresses.of(RecordType.A));
    hint(PARAM_IPV6, addresses.of(RecordType.AAAA));
    writer.end();
  }

  private void hint(int key, byte[][] addresses) {
    if (addresses.length > 0) {
      writer.u16(key);
      writer.u16(addresses.length * addresses[0].length);
      for (byte[] address : addresses) {
        writer.bytes(address);
      }
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

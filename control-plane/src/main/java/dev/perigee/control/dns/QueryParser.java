package dev.perigee.control.dns;

/**
 * Packets to queries, strictly: a header, one question without compression, and at most one OPT as
 * the only other record. Holds nothing; what it reads goes into the {@link Query} it is given.
 */
final class QueryParser {
  private static final int QR = 0x80;
  private static final int TC = 0x02;
  private static final int OPCODE_BITS = 0x78;
  private static final int MAX_LABEL = 63;

  /** Name, type, payload size, extended flags and length of OPT. */
  private static final int OPT_HEAD = 11;

  private static final int SUBNET = 8;
  private static final int COOKIE = 10;
  private static final int SUBNET_HEAD = 4;
  private static final int MAPPED_PREFIX = 96;
  private static final int LEAST_COOKIES = 16;
  private static final int MOST_COOKIES = 40;

  private QueryParser() {}

  /** What a packet is. */
  enum Parsed {
    /** A query in every respect. */
    QUERY,
    /** No query: nobody waits for an answer, or its sender is the victim of a forger. */
    NONE,
    /** Malformed, or ambiguous. */
    FORMERR,
    /** An operation that is not known here. */
    NOTIMP
  }

  /** Reads the packet, which begins the array. */
  static Parsed parse(byte[] packet, int length, Query into) {
    if (length < Query.HEADER || (packet[2] & QR) != 0) {
      return Parsed.NONE;
    }
    if ((packet[2] & OPCODE_BITS) != 0) {
      return Parsed.NOTIMP;
    }
    int additional = Wire.u16(packet, 10);
    boolean odd = (packet[2] & TC) != 0 || Wire.u16(packet, 4) != 1 || additional > 1;
    if (odd || Wire.u16(packet, 6) != 0 || Wire.u16(packet, 8) != 0) {
      return Parsed.FORMERR;
    }
    into.packet = packet;
    into.hasEdns = false;
    into.dnssecOk = false;
    into.compactOk = false;
    into.hasSubnet = false;
    into.hasCookie = false;
    int at = question(packet, length, into);
    if (at >= 0 && additional == 1) {
      at = opt(packet, at, length, into);
    }
    return at == length ? Parsed.QUERY : Parsed.FORMERR;
  }

  /** Where the question ends; less than 0 where it is none. */
  private static int question(byte[] packet, int length, Query into) {
    int at = Query.HEADER;
    int labels = 0;
    while (at < length && packet[at] != 0) {
      int label = packet[at];
      boolean fits = at - Query.HEADER + 1 + label < Query.MAX_NAME && at + label < length;
      if (label < 0 || label > MAX_LABEL || !fits) {
        return -1;
      }
      into.labelAt[labels++] = at - Query.HEADER;
      into.name[at - Query.HEADER] = (byte) label;
      for (int i = at + 1; i <= at + label; i++) {
        into.name[i - Query.HEADER] = lower(packet[i]);
      }
      at += 1 + label;
    }
    if (at + 5 > length) {
      return -1;
    }
    into.name[at - Query.HEADER] = 0;
    into.nameLength = at + 1 - Query.HEADER;
    into.labels = labels;
    into.type = Wire.u16(packet, at + 1);
    into.dnsClass = Wire.u16(packet, at + 3);
    into.questionEnd = at + 5;
    return at + 5;
  }

  private static byte lower(byte one) {
    return one >= 'A' && one <= 'Z' ? (byte) (one + 0x20) : one;
  }

  /** Where OPT ends (RFC 6891, section 6.1.2); less than 0 where it is none. */
  private static int opt(byte[] packet, int from, int length, Query into) {
    if (from + OPT_HEAD > length || packet[from] != 0) {
      return -1;
    }
    int at = from + OPT_HEAD;
    int end = at + Wire.u16(packet, from + 9);
    if (Wire.u16(packet, from + 1) != RecordType.OPT || end > length) {
      return -1;
    }
    into.hasEdns = true;
    into.payload = Wire.u16(packet, from + 3);
    into.version = packet[from + 6] & 0xff;
    into.dnssecOk = (packet[from + 7] & 0x80) != 0;
    into.compactOk = (packet[from + 7] & 0x40) != 0;
    while (at + 4 <= end) {
      int code = Wire.u16(packet, at);
      int size = Wire.u16(packet, at + 2);
      at += 4;
      if (at + size > end || !isOption(packet, code, at, size, into)) {
        return -1;
      }
      at += size;
    }
    return at == end ? end : -1;
  }

  /** Whether an option is what it should be; those that are not known always are. */
  private static boolean isOption(byte[] packet, int code, int at, int size, Query into) {
    if (code == SUBNET) {
      return isSubnet(packet, at, size, into);
    }
    return code != COOKIE || isCookie(at, size, into);
  }

  /**
   * RFC 7871, section 7.1.2: as many bytes as the prefix needs, no bits past it, no scope. A second
   * one is malformed, as neither can be preferred.
   */
  private static boolean isSubnet(byte[] packet, int at, int size, Query into) {
    if (into.hasSubnet || size < SUBNET_HEAD || packet[at + 3] != 0) {
      return false;
    }
    into.hasSubnet = true;
    into.subnetFamily = Wire.u16(packet, at);
    into.sourcePrefix = packet[at + 2] & 0xff;
    int most =
        switch (into.subnetFamily) {
          case 0 -> 0;
          case 1 -> 32;
          case 2 -> 128;
          default -> -1;
        };
    int bytes = (into.sourcePrefix + 7) / 8;
    if (into.sourcePrefix > most || size - SUBNET_HEAD != bytes) {
      return false;
    }
    byte[] address = into.subnet();
    for (int i = 0; i < address.length; i++) {
      address[i] = i < bytes ? packet[at + SUBNET_HEAD + i] : 0;
    }
    int spare = 8 * bytes - into.sourcePrefix;
    boolean past = spare > 0 && (address[bytes - 1] & ((1 << spare) - 1)) != 0;
    return !past && !isMapped(into);
  }

  /** An address of IPv4 inside one of IPv6 says two things (RFC 4291, section 2.5.5.2). */
  private static boolean isMapped(Query query) {
    if (query.subnetFamily != 2 || query.sourcePrefix < MAPPED_PREFIX) {
      return false;
    }
    byte[] address = query.subnet16;
    for (int i = 0; i < 10; i++) {
      if (address[i] != 0) {
        return false;
      }
    }
    return address[10] == -1 && address[11] == -1;
  }

  /** RFC 7873, sections 4 and 5.2.2; of several the first counts. */
  private static boolean isCookie(int at, int size, Query into) {
    boolean sound = size == Query.CLIENT_COOKIE || (size >= LEAST_COOKIES && size <= MOST_COOKIES);
    if (!into.hasCookie) {
      into.hasCookie = true;
      into.cookieAt = at;
      into.serverCookieLength = size - Query.CLIENT_COOKIE;
    }
    return sound;
  }
}

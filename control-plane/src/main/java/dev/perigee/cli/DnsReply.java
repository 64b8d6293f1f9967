package dev.perigee.cli;

import dev.perigee.contract.Bytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What a name server said (RFC 1035, section 4): as much of it as a check of a delegation needs.
 *
 * @param authoritative whether it answers as an authority (AA)
 * @param truncated whether it asks to be asked again over TCP (TC)
 * @param code 0 for success
 * @param edns whether it knows EDNS(0)
 */
record DnsReply(
    boolean authoritative,
    boolean truncated,
    int code,
    boolean edns,
    List<Data> answer,
    List<Data> authority,
    List<Data> additional) {
  static final int A = 1;
  static final int NS = 2;
  static final int SOA = 6;
  static final int AAAA = 28;
  static final int DS = 43;
  static final int DNSKEY = 48;

  private static final int OPT = 41;
  private static final int HEADER = 12;
  private static final int RESPONSE = 0x8000;
  private static final int AUTHORITATIVE = 0x0400;
  private static final int TRUNCATED = 0x0200;
  private static final int POINTER = 0xc0;

  /** Jumps within one name; more go round in a circle. */
  private static final int MOST_JUMPS = 64;

  private static final int UDP_BYTES = 1232;

  /** Copies the collections. */
  DnsReply {
    answer = List.copyOf(answer);
    authority = List.copyOf(authority);
    additional = List.copyOf(additional);
  }

  /**
   * One record.
   *
   * @param owner lower case, without a dot at the end
   * @param value NS: the server's name; A and AAAA: the address; SOA: the serial; all else is empty
   * @param octets as they came
   */
  record Data(String owner, int type, String value, Bytes octets) {}

  /** A question in the form of the wire, with EDNS(0) or without. */
  static byte[] question(int id, String name, int type, boolean recursive, boolean edns) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    numbers(out, id, recursive ? 0x0100 : 0, 1, 0, 0, edns ? 1 : 0);
    out.writeBytes(wire(name));
    numbers(out, type, 1);
    if (edns) {
      out.write(0);
      numbers(out, OPT, UDP_BYTES, 0, 0, 0);
    }
    return out.toByteArray();
  }

  /** A name in the form of the wire. */
  static byte[] wire(String name) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    if (!name.isEmpty()) {
      for (String label : name.split("\\.", -1)) {
        out.write(label.length());
        out.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
      }
    }
    out.write(0);
    return out.toByteArray();
  }

  private static void numbers(ByteArrayOutputStream out, int... all) {
    for (int number : all) {
      out.write(number >> 8);
      out.write(number);
    }
  }

  /**
   * Reads a packet.
   *
   * @param question that it is to answer
   * @throws IOException where it does not, or is malformed
   */
  static DnsReply read(byte[] packet, byte[] question) throws IOException {
    try {
      Reader in = new Reader(packet, 0);
      int id = in.u16();
      int flags = in.u16();
      int[] counts = {in.u16(), in.u16(), in.u16(), in.u16()};
      Reader asked = new Reader(question, HEADER);
      boolean same =
          counts[0] == 1
              && in.name().equals(asked.name())
              && in.u16() == asked.u16()
              && in.u16() == asked.u16();
      if (!same || id != new Reader(question, 0).u16() || (flags & RESPONSE) == 0) {
        throw new IOException("the answer is to another question");
      }
      List<List<Data>> sections = new ArrayList<>();
      for (int i = 1; i < counts.length; i++) {
        sections.add(in.records(counts[i]));
      }
      return new DnsReply(
          (flags & AUTHORITATIVE) != 0,
          (flags & TRUNCATED) != 0,
          flags & 0xf,
          sections.get(2).stream().anyMatch(one -> one.type() == OPT),
          sections.get(0),
          sections.get(1),
          sections.get(2));
    } catch (ArrayIndexOutOfBoundsException e) {
      throw new IOException("the answer ends too early", e);
    }
  }

  /** The records of a name and a type, wherever they stand. */
  Stream<Data> all(String owner, int type) {
    return Stream.of(answer, authority, additional)
        .flatMap(List::stream)
        .filter(one -> one.type() == type && one.owner().equals(owner));
  }

  /** A place in a packet; past its end is an exception. */
  private static final class Reader {
    private final byte[] packet;
    private int at;

    Reader(byte[] packet, int at) {
      this.packet = packet;
      this.at = at;
    }

    int u8() {
      return packet[at++] & 0xff;
    }

    int u16() {
      return u8() << 8 | u8();
    }

    long u32() {
      return (long) u16() << 16 | u16();
    }

    List<Data> records(int count) throws IOException {
      List<Data> all = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        String owner = name();
        int type = u16();
        at += 6; // class and time to live
        int length = u16();
        int end = at + length;
        byte[] octets = Arrays.copyOfRange(packet, at, end);
        if (end > packet.length) {
          throw new IOException("the answer ends too early");
        }
        String value = value(type, octets);
        at = end;
        all.add(new Data(owner, type, value, Bytes.copyOf(octets)));
      }
      return all;
    }

    private String value(int type, byte[] octets) throws IOException {
      return switch (type) {
        case NS -> name();
        case A, AAAA -> InetAddress.getByAddress(octets).getHostAddress();
        case SOA -> {
          name();
          name();
          yield Long.toString(u32());
        }
        default -> "";
      };
    }

    /** A name, lower case; octets that no host name has are written as numbers. */
    String name() throws IOException {
      StringBuilder name = new StringBuilder();
      int next = -1;
      int jumps = 0;
      for (int length = u8(); length != 0; length = u8()) {
        if ((length & POINTER) == POINTER) {
          int to = (length & ~POINTER) << 8 | u8();
          next = next < 0 ? at : next;
          at = to;
          if (++jumps > MOST_JUMPS) {
            throw new IOException("a name in the answer goes round in a circle");
          }
        } else if ((length & POINTER) != 0) {
          throw new IOException("a name in the answer is of an unknown form");
        } else {
          label(name, length);
        }
      }
      at = next < 0 ? at : next;
      return name.toString().toLowerCase(Locale.ROOT);
    }

    private void label(StringBuilder name, int length) {
      name.append(name.isEmpty() ? "" : ".");
      for (int i = 0; i < length; i++) {
        char c = (char) u8();
        boolean plain = (Character.isLetterOrDigit(c) && c < 0x80) || "-_*".indexOf(c) >= 0;
        name.append(plain ? "" + c : String.format(Locale.ROOT, "\\%03d", (int) c));
      }
    }
  }
}

package dev.perigee.edge.listener;

import dev.perigee.contract.AddressRange;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the header of the PROXY protocol, versions 1 and 2 (HAProxy's specification, sections 2.1
 * and 2.2), strictly. Additions (TLVs) are passed over, but must be whole.
 */
final class ProxyHeader {
  /** Bytes of a header; additions can be certificates, which nobody here reads. */
  static final int MAX_BYTES = 4096;

  private static final int MAX_LINE = 107;
  private static final Pattern LINE =
      Pattern.compile(
          "PROXY (?:(TCP4|TCP6) (\\S+) (\\S+) (0|[1-9][0-9]{0,4}) (0|[1-9][0-9]{0,4})"
              + "|UNKNOWN(?: [\\x20-\\x7e]*)?)");
  private static final byte[] LINE_START = "PROXY ".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] SIGNATURE = {
    0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A
  };
  private static final int FIXED = SIGNATURE.length + 4;
  private static final int MAX_PORT = 65_535;

  private ProxyHeader() {}

  /** What the bytes so far are. */
  sealed interface Parsed {
    /** The begin of a header. */
    record Incomplete() implements Parsed {}

    /** No header, and never one. */
    record Malformed() implements Parsed {}

    /**
     * A header.
     *
     * @param length its bytes
     * @param source where the connection comes from; empty where that is the proxy itself, or
     *     something without an address
     */
    record Whole(int length, Optional<InetSocketAddress> source) implements Parsed {}
  }

  private static final Parsed INCOMPLETE = new Parsed.Incomplete();
  private static final Parsed MALFORMED = new Parsed.Malformed();

  /** Reads from the buffer's position to its limit, and moves neither. */
  static Parsed parse(ByteBuffer bytes) {
    byte[] start = new byte[Math.min(bytes.remaining(), MAX_BYTES)];
    bytes.duplicate().get(start);
    if (start.length == 0) {
      return INCOMPLETE;
    }
    return begins(start, LINE_START)
        ? line(start)
        : begins(start, SIGNATURE) ? binary(start) : MALFORMED;
  }

  private static boolean begins(byte[] bytes, byte[] wanted) {
    int common = Math.min(bytes.length, wanted.length);
    return Arrays.equals(bytes, 0, common, wanted, 0, common);
  }

  private static Parsed line(byte[] bytes) {
    int end = -1;
    for (int i = 0; i < bytes.length && end < 0; i++) {
      end = bytes[i] == '\n' ? i : -1;
    }
    if (end < 0) {
      return bytes.length < MAX_LINE ? INCOMPLETE : MALFORMED;
    }
    if (end >= MAX_LINE || end == 0 || bytes[end - 1] != '\r') {
      return MALFORMED;
    }
    Matcher matcher = LINE.matcher(new String(bytes, 0, end - 1, StandardCharsets.ISO_8859_1));
    if (!matcher.matches()) {
      return MALFORMED;
    }
    if (matcher.group(1) == null) {
      return new Parsed.Whole(end + 1, Optional.empty());
    }
    boolean ipv4 = matcher.group(1).equals("TCP4");
    Optional<InetAddress> source = address(matcher.group(2), ipv4);
    Optional<InetAddress> destination = address(matcher.group(3), ipv4);
    int port = Integer.parseInt(matcher.group(4));
    boolean ports = port <= MAX_PORT && Integer.parseInt(matcher.group(5)) <= MAX_PORT;
    return source.isPresent() && destination.isPresent() && ports
        ? new Parsed.Whole(end + 1, Optional.of(new InetSocketAddress(source.get(), port)))
        : MALFORMED;
  }

  private static Optional<InetAddress> address(String text, boolean ipv4) {
    boolean looks = ipv4 == (text.indexOf(':') < 0);
    return AddressRange.address(text).filter(a -> looks && (!ipv4 || a instanceof Inet4Address));
  }

  private static Parsed binary(byte[] bytes) {
    if (bytes.length < FIXED) {
      return INCOMPLETE;
    }
    int command = bytes[SIGNATURE.length] & 0xff;
    int family = bytes[SIGNATURE.length + 1] & 0xff;
    int length = (bytes[SIGNATURE.length + 2] & 0xff) << 8 | (bytes[SIGNATURE.length + 3] & 0xff);
    boolean local = command == 0x20;
    if ((!local && command != 0x21) || FIXED + length > MAX_BYTES) {
      return MALFORMED;
    }
    int addresses = addressBytes(family);
    if (addresses < 0 || addresses > length) {
      return local ? whole(bytes, length, length, Optional.empty()) : MALFORMED;
    }
    if (bytes.length < FIXED + length) {
      return INCOMPLETE;
    }
    Optional<InetSocketAddress> source =
        local || addresses == 0 ? Optional.empty() : Optional.of(source(bytes, addresses));
    return whole(bytes, length, addresses, source);
  }

  /** Bytes of both addresses and ports: of TCP over IPv4 or IPv6, or none for what is not told. */
  private static int addressBytes(int family) {
    return switch (family) {
      case 0x00 -> 0;
      case 0x11 -> 12;
      case 0x21 -> 36;
      default -> -1;
    };
  }

  private static InetSocketAddress source(byte[] bytes, int addresses) {
    int size = (addresses - 4) / 2;
    int at = FIXED + 2 * size;
    try {
      InetAddress address =
          InetAddress.getByAddress(Arrays.copyOfRange(bytes, FIXED, FIXED + size));
      return new InetSocketAddress(address, (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 or 16 bytes are an address", e);
    }
  }

  /** What follows the addresses are additions of a type, a length and as many bytes. */
  private static Parsed whole(
      byte[] bytes, int length, int from, Optional<InetSocketAddress> source) {
    if (bytes.length < FIXED + length) {
      return INCOMPLETE;
    }
    int at = FIXED + from;
    int end = FIXED + length;
    while (at + 3 <= end) {
      at += 3 + ((bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff));
    }
    return at == end ? new Parsed.Whole(end, source) : MALFORMED;
  }
}

package dev.perigee.edge.origin;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * What the PROXY protocol says in front of a connection: for whom it was opened, and to where. The
 * reader's port is not known here and given as 0.
 */
final class ProxyHeader {
  private static final byte[] SIGNATURE = {13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10};
  private static final byte VERSION_2_PROXY = 0x21;
  private static final byte VERSION_2_LOCAL = 0x20;
  private static final byte UNSPECIFIED = 0;
  private static final byte TCP4 = 0x11;
  private static final byte TCP6 = 0x21;
  private static final int IPV4_OCTETS = 4;

  private ProxyHeader() {}

  /** Of a connection that this node opens for itself, as for a health check. */
  static ByteBuffer local(int version) {
    if (version == 1) {
      return unknown();
    }
    ByteBuffer header = ByteBuffer.allocate(SIGNATURE.length + 4);
    return header.put(SIGNATURE).put(VERSION_2_LOCAL).put(UNSPECIFIED).putShort((short) 0).flip();
  }

  private static ByteBuffer unknown() {
    return ByteBuffer.wrap("PROXY UNKNOWN\r\n".getBytes(StandardCharsets.US_ASCII));
  }

  /**
   * The octets.
   *
   * @param version 1 or 2
   * @param client an address as text
   */
  static ByteBuffer of(int version, String client, InetSocketAddress server) {
    InetAddress from;
    try {
      from = InetAddress.ofLiteral(client);
    } catch (IllegalArgumentException e) {
      return unknown();
    }
    byte[] source = from.getAddress();
    byte[] target = server.getAddress().getAddress();
    boolean both4 = source.length == IPV4_OCTETS && target.length == IPV4_OCTETS;
    if (!both4) {
      source = mapped(source);
      target = mapped(target);
    }
    return version == 1
        ? text(both4 ? "TCP4" : "TCP6", source, target, server.getPort())
        : binary(both4 ? TCP4 : TCP6, source, target, server.getPort());
  }

  private static ByteBuffer text(String family, byte[] source, byte[] target, int port) {
    String line =
        "PROXY " + family + " " + address(source) + " " + address(target) + " 0 " + port + "\r\n";
    return ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII));
  }

  private static ByteBuffer binary(byte family, byte[] source, byte[] target, int port) {
    int length = source.length + target.length + 2 * Short.BYTES;
    ByteBuffer header = ByteBuffer.allocate(SIGNATURE.length + 4 + length);
    header.put(SIGNATURE).put(VERSION_2_PROXY).put(family).putShort((short) length);
    return header.put(source).put(target).putShort((short) 0).putShort((short) port).flip();
  }

  /** IPv4-mapped (RFC 4291, section 2.5.5.2). */
  private static byte[] mapped(byte[] address) {
    if (address.length != IPV4_OCTETS) {
      return address;
    }
    ByteBuffer six = ByteBuffer.allocate(16).position(10).putShort((short) -1);
    return six.put(address).array();
  }

  private static String address(byte[] octets) {
    if (octets.length == IPV4_OCTETS) {
      try {
        return InetAddress.getByAddress(octets).getHostAddress();
      } catch (UnknownHostException e) {
        throw new IllegalStateException("four octets are an address", e);
      }
    }
    StringBuilder text = new StringBuilder();
    ByteBuffer words = ByteBuffer.wrap(octets);
    while (words.hasRemaining()) {
      text.append(text.isEmpty() ? "" : ":").append(Integer.toHexString(words.getShort() & 0xffff));
    }
    return text.toString();
  }
}

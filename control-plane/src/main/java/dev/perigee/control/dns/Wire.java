package dev.perigee.control.dns;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Numbers and names in the form of the wire (RFC 1035, sections 2.3.2 and 3.1). */
final class Wire {
  private Wire() {}

  static int u16(byte[] bytes, int at) {
    return ((bytes[at] & 0xff) << 8) | (bytes[at + 1] & 0xff);
  }

  static void u16(byte[] bytes, int at, int value) {
    bytes[at] = (byte) (value >> 8);
    bytes[at + 1] = (byte) value;
  }

  static void u32(byte[] bytes, int at, int value) {
    u16(bytes, at, value >>> 16);
    u16(bytes, at + 2, value);
  }

  /**
   * A name with its root.
   *
   * @param host normalised: lower case, no dot at the end
   */
  static byte[] name(String host) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(host.length() + 2);
    for (String label : host.split("\\.", -1)) {
      out.write(label.length());
      out.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
    }
    out.write(0);
    return out.toByteArray();
  }
}

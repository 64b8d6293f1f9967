package dev.perigee.control.steer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * A database file of one IPv4 network, written as the MaxMind DB format 2.0 says: what other makers
 * ship, a record without nesting under a name of their own.
 */
final class FlatGeoFile {
  private static final int RECORD_BITS = 24;

  private FlatGeoFile() {}

  /** The file; {@code record} may hold text, doubles and numbers below 256. */
  static byte[] of(String network, int prefix, Map<String, ?> record) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] address = InetAddress.ofLiteral(network).getAddress();
    for (int node = 0; node < prefix; node++) {
      // Past the nodes: their number says "nothing here", 16 more is the first record.
      int next = node + 1 < prefix ? node + 1 : prefix + 16;
      boolean one = ((address[node / 8] >> (7 - node % 8)) & 1) == 1;
      pointer(out, one ? prefix : next);
      pointer(out, one ? next : prefix);
    }
    out.write(new byte[16]);
    value(out, record);
    out.write(new byte[] {(byte) 0xab, (byte) 0xcd, (byte) 0xef});
    out.write("MaxMind.com".getBytes(StandardCharsets.US_ASCII));
    value(
        out,
        Map.of(
            "binary_format_major_version", 2,
            "binary_format_minor_version", 0,
            "build_epoch", 1,
            "database_type", "someone-city-ipv4",
            "ip_version", 4,
            "node_count", prefix,
            "record_size", RECORD_BITS));
    return out.toByteArray();
  }

  private static void pointer(ByteArrayOutputStream out, int value) {
    out.write(value >> 16);
    out.write(value >> 8);
    out.write(value);
  }

  private static void value(ByteArrayOutputStream out, Object value) throws IOException {
    if (value instanceof Map<?, ?> map) {
      out.write((7 << 5) | map.size());
      for (Map.Entry<?, ?> entry : new TreeMap<>(map).entrySet()) {
        value(out, entry.getKey());
        value(out, entry.getValue());
      }
    } else if (value instanceof String text) {
      out.write((2 << 5) | text.length());
      out.write(text.getBytes(StandardCharsets.US_ASCII));
    } else if (value instanceof Double number) {
      out.write((3 << 5) | 8);
      out.write(ByteBuffer.allocate(8).putDouble(number).array());
    } else {
      out.write((6 << 5) | 1);
      out.write((Integer) value);
    }
  }
}

package dev.perigee.testkit;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A GeoIP file of a few IPv4 networks, loopback ones too, written as the MaxMind DB format 2.0
 * says: what other makers ship, records without nesting under a name of their own.
 */
public final class FlatGeoFile {
  private static final int RECORD_BITS = 24;
  private static final int SEPARATOR = 16;

  /** No way leads back to the first node. */
  private static final int NOTHING = 0;

  /** The two ways on from each node: a node's number, or below zero a record's, or nothing. */
  private final List<int[]> nodes = new ArrayList<>();

  private final List<Map<String, ?>> records = new ArrayList<>();
  private final String type;

  /**
   * A file without networks.
   *
   * @param type as its metadata says
   */
  public FlatGeoFile(String type) {
    this.type = type;
    nodes.add(new int[2]);
  }

  /** The file of one network. */
  public static byte[] of(String network, int prefix, Map<String, ?> record) {
    return new FlatGeoFile("someone-city-ipv4").with(network, prefix, record).toBytes();
  }

  /**
   * Adds a network, which holds none that is there already and lies in none.
   *
   * @param record may hold text, doubles, and whole numbers from 0
   */
  public FlatGeoFile with(String network, int prefix, Map<String, ?> record) {
    records.add(record);
    byte[] address = InetAddress.ofLiteral(network).getAddress();
    int[] node = nodes.getFirst();
    for (int bit = 0; bit < prefix; bit++) {
      int side = (address[bit / 8] >> (7 - bit % 8)) & 1;
      if (bit == prefix - 1) {
        node[side] = -records.size();
      } else {
        if (node[side] == NOTHING) {
          node[side] = nodes.size();
          nodes.add(new int[2]);
        }
        node = nodes.get(node[side]);
      }
    }
    return this;
  }

  /** The whole file. */
  public byte[] toBytes() {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    List<Integer> places = new ArrayList<>();
    for (Map<String, ?> record : records) {
      places.add(content.size());
      value(content, record);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int[] node : nodes) {
      for (int way : node) {
        // The number of nodes says "nothing here"; past it lie the records.
        int pointer = way > 0 ? way : nodes.size();
        pointer(out, way < 0 ? nodes.size() + SEPARATOR + places.get(-way - 1) : pointer);
      }
    }
    out.writeBytes(new byte[SEPARATOR]);
    out.writeBytes(content.toByteArray());
    out.writeBytes(new byte[] {(byte) 0xab, (byte) 0xcd, (byte) 0xef});
    out.writeBytes("MaxMind.com".getBytes(StandardCharsets.US_ASCII));
    value(
        out,
        Map.of(
            "binary_format_major_version", 2,
            "binary_format_minor_version", 0,
            "build_epoch", 1_700_000_000,
            "database_type", type,
            "ip_version", 4,
            "node_count", nodes.size(),
            "record_size", RECORD_BITS));
    return out.toByteArray();
  }

  private static void pointer(ByteArrayOutputStream out, int value) {
    out.write(value >> 16);
    out.write(value >> 8);
    out.write(value);
  }

  private static void value(ByteArrayOutputStream out, Object value) {
    switch (value) {
      case Map<?, ?> map -> {
        out.write((7 << 5) | map.size());
        new TreeMap<>(map)
            .forEach(
                (name, one) -> {
                  value(out, name);
                  value(out, one);
                });
      }
      case String text -> {
        out.write((2 << 5) | text.length());
        out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
      }
      case Double number -> {
        out.write((3 << 5) | 8);
        out.writeBytes(ByteBuffer.allocate(8).putDouble(number).array());
      }
      case Integer number -> {
        out.write((6 << 5) | 4);
        out.writeBytes(ByteBuffer.allocate(4).putInt(number).array());
      }
      default -> throw new IllegalArgumentException("not for a record: " + value);
    }
  }
}

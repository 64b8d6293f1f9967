package dev.perigee.edge.store;

import dev.perigee.edge.cache.OwnerRule;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * Two-way codec of an object's record, with a version in front and a checksum behind. A record that
 * is torn or of another version is told from a whole one.
 */
final class ObjectCodec {
  private static final int VERSION = 4;
  private static final int MAX_TEXT = 1 << 20;

  private ObjectCodec() {}

  static byte[] encode(ObjectRecord object) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(VERSION);
      out.writeLong(object.id());
      out.writeLong(object.length());
      ints(out, object.large());
      ints(out, object.small());
      meta(out, object.meta());
      CRC32 sum = new CRC32();
      sum.update(bytes.toByteArray());
      out.writeInt((int) sum.getValue());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** The object, or empty when the bytes are no whole record. */
  static Optional<ObjectRecord> decode(byte[] record) {
    if (record.length < 8 || record[0] != VERSION) {
      return Optional.empty();
    }
    CRC32 sum = new CRC32();
    sum.update(record, 0, record.length - 4);
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(record))) {
      in.skipBytes(1);
      long id = in.readLong();
      long length = in.readLong();
      int[] large = ints(in);
      int[] small = ints(in);
      StoredMeta meta = meta(in);
      boolean whole = in.readInt() == (int) sum.getValue();
      return whole
          ? Optional.of(new ObjectRecord(id, meta, length, large, small))
          : Optional.empty();
    } catch (IOException | IllegalArgumentException | NegativeArraySizeException e) {
      return Optional.empty();
    }
  }

  private static void meta(DataOutputStream out, StoredMeta meta) throws IOException {
    CacheKey key = meta.key();
    text(out, key.site());
    text(out, key.host());
    text(out, key.target());
    text(out, key.scheme().orElse(""));
    out.writeInt(key.port().orElse(-1));
    text(out, key.extra());
    out.writeLong(key.slice());
    out.writeShort(meta.head().status());
    out.writeInt(meta.head().fields().size());
    List<String> lines = new ArrayList<>();
    meta.head()
        .fields()
        .forEach(
            (name, value) -> {
              lines.add(name);
              lines.add(value);
            });
    for (String line : lines) {
      text(out, line);
    }
    out.writeInt(meta.varyNames().size());
    for (String name : meta.varyNames()) {
      text(out, name);
      text(out, meta.varyValues().getOrDefault(name, ""));
    }
    out.writeInt(meta.tags().size());
    for (String tag : meta.tags()) {
      text(out, tag);
    }
    out.writeLong(meta.requestMillis());
    out.writeLong(meta.responseMillis());
    out.writeLong(meta.bodyFence());
    out.writeLong(meta.freshFence());
    out.writeLong(meta.softPurgedBy().orElse(0));
    rule(out, meta.rule());
  }

  private static StoredMeta meta(DataInputStream in) throws IOException {
    String site = text(in);
    String host = text(in);
    String target = text(in);
    String scheme = text(in);
    int port = in.readInt();
    CacheKey key =
        new CacheKey(
            site,
            host,
            target,
            scheme.isEmpty() ? Optional.empty() : Optional.of(scheme),
            port < 0 ? OptionalInt.empty() : OptionalInt.of(port),
            text(in),
            in.readLong());
    int status = in.readShort();
    FieldList.Builder fields = FieldList.builder();
    for (int i = in.readInt(); i > 0; i--) {
      fields.add(text(in), text(in));
    }
    List<String> names = new ArrayList<>();
    Map<String, String> values = new HashMap<>();
    for (int i = in.readInt(); i > 0; i--) {
      String name = text(in);
      names.add(name);
      values.put(name, text(in));
    }
    Set<String> tags = new HashSet<>();
    for (int i = in.readInt(); i > 0; i--) {
      tags.add(text(in));
    }
    ResponseHead head = new ResponseHead(status, fields.build());
    long requestMillis = in.readLong();
    long responseMillis = in.readLong();
    long bodyFence = in.readLong();
    long freshFence = in.readLong();
    long soft = in.readLong();
    OwnerRule rule = rule(in);
    return new StoredMeta(
        key,
        head,
        names,
        values,
        tags,
        requestMillis,
        responseMillis,
        bodyFence,
        freshFence,
        soft == 0 ? OptionalLong.empty() : OptionalLong.of(soft),
        rule);
  }

  private static void rule(DataOutputStream out, OwnerRule rule) throws IOException {
    int flags = (rule.overrides() ? 1 : 0) | (rule.forced() ? 2 : 0) | (rule.heuristics() ? 4 : 0);
    out.writeByte(flags);
    out.writeLong(rule.ttlSeconds().orElse(-1));
    out.writeLong(rule.staleWhileRevalidateSeconds().orElse(-1));
    out.writeLong(rule.staleIfErrorSeconds().orElse(-1));
  }

  private static OwnerRule rule(DataInputStream in) throws IOException {
    int flags = in.readByte();
    return new OwnerRule(
        (flags & 1) != 0,
        (flags & 2) != 0,
        seconds(in.readLong()),
        seconds(in.readLong()),
        seconds(in.readLong()),
        (flags & 4) != 0);
  }

  private static OptionalLong seconds(long value) {
    return value < 0 ? OptionalLong.empty() : OptionalLong.of(value);
  }

  private static void ints(DataOutputStream out, int[] values) throws IOException {
    out.writeInt(values.length);
    for (int value : values) {
      out.writeInt(value);
    }
  }

  private static int[] ints(DataInputStream in) throws IOException {
    int count = in.readInt();
    if (count < 0 || count > in.available() / 4) {
      throw new IOException("a list longer than its record");
    }
    int[] values = new int[count];
    for (int i = 0; i < count; i++) {
      values[i] = in.readInt();
    }
    return values;
  }

  private static void text(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static String text(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > MAX_TEXT || length > in.available()) {
      throw new IOException("a text longer than its record");
    }
    return new String(in.readNBytes(length), StandardCharsets.UTF_8);
  }
}

package dev.perigee.contract;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** A GeoIP database as it is distributed: its bytes, and their SHA-256 as its version. */
public final class GeoFile {
  private final GeoKind kind;
  private final byte[] content;
  private final String version;

  private GeoFile(GeoKind kind, byte[] content, String version) {
    this.kind = kind;
    this.content = content;
    this.version = version;
  }

  /**
   * The database with this content, which belongs to it from now on.
   *
   * @throws IllegalArgumentException when it is empty, or larger than any node takes
   */
  public static GeoFile of(GeoKind kind, byte[] content) {
    if (content.length == 0 || content.length > Limits.GEO_FILE_BYTES) {
      throw new IllegalArgumentException(
          content.length + " bytes; it must be 1 to " + Limits.GEO_FILE_BYTES);
    }
    return new GeoFile(kind, content, HexFormat.of().formatHex(sha256().digest(content)));
  }

  /** There is no database of this kind: a node that has one is to drop it. */
  public static GeoFile none(GeoKind kind) {
    return new GeoFile(kind, new byte[0], "");
  }

  /** Whether there is none. */
  public boolean isNone() {
    return version.isEmpty();
  }

  /** The digest that makes versions. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  public GeoKind kind() {
    return kind;
  }

  /** SHA-256, lower-case hexadecimal; empty where there is none. */
  public String version() {
    return version;
  }

  /** Bytes. */
  public long size() {
    return content.length;
  }

  /** All of it, to be read only. */
  public ByteBuffer content() {
    return ByteBuffer.wrap(content).asReadOnlyBuffer();
  }

  /**
   * The part that begins at {@code offset}, which is below {@link #size}; where there is none, the
   * only one says so.
   */
  public FromControl.GeoChunk chunk(long offset) {
    int from = Math.toIntExact(offset);
    int to = Math.min(content.length, from + Limits.GEO_CHUNK_BYTES);
    Bytes part = Bytes.copyOf(Arrays.copyOfRange(content, from, to));
    return new FromControl.GeoChunk(kind, version, content.length, offset, part);
  }
}

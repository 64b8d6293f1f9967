package dev.perigee.contract;

import java.util.Arrays;
import java.util.HexFormat;

/** An immutable run of bytes with value equality; records hold this instead of an array. */
public final class Bytes {
  private final byte[] content;

  private Bytes(byte[] content) {
    this.content = content;
  }

  /** A copy of {@code content}. */
  public static Bytes copyOf(byte[] content) {
    return new Bytes(content.clone());
  }

  /** A copy of the bytes, the caller's to change. */
  public byte[] toArray() {
    return content.clone();
  }

  public int length() {
    return content.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bytes that && Arrays.equals(content, that.content);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(content);
  }

  /** Length only: the content may be a secret. */
  @Override
  public String toString() {
    return "Bytes[" + content.length + "]";
  }

  /** Lower-case hexadecimal digits of the content. */
  public String toHex() {
    return HexFormat.of().formatHex(content);
  }
}

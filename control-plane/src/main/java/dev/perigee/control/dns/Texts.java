package dev.perigee.control.dns;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The TXT records of one name. */
final class Texts {
  private static final int MOST_IN_STRING = 255;

  private final int ttlSeconds;
  private final List<String> values;
  private final byte[][] data;

  /**
   * @param ttlSeconds of all of them (RFC 2181, section 5.2)
   * @param values a record each, the same one told once (RFC 2181, section 5); long ones are
   *     written as several strings
   */
  Texts(int ttlSeconds, List<String> values) {
    this.ttlSeconds = ttlSeconds;
    this.values = List.copyOf(values);
    this.data = values.stream().distinct().map(Texts::wire).toArray(byte[][]::new);
  }

  private static byte[] wire(String value) {
    byte[] text = value.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int at = 0;
    do {
      int length = Math.min(MOST_IN_STRING, text.length - at);
      out.write(length);
      out.writeBytes(Arrays.copyOfRange(text, at, at + length));
      at += length;
    } while (at < text.length);
    return out.toByteArray();
  }

  int ttlSeconds() {
    return ttlSeconds;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Texts texts
        && texts.ttlSeconds == ttlSeconds
        && texts.values.equals(values);
  }

  @Override
  public int hashCode() {
    return 31 * values.hashCode() + ttlSeconds;
  }

  /** In the form of the wire; not to be changed. */
  byte[][] data() {
    return data;
  }
}

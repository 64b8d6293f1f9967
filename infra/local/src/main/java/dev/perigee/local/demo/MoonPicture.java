package dev.perigee.local.demo;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/**
 * A shaded moon as a PNG (RFC 2083): grey with alpha, eight bits each, drawn pixel by pixel so that
 * the demo needs neither a binary file nor a graphics library.
 *
 * @param size width and height in pixels
 */
record MoonPicture(int size) {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  private static final int GREY_ALPHA = 4;

  /** Craters as x, y and radius, in parts of the moon's radius. */
  private static final double[][] CRATERS = {
    {-0.35, -0.3, 0.2}, {0.3, 0.1, 0.26}, {-0.2, 0.4, 0.15}, {0.1, -0.55, 0.12}, {0.5, 0.5, 0.1}
  };

  byte[] png() {
    try (ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes)) {
      out.write(SIGNATURE);
      chunk(out, "IHDR", header());
      chunk(out, "IDAT", pixels());
      chunk(out, "IEND", new byte[0]);
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] header() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(size);
    out.writeInt(size);
    out.write(new byte[] {8, GREY_ALPHA, 0, 0, 0});
    return bytes.toByteArray();
  }

  private byte[] pixels() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DeflaterOutputStream out =
        new DeflaterOutputStream(bytes, new Deflater(Deflater.BEST_COMPRESSION))) {
      for (int row = 0; row < size; row++) {
        out.write(0);
        for (int column = 0; column < size; column++) {
          double x = 2.0 * column / (size - 1) - 1;
          double y = 2.0 * row / (size - 1) - 1;
          out.write(shade(x, y));
          out.write(alpha(x, y));
        }
      }
    }
    return bytes.toByteArray();
  }

  /** Light from the upper left on a ball, darker inside craters. */
  private static int shade(double x, double y) {
    double z = Math.sqrt(Math.max(0, 1 - x * x - y * y));
    double light = Math.max(0, -0.55 * x - 0.45 * y + 0.7 * z);
    for (double[] crater : CRATERS) {
      double distance = Math.hypot(x - crater[0], y - crater[1]) / crater[2];
      if (distance < 1) {
        light *= 0.8 + 0.2 * distance;
      }
    }
    return (int) Math.min(255, 40 + 205 * light);
  }

  private int alpha(double x, double y) {
    double edge = (1 - Math.hypot(x, y)) * size / 2;
    return (int) Math.clamp(edge * 255, 0, 255);
  }

  private static void chunk(DataOutputStream out, String type, byte[] content) throws IOException {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(content);
    out.writeInt(content.length);
    out.write(name);
    out.write(content);
    out.writeInt((int) crc.getValue());
  }
}

package dev.perigee.edge.respond.coding;

import com.aayushatharva.brotli4j.decoder.BrotliInputStream;
import com.github.luben.zstd.ZstdInputStream;
import dev.perigee.contract.ContentCoding;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;

/** Bodies for tests of codings, and what others read in coded ones. */
public final class TestCodings {
  private TestCodings() {}

  /** What the libraries' own readers make of it. */
  public static byte[] decoded(ContentCoding coding, byte[] body) throws IOException {
    InputStream in = new ByteArrayInputStream(body);
    try (InputStream decoded =
        switch (coding) {
          case BR -> new BrotliInputStream(in);
          case ZSTD -> new ZstdInputStream(in);
          case GZIP -> new GZIPInputStream(in);
        }) {
      return decoded.readAllBytes();
    }
  }

  /** The same of a body with one character for each octet. */
  public static String decoded(ContentCoding coding, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.ISO_8859_1);
    return new String(decoded(coding, bytes), StandardCharsets.ISO_8859_1);
  }

  /** Coded, with one character for each octet. */
  public static String coded(ContentCoding coding, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.ISO_8859_1);
    return new String(Codecs.load().encode(coding, bytes), StandardCharsets.ISO_8859_1);
  }

  /** Text that compresses as text does; another for each version. */
  public static String text(String version, int length) {
    StringBuilder text = new StringBuilder();
    for (int line = 0; text.length() < length; line++) {
      int mixed = line * 0x9E3779B1;
      text.append("<li id=\"").append(version).append('-').append(line).append("\">item ");
      text.append(Integer.toHexString(mixed)).append("</li>\n");
    }
    return text.substring(0, length);
  }
}

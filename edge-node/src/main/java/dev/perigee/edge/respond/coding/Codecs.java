package dev.perigee.edge.respond.coding;

import com.aayushatharva.brotli4j.Brotli4jLoader;
import com.aayushatharva.brotli4j.encoder.Encoder;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.util.Native;
import dev.perigee.contract.ContentCoding;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The codings that this node can make and read. Gzip is the JDK's own; the others are native, and
 * where one does not load it is not offered.
 */
public final class Codecs {
  private static final Logger LOG = LoggerFactory.getLogger(Codecs.class);

  /**
   * What a body is compressed with, once: measured as where a higher level costs much more than it
   * saves (benchmarks/results/2026-11-26-compression.md).
   */
  static final int BR_LEVEL = 7;

  static final int ZSTD_LEVEL = 9;
  static final int GZIP_LEVEL = 6;

  private final Set<ContentCoding> offered;

  private Codecs(Set<ContentCoding> offered) {
    this.offered = Set.copyOf(offered);
  }

  /** What can be loaded here. */
  public static Codecs load() {
    Set<ContentCoding> loaded = EnumSet.of(ContentCoding.GZIP);
    if (loads(ContentCoding.BR, Brotli4jLoader::ensureAvailability)) {
      loaded.add(ContentCoding.BR);
    }
    if (loads(ContentCoding.ZSTD, Native::load)) {
      loaded.add(ContentCoding.ZSTD);
    }
    return new Codecs(loaded);
  }

  private static boolean loads(ContentCoding coding, Runnable library) {
    try {
      library.run();
      return true;
    } catch (RuntimeException | LinkageError e) {
      LOG.warn("no {}: its native library does not load here: {}", coding.token(), e.toString());
      return false;
    }
  }

  /** Those that are there. */
  public Set<ContentCoding> offered() {
    return offered;
  }

  /** A body in a coding, as much compressed as is worth it. */
  public byte[] encode(ContentCoding coding, byte[] body) throws IOException {
    return encode(
        coding,
        switch (coding) {
          case BR -> BR_LEVEL;
          case ZSTD -> ZSTD_LEVEL;
          case GZIP -> GZIP_LEVEL;
        },
        body);
  }

  /** A body in a coding, at a level of that coding. */
  public byte[] encode(ContentCoding coding, int level, byte[] body) throws IOException {
    return switch (coding) {
      case BR -> Encoder.compress(body, Encoder.Parameters.create(level));
      case ZSTD -> zstd(level, body);
      case GZIP -> gzip(level, body);
    };
  }

  private static byte[] zstd(int level, byte[] body) {
    try (ZstdCompressCtx context = new ZstdCompressCtx()) {
      int needed = Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(1, body.length - 1));
      context.setLevel(level).setChecksum(false);
      if (needed > ZstdDecoder.WINDOW_LOG) {
        context.setWindowLog(ZstdDecoder.WINDOW_LOG);
      }
      return context.compress(body);
    }
  }

  private static byte[] gzip(int level, byte[] body) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream(Math.max(64, body.length / 3));
    try (Gzip gzip = new Gzip(out, level)) {
      gzip.write(body);
    }
    return out.toByteArray();
  }

  /** The JDK's stream lets nobody choose the level. */
  private static final class Gzip extends GZIPOutputStream {
    Gzip(ByteArrayOutputStream out, int level) throws IOException {
      super(out, 8 * 1024);
      def.setLevel(level);
    }
  }

  /** Reads a coding that is offered. */
  BodyDecoder decoder(ContentCoding coding) throws IOException {
    return switch (coding) {
      case BR -> new BrotliDecoder();
      case ZSTD -> new ZstdDecoder();
      case GZIP -> new GzipDecoder();
    };
  }
}

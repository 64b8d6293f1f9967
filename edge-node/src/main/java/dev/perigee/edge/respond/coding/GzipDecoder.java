package dev.perigee.edge.respond.coding;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Gzip (RFC 1952): members one after the other, each with its head and its checksum. */
final class GzipDecoder implements BodyDecoder {
  /** The head of a member may hold a name and a comment; nobody sends long ones. */
  private static final int MOST_HEAD = 4096;

  private static final int FIXED = 10;
  private static final int TRAILER = 8;
  private static final int HEAD_SUM = 2;
  private static final int EXTRA = 4;
  private static final int NAME = 8;
  private static final int COMMENT = 16;
  private static final int RESERVED = 0xe0;

  private enum Part {
    HEAD,
    BODY,
    TRAILER
  }

  private final Inflater inflater = new Inflater(true);
  private final CRC32 sum = new CRC32();
  private final ByteArrayOutputStream held = new ByteArrayOutputStream();
  private Part part = Part.HEAD;
  private int members;

  @Override
  public void decode(ByteBuffer in, ByteBuffer out) throws IOException {
    boolean goesOn = true;
    while (goesOn && out.hasRemaining()) {
      goesOn =
          switch (part) {
            case HEAD -> head(in);
            case BODY -> body(in, out);
            case TRAILER -> trailer(in);
          };
    }
  }

  private boolean head(ByteBuffer in) throws IOException {
    while (in.hasRemaining()) {
      held.write(in.get());
      if (isHead(held.toByteArray())) {
        held.reset();
        sum.reset();
        inflater.reset();
        part = Part.BODY;
        return true;
      }
      if (held.size() > MOST_HEAD) {
        throw new IOException("the head of a gzip member is too long");
      }
    }
    return false;
  }

  /** Whether that is all of a member's head (section 2.3). */
  private static boolean isHead(byte[] bytes) throws IOException {
    byte[] magic = {0x1f, (byte) 0x8b, 8};
    for (int i = 0; i < Math.min(magic.length, bytes.length); i++) {
      if (bytes[i] != magic[i]) {
        throw new IOException("not gzip");
      }
    }
    if (bytes.length < FIXED) {
      return false;
    }
    int flags = bytes[3];
    if ((flags & RESERVED) != 0) {
      throw new IOException("a gzip member with unknown flags");
    }
    int at = FIXED;
    if ((flags & EXTRA) != 0) {
      if (bytes.length < at + 2) {
        return false;
      }
      at += 2 + (bytes[at] & 0xff) + ((bytes[at + 1] & 0xff) << 8);
    }
    at = (flags & NAME) == 0 ? at : pastZero(bytes, at);
    at = (flags & COMMENT) == 0 ? at : pastZero(bytes, at);
    at += (flags & HEAD_SUM) == 0 ? 0 : 2;
    return bytes.length == at;
  }

  /** Behind the zero that ends a text; past the end where there is none yet. */
  private static int pastZero(byte[] bytes, int from) {
    int at = from;
    while (at < bytes.length && bytes[at] != 0) {
      at++;
    }
    return at < bytes.length ? at + 1 : bytes.length + 1;
  }

  private boolean body(ByteBuffer in, ByteBuffer out) throws IOException {
    try {
      inflater.setInput(in);
      int from = out.position();
      int count = inflater.inflate(out);
      sum.update(out.duplicate().flip().position(from));
      if (inflater.finished()) {
        part = Part.TRAILER;
        return true;
      }
      if (inflater.needsDictionary()) {
        throw new IOException("a gzip member that wants a dictionary");
      }
      return count > 0;
    } catch (DataFormatException e) {
      throw new IOException("not gzip", e);
    }
  }

  private boolean trailer(ByteBuffer in) throws IOException {
    while (in.hasRemaining() && held.size() < TRAILER) {
      held.write(in.get());
    }
    if (held.size() < TRAILER) {
      return false;
    }
    ByteBuffer trailer = ByteBuffer.wrap(held.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    boolean isRight =
        trailer.getInt() == (int) sum.getValue()
            && trailer.getInt() == (int) inflater.getBytesWritten();
    if (!isRight) {
      throw new IOException("a gzip member whose checksum is wrong");
    }
    held.reset();
    members++;
    part = Part.HEAD;
    return true;
  }

  @Override
  public boolean isWhole() {
    return part == Part.HEAD && held.size() == 0 && members > 0;
  }

  @Override
  public void close() {
    inflater.end();
  }
}

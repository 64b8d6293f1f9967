package dev.perigee.edge.transport;

import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.TrailerFields;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The grammar of a chunked body (RFC 9112, section 7.1), in whatever pieces it comes. It keeps the
 * trailer fields and nothing else.
 */
public final class ChunkSyntax {
  /** Hexadecimal digits of one chunk's size. */
  private static final int MAX_DIGITS = 15;

  /** Octets of one chunk's extensions. */
  private static final int MAX_EXTENSION = 4 * 1024;

  private static final boolean CHUNK = false;
  private static final boolean TRAILERS = true;

  /** The body breaks the grammar. */
  public static final class Malformed extends IOException {
    private static final long serialVersionUID = 1;

    private final boolean inTrailers;

    private Malformed(boolean inTrailers) {
      super(inTrailers ? "the trailers are malformed" : "a chunk is malformed");
      this.inTrailers = inTrailers;
    }

    /** Whether it is the fields behind the body. */
    public boolean isInTrailers() {
      return inTrailers;
    }
  }

  private static void require(boolean holds, boolean inTrailers) throws Malformed {
    if (!holds) {
      throw new Malformed(inTrailers);
    }
  }

  private enum At {
    SIZE,
    EXTENSION,
    SIZE_LINE_FEED,
    DATA,
    DATA_RETURN,
    DATA_LINE_FEED,
    TRAILER_START,
    TRAILER,
    TRAILER_LINE_FEED,
    LAST_LINE_FEED,
    END
  }

  private At at = At.SIZE;
  private long size;
  private int digits;
  private int extension;
  private int trailerOctets;
  private int trailers;
  private final StringBuilder line = new StringBuilder();
  private FieldList.Builder fields = FieldList.builder();

  /** Begins with another body. */
  public void reset() {
    at = At.SIZE;
    size = 0;
    digits = 0;
    extension = 0;
    trailerOctets = 0;
    trailers = 0;
    line.setLength(0);
    fields = FieldList.builder();
  }

  public boolean isEnd() {
    return at == At.END;
  }

  /** The fields behind the last chunk. */
  public FieldList trailers() {
    return fields.build();
  }

  /** Reads on, to the end of the bytes or of the body. */
  public void read(ByteBuffer bytes) throws Malformed {
    while (bytes.hasRemaining() && at != At.END) {
      if (at == At.DATA) {
        int count = (int) Math.min(size, bytes.remaining());
        bytes.position(bytes.position() + count);
        size -= count;
        at = size == 0 ? At.DATA_RETURN : At.DATA;
      } else {
        accept((char) (bytes.get() & 0xff));
      }
    }
  }

  private void accept(char c) throws Malformed {
    switch (at) {
      case SIZE -> inSize(c);
      case EXTENSION -> inExtension(c);
      case SIZE_LINE_FEED -> {
        require(c == '\n', CHUNK);
        at = size == 0 ? At.TRAILER_START : At.DATA;
      }
      case DATA -> throw new IllegalStateException("data is skipped");
      case DATA_RETURN -> {
        require(c == '\r', CHUNK);
        at = At.DATA_LINE_FEED;
      }
      case DATA_LINE_FEED -> {
        require(c == '\n', CHUNK);
        digits = 0;
        extension = 0;
        at = At.SIZE;
      }
      case TRAILER_START, TRAILER -> inTrailer(c);
      case TRAILER_LINE_FEED -> {
        require(c == '\n', TRAILERS);
        at = At.TRAILER_START;
      }
      case LAST_LINE_FEED -> {
        require(c == '\n', TRAILERS);
        at = At.END;
      }
      case END -> throw new IllegalStateException("the body has ended");
    }
  }

  private void inSize(char c) throws Malformed {
    int digit = Character.digit(c, 16);
    if (digit >= 0 && c < 0x80) {
      require(++digits <= MAX_DIGITS, CHUNK);
      size = (size << 4) + digit;
    } else {
      require(digits > 0 && (c == '\r' || c == ';' || c == ' ' || c == '\t'), CHUNK);
      at = c == '\r' ? At.SIZE_LINE_FEED : At.EXTENSION;
      line.setLength(0);
      line.append(c == '\r' ? ' ' : c);
    }
  }

  /** Whatever stands behind a semicolon; before it only blanks. */
  private void inExtension(char c) throws Malformed {
    if (c == '\r') {
      at = At.SIZE_LINE_FEED;
      return;
    }
    boolean blankSoFar = line.charAt(0) != ';';
    require(HttpSyntax.isText(c) && ++extension <= MAX_EXTENSION, CHUNK);
    require(!blankSoFar || c == ';' || c == ' ' || c == '\t', CHUNK);
    if (c == ';') {
      line.setCharAt(0, ';');
    }
  }

  private void inTrailer(char c) throws Malformed {
    require(++trailerOctets <= TrailerFields.MAX_CHARACTERS, TRAILERS);
    if (at == At.TRAILER_START) {
      line.setLength(0);
      if (c == '\r') {
        at = At.LAST_LINE_FEED;
        return;
      }
      at = At.TRAILER;
    }
    if (c == '\r') {
      trailer();
      at = At.TRAILER_LINE_FEED;
      return;
    }
    require(HttpSyntax.isText(c), TRAILERS);
    line.append(c);
  }

  private void trailer() throws Malformed {
    int colon = line.indexOf(":");
    require(colon > 0 && ++trailers <= TrailerFields.MAX_FIELDS, TRAILERS);
    for (int i = 0; i < colon; i++) {
      require(HttpSyntax.isToken(line.charAt(i)), TRAILERS);
    }
    fields.add(line.substring(0, colon), line.substring(colon + 1).strip());
  }
}

package dev.perigee.edge.origin;

import dev.perigee.edge.origin.Http2Frame.Broken;
import dev.perigee.edge.origin.Http2Frame.Code;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.transport.HttpSyntax;
import io.undertow.protocols.http2.HpackDecoder;
import io.undertow.protocols.http2.HpackEncoder;
import io.undertow.protocols.http2.HpackException;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Blocks of fields of one connection, in both directions (RFC 7541, RFC 9113, section 8). */
final class Http2Fields {
  private static final int TABLE = 4096;

  /** Of one connection, and never in HTTP/2 (RFC 9113, section 8.2.2). */
  private static final Set<String> OF_A_CONNECTION =
      Set.of("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade");

  private final HpackDecoder decoder = new HpackDecoder(TABLE);
  private final HpackEncoder encoder = new HpackEncoder(TABLE, new Indexing());
  private final ByteBuffer scratch = ByteBuffer.allocate(Http2Frame.MAX_PAYLOAD);

  /** What one reader sent is of no use for the next. */
  private static final class Indexing implements HpackEncoder.HpackHeaderFunction {
    private static final Set<HttpString> ONCE =
        Set.of(
            Headers.CONTENT_LENGTH,
            Headers.DATE,
            Headers.COOKIE,
            Headers.AUTHORIZATION,
            new HttpString(":path"),
            new HttpString("x-forwarded-for"),
            new HttpString("forwarded"));

    @Override
    public boolean shouldUseIndexing(HttpString name, String value) {
      return !ONCE.contains(name);
    }

    @Override
    public boolean shouldUseHuffman(HttpString name, String value) {
      return HpackEncoder.DEFAULT_HEADER_FUNCTION.shouldUseHuffman(name, value);
    }

    @Override
    public boolean shouldUseHuffman(HttpString name) {
      return HpackEncoder.DEFAULT_HEADER_FUNCTION.shouldUseHuffman(name);
    }
  }

  /**
   * A block as it was read.
   *
   * @param status of {@code :status}; 0 where there is none
   * @param isSound whether it is well-formed
   */
  record Block(int status, FieldList fields, boolean isSound) {}

  void peerTableSize(int size) {
    encoder.setMaxTableSize(Math.clamp(size, 0, TABLE));
  }

  /** Reads a block; a malformed one is read all the same, for the tables' sake. */
  Block decode(ByteBuffer bytes) throws Broken {
    Collected collected = new Collected();
    decoder.setHeaderEmitter(collected::add);
    try {
      decoder.decode(bytes, false);
    } catch (HpackException | RuntimeException e) {
      throw new Broken(Code.COMPRESSION_ERROR, "a block of fields cannot be read");
    }
    return new Block(collected.status, collected.fields.build(), collected.sound);
  }

  /** The payloads of a HEADERS frame and its continuations. */
  List<ByteBuffer> encode(HeaderMap fields) {
    List<ByteBuffer> payloads = new ArrayList<>(1);
    HpackEncoder.State state = HpackEncoder.State.OVERFLOW;
    while (state == HpackEncoder.State.OVERFLOW) {
      scratch.clear();
      state = encoder.encode(fields, scratch);
      scratch.flip();
      payloads.add(ByteBuffer.allocate(scratch.remaining()).put(scratch).flip());
    }
    return payloads;
  }

  private static final class Collected {
    private final FieldList.Builder fields = FieldList.builder();
    private int status;
    private int count;
    private int characters;
    private boolean sound = true;

    void add(HttpString name, String value, boolean neverIndex) {
      characters += name.length() + value.length();
      if (++count > HeadSyntax.MAX_FIELDS || characters > HeadSyntax.MAX_OCTETS) {
        sound = false;
        return;
      }
      String text = name.toString();
      if (text.equals(":status")) {
        sound &= status == 0 && count == 1 && value.matches("[1-5][0-9]{2}");
        status = sound ? Integer.parseInt(value) : 0;
        return;
      }
      sound &= isName(text) && isValue(value) && !OF_A_CONNECTION.contains(text);
      fields.add(text, value);
    }

    private static boolean isName(String name) {
      for (int i = 0; i < name.length(); i++) {
        char c = name.charAt(i);
        if (!HttpSyntax.isToken(c) || (c >= 'A' && c <= 'Z')) {
          return false;
        }
      }
      return !name.isEmpty();
    }

    private static boolean isValue(String value) {
      for (int i = 0; i < value.length(); i++) {
        if (!HttpSyntax.isText(value.charAt(i))) {
          return false;
        }
      }
      return value.equals(value.strip());
    }
  }
}

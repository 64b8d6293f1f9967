package dev.perigee.edge.origin;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.edge.origin.Http2Frame.Broken;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Any bytes of an origin through the readers of HTTP/2's frames and fields: in pieces of any size
 * they say the same as in one, and nothing is thrown but what ends the connection. Input: the size
 * of the pieces, then what the origin sends.
 */
public final class Http2Fuzz {
  private Http2Fuzz() {}

  /** Called for each input. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length < 2) {
      return;
    }
    byte[] sent = Arrays.copyOfRange(input, 1, input.length);
    String whole = read(sent, sent.length);
    String pieces = read(sent, 1 + (input[0] & 0x3f));
    assertEquals(whole, pieces, "the size of the pieces decides");
  }

  private static String read(byte[] sent, int piece) {
    Seen seen = new Seen();
    Http2Reader reader = new Http2Reader(seen);
    try {
      for (int at = 0; at < sent.length; at += piece) {
        reader.read(ByteBuffer.wrap(sent, at, Math.min(piece, sent.length - at)));
      }
    } catch (Broken e) {
      seen.text.append("broken ").append(e.code());
    }
    return seen.text.toString();
  }

  /** What was read, as text; parts of DATA are put together. */
  private static final class Seen implements Http2Reader.Frames {
    private final StringBuilder text = new StringBuilder();
    private final Http2Fields fields = new Http2Fields();

    @Override
    public void dataBegins(int stream, int length) {
      text.append("data ").append(stream).append(' ').append(length).append(' ');
    }

    @Override
    public void data(int stream, ByteBuffer part) {
      text.append(StandardCharsets.ISO_8859_1.decode(part));
    }

    @Override
    public void dataEnds(int stream, boolean endStream) {
      text.append(endStream ? " last\n" : "\n");
    }

    @Override
    public void fields(int stream, ByteBuffer block, boolean endStream) throws Broken {
      text.append("fields ").append(stream).append(' ').append(fields.decode(block));
      text.append(endStream ? " last\n" : "\n");
    }

    @Override
    public void control(int type, int flags, int stream, ByteBuffer payload) {
      text.append("control ").append(type).append(' ').append(flags).append(' ').append(stream);
      text.append(' ').append(StandardCharsets.ISO_8859_1.decode(payload)).append('\n');
    }
  }
}

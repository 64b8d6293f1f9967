package dev.perigee.edge.origin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.request.InterimHead;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.xnio.conduits.StreamSourceConduit;

/**
 * Any bytes of an origin through the filter in front of Undertow's parser: in pieces of any size it
 * decides the same as in one, and what it hands on is what was sent. Input: the size of the pieces,
 * then what the origin sends.
 */
public final class ResponseFuzz {
  private static final int BUFFER = 4096;

  private ResponseFuzz() {}

  /** Called for each input. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length < 2 || input.length > BUFFER / 2) {
      return;
    }
    byte[] sent = Arrays.copyOfRange(input, 1, input.length);
    Read whole = read(sent, sent.length);
    Read pieces = read(sent, 1 + (input[0] & 0x3f));
    assertEquals(whole.refused, pieces.refused, "the size of the pieces decides");
    assertEquals(whole.interim, pieces.interim, "the size of the pieces decides");
    if (!whole.refused && !whole.spoilt && !pieces.spoilt) {
      assertEquals(whole.passed, pieces.passed, "the size of the pieces decides");
    }
    String all = new String(sent, StandardCharsets.ISO_8859_1);
    assertTrue(whole.spoilt || unmarked(all).contains(unmarked(whole.passed)), "it was never sent");
  }

  /** A doubled space of a date may have become a mark, see {@link DateSpaces}. */
  private static String unmarked(String bytes) {
    return bytes.replace('\u00ff', ' ');
  }

  /** What came out. */
  private record Read(String passed, List<String> interim, boolean refused, boolean spoilt) {}

  private static Read read(byte[] sent, int piece) {
    List<String> interim = new ArrayList<>();
    ByteArrayOutputStream passed = new ByteArrayOutputStream();
    ResponseFilter filter = new ResponseFilter(source(ByteBuffer.wrap(sent), piece));
    filter.expectResponse(
        "GET",
        "",
        new ResponseFilter.Heads() {
          @Override
          public void proceed() {
            interim.add("100");
          }

          @Override
          public void interim(InterimHead head) {
            interim.add(head.toText());
          }
        });
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    boolean refused = false;
    try {
      int read = 0;
      while (read >= 0) {
        buffer.clear();
        read = filter.read(buffer);
        passed.write(buffer.array(), 0, buffer.position());
      }
    } catch (IOException e) {
      refused = true;
    }
    return new Read(
        passed.toString(StandardCharsets.ISO_8859_1),
        List.copyOf(interim),
        refused,
        filter.isSpoilt());
  }

  /** Gives at most {@code piece} bytes at a time, then the end. */
  private static StreamSourceConduit source(ByteBuffer bytes, int piece) {
    return (StreamSourceConduit)
        Proxy.newProxyInstance(
            ResponseFuzz.class.getClassLoader(),
            new Class<?>[] {StreamSourceConduit.class},
            (proxy, method, arguments) -> {
              if (!method.getName().equals("read") || !(arguments[0] instanceof ByteBuffer into)) {
                throw new IllegalStateException("the filter calls " + method);
              }
              if (!bytes.hasRemaining()) {
                return -1;
              }
              int count = Math.min(piece, Math.min(bytes.remaining(), into.remaining()));
              into.put(bytes.slice(bytes.position(), count));
              bytes.position(bytes.position() + count);
              return count;
            });
  }
}

package dev.perigee.edge.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.xnio.conduits.StreamSourceConduit;

/**
 * Any bytes of a client through the filter in front of Undertow's parser: in pieces of any size it
 * decides the same as in one, and what it hands on is what was sent. Input: the size of the pieces,
 * then what the client sends.
 */
public final class RequestFuzz {
  private static final int BUFFER = 4096;
  private static final RequestFilter.Bounds BOUNDS = new RequestFilter.Bounds(1024, 20, 1000);

  private RequestFuzz() {}

  /** Called for each input. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length < 2 || input.length > BUFFER / 2) {
      return;
    }
    byte[] sent = Arrays.copyOfRange(input, 1, input.length);
    if (new String(sent, StandardCharsets.ISO_8859_1).startsWith("PRI * HTTP/2.0")) {
      return;
    }
    Read whole = read(sent, sent.length);
    Read pieces = read(sent, 1 + (input[0] & 0x3f));
    // A part of a line that has come by itself waits for its end; then nothing of it is handed on.
    assertTrue(whole.flaw.isPresent() || pieces.flaw.isEmpty(), "the size of the pieces decides");
    if (whole.flaw.isEmpty()) {
      String all = new String(sent, StandardCharsets.ISO_8859_1);
      assertEquals(whole.passed, pieces.passed, "the size of the pieces decides");
      assertTrue(all.replace("\r\n", "").contains(whole.passed.replace("\r\n", "")), "never sent");
    }
  }

  /** What came out. */
  private record Read(String passed, Optional<RequestFlaw> flaw) {}

  private static Read read(byte[] sent, int piece) {
    ByteArrayOutputStream passed = new ByteArrayOutputStream();
    RequestFilter filter =
        new RequestFilter(source(ByteBuffer.wrap(sent), piece), BOUNDS, (bytes, from, to) -> {});
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    try {
      int read = 0;
      while (read >= 0 && filter.flaw().isEmpty()) {
        buffer.clear();
        read = filter.read(buffer);
        if (filter.flaw().isEmpty()) {
          passed.write(buffer.array(), 0, buffer.position());
        }
      }
    } catch (IOException e) {
      throw new AssertionError("before it said why", e);
    }
    return new Read(passed.toString(StandardCharsets.ISO_8859_1), filter.flaw());
  }

  /** Gives at most {@code piece} bytes at a time, then the end. */
  private static StreamSourceConduit source(ByteBuffer bytes, int piece) {
    return (StreamSourceConduit)
        Proxy.newProxyInstance(
            RequestFuzz.class.getClassLoader(),
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

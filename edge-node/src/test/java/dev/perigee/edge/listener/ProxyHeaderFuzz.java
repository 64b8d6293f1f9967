package dev.perigee.edge.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.listener.ProxyHeader.Parsed;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Any first bytes of a trusted proxy's connection. */
public final class ProxyHeaderFuzz {
  private ProxyHeaderFuzz() {}

  /** Called for each input. */
  public static void fuzzerTestOneInput(byte[] input) {
    ByteBuffer bytes = ByteBuffer.wrap(input);
    Parsed parsed = ProxyHeader.parse(bytes);
    assertEquals(0, bytes.position(), "what follows the header would be cut");
    if (parsed instanceof Parsed.Whole whole) {
      assertTrue(whole.length() <= input.length && whole.length() <= ProxyHeader.MAX_BYTES);
      byte[] header = Arrays.copyOf(input, whole.length());
      assertEquals(whole, ProxyHeader.parse(ByteBuffer.wrap(header)), "what follows decides");
      byte[] torn = Arrays.copyOf(input, whole.length() - 1);
      assertInstanceOf(Parsed.Incomplete.class, ProxyHeader.parse(ByteBuffer.wrap(torn)));
    }
  }
}

package dev.perigee.edge.listener.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;

/** Any first bytes of a TLS connection. */
public final class ClientHelloFuzz {
  private ClientHelloFuzz() {}

  /** Called for each input. */
  public static void fuzzerTestOneInput(byte[] input) {
    ByteBuffer bytes = ByteBuffer.wrap(input);
    ClientHello.peek(bytes);
    assertEquals(0, bytes.position(), "the engine would miss what was looked at");
  }
}

package dev.perigee.edge.listener.tls;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.Set;

/**
 * What the first record of a TLS connection says about the client (RFC 8446, section 4.1.2), as far
 * as it takes to choose a kind of certificate.
 *
 * @param ecdsa whether one of the suites allows an ECDSA certificate: those of TLS 1.3 all do
 */
record ClientHello(boolean ecdsa) {
  private static final Set<Integer> ECDSA_SUITES =
      Set.of(0x1301, 0x1302, 0x1303, 0xC02B, 0xC02C, 0xCCA9, 0xC009, 0xC00A, 0xC023, 0xC024);
  private static final int RECORD_HEAD = 5;
  private static final int HANDSHAKE = 22;
  private static final int CLIENT_HELLO = 1;
  private static final int BEFORE_SESSION_ID = 4 + 2 + 32;

  /** Reads without moving the buffer; empty when its suites are not all there, or it is none. */
  static Optional<ClientHello> peek(ByteBuffer bytes) {
    ByteBuffer in = bytes.slice();
    if (in.remaining() < RECORD_HEAD || in.get(0) != HANDSHAKE) {
      return Optional.empty();
    }
    in.position(RECORD_HEAD);
    if (in.remaining() <= BEFORE_SESSION_ID || in.get(RECORD_HEAD) != CLIENT_HELLO) {
      return Optional.empty();
    }
    in.position(RECORD_HEAD + BEFORE_SESSION_ID);
    int sessionId = Byte.toUnsignedInt(in.get());
    if (in.remaining() < sessionId + Short.BYTES) {
      return Optional.empty();
    }
    in.position(in.position() + sessionId);
    int suites = Short.toUnsignedInt(in.getShort());
    if (suites % Short.BYTES != 0 || in.remaining() < suites) {
      return Optional.empty();
    }
    boolean ecdsa = false;
    for (int i = 0; i < suites; i += Short.BYTES) {
      ecdsa |= ECDSA_SUITES.contains(Short.toUnsignedInt(in.getShort()));
    }
    return Optional.of(new ClientHello(ecdsa));
  }
}

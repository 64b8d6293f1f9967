package dev.perigee.contract;

import java.time.Instant;

/**
 * A key that all nodes seal TLS session tickets with (RFC 5077, section 4).
 *
 * @param name 16 bytes by which a ticket says which key it was sealed with; no secret
 * @param secret 32 bytes: of the authentication, then of the encryption
 * @param begins tickets may be sealed with it
 * @param expires nothing is sealed or read with it any more
 */
public record TicketKey(Bytes name, Bytes secret, Instant begins, Instant expires) {
  public static final int NAME_BYTES = 16;
  public static final int SECRET_BYTES = 32;

  /** Refuses what cannot be. */
  public TicketKey {
    if (name.length() != NAME_BYTES
        || secret.length() != SECRET_BYTES
        || !begins.isBefore(expires)) {
      throw new IllegalArgumentException("a ticket key that cannot be");
    }
  }

  /** Without the secret. */
  @Override
  public String toString() {
    return "TicketKey[" + name.toHex() + "]";
  }
}

package dev.perigee.edge.request;

import java.util.Base64;

/**
 * The fields that tell an origin of a reader's certificate (RFC 9440). What a reader sends under
 * these names is dropped at the door, so that all that bears them behind it is true.
 */
public final class ClientCert {
  /** The reader's certificate. */
  public static final String FIELD = "Client-Cert";

  /** Those behind it; dropped, and never made. */
  public static final String CHAIN = "Client-Cert-Chain";

  /** Octets of a certificate (DER) that is taken. */
  public static final int MAX_OCTETS = 8 * 1024;

  /** Octets that the field may add to a request's head. */
  public static final int MAX_LENGTH = (MAX_OCTETS + 2) / 3 * 4 + 2;

  private static final FieldNames NAMES = FieldNames.of(FIELD, CHAIN);

  private ClientCert() {}

  /** The field's value: a byte sequence (RFC 8941, section 3.3.5). */
  public static String value(byte[] der) {
    return ":" + Base64.getEncoder().encodeToString(der) + ":";
  }

  /** Whether servers that read {@code _} and {@code -} alike take the name for one of these. */
  public static boolean isLookalike(String name) {
    return name.indexOf('_') >= 0 && NAMES.contains(name.replace('_', '-'));
  }
}

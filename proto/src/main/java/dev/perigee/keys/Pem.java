package dev.perigee.keys;

import java.util.Base64;

/** Writes what certificates and keys are kept as in texts and files (RFC 7468). */
public final class Pem {
  private static final int LINE = 64;

  private Pem() {}

  /**
   * One block.
   *
   * @param kind what it is: CERTIFICATE, PRIVATE KEY
   */
  public static String of(String kind, byte[] der) {
    String body = Base64.getMimeEncoder(LINE, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n";
  }

  /** A certificate. */
  public static String certificate(byte[] der) {
    return of("CERTIFICATE", der);
  }
}

package dev.perigee.edge.transport;

/** The octets of which HTTP's heads are made (RFC 9110, section 5; RFC 3986), as one table. */
public final class HttpSyntax {
  private static final byte TOKEN = 1;
  private static final byte TEXT = 2;
  private static final byte TARGET = 4;
  private static final byte[] KINDS = kinds();

  private HttpSyntax() {}

  private static byte[] kinds() {
    byte[] kinds = new byte[256];
    for (int c = 0; c < kinds.length; c++) {
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      boolean visible = c > ' ' && c < 0x7f;
      int kind = 0;
      if (letter || "!#$%&'*+-.^_`|~".indexOf(c) >= 0) {
        kind |= TOKEN;
      }
      if (visible || c == ' ' || c == '\t' || c > 0x7f) {
        kind |= TEXT;
      }
      if (visible && "\"#<>\\^`{|}".indexOf(c) < 0) {
        kind |= TARGET;
      }
      kinds[c] = (byte) kind;
    }
    return kinds;
  }

  /** Of a number. */
  public static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** Of a field's value (RFC 9110, section 5.5), or of a reason phrase. */
  public static boolean isText(char c) {
    return is(c, TEXT);
  }

  /** The same of an octet. */
  public static boolean isText(byte octet) {
    return is(octet & 0xff, TEXT);
  }

  /** Of a name (RFC 9110, section 5.6.2). */
  public static boolean isToken(char c) {
    return is(c, TOKEN);
  }

  /** The same of an octet. */
  public static boolean isToken(byte octet) {
    return is(octet & 0xff, TOKEN);
  }

  /** Of a request's target (RFC 9112, section 3.2). */
  public static boolean isTarget(byte octet) {
    return is(octet & 0xff, TARGET);
  }

  private static boolean is(int c, byte kind) {
    return c < KINDS.length && (KINDS[c] & kind) != 0;
  }
}

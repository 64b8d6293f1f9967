package dev.perigee.control.dns;

/**
 * A query as its packet says it: a view that {@link QueryParser} fills anew for each packet, and
 * that nobody keeps. What is absent is said by a flag; the rest is then left over from before.
 */
final class Query {
  static final int HEADER = 12;
  static final int MAX_NAME = 255;
  static final int MAX_LABELS = 127;
  static final int CLIENT_COOKIE = 8;

  private static final int IPV4_FAMILY = 1;

  /** The packet; the question's name is answered in its own case. */
  byte[] packet = new byte[0];

  /** The question's name in wire form, lower case, its root included. */
  final byte[] name = new byte[MAX_NAME];

  int nameLength;

  /** Where in the name its labels begin; the root is none. */
  final int[] labelAt = new int[MAX_LABELS + 1];

  int labels;
  int type;
  int dnsClass;

  /** Where the question ends in the packet. */
  int questionEnd;

  boolean hasEdns;
  int payload;
  int version;

  /** Whether signatures are wanted (RFC 3225). */
  boolean dnssecOk;

  /**
   * Whether NXDOMAIN is understood beside a proof that says so otherwise (RFC 9824, section 5.1).
   */
  boolean compactOk;

  /** Whether there is a client subnet (RFC 7871). */
  boolean hasSubnet;

  int subnetFamily;
  int sourcePrefix;
  final byte[] subnet4 = new byte[4];
  final byte[] subnet16 = new byte[16];

  /** Whether there is a cookie (RFC 7873). */
  boolean hasCookie;

  /** Where the client's cookie begins in the packet; the server's is behind it. */
  int cookieAt;

  int serverCookieLength;

  /** The subnet's address, the bits past its prefix 0. */
  byte[] subnet() {
    return subnetFamily == IPV4_FAMILY ? subnet4 : subnet16;
  }

  /** Whether the question is below, or is, the name that begins here in it. */
  boolean endsWith(byte[] suffix) {
    int from = nameLength - suffix.length;
    if (from < 0) {
      return false;
    }
    for (int i = suffix.length - 1; i >= 0; i--) {
      if (name[from + i] != suffix[i]) {
        return false;
      }
    }
    return from == 0 || isLabelStart(from);
  }

  private boolean isLabelStart(int at) {
    for (int i = labels - 1; i > 0; i--) {
      if (labelAt[i] <= at) {
        return labelAt[i] == at;
      }
    }
    return false;
  }
}

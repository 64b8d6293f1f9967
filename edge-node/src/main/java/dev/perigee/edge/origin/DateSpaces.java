package dev.perigee.edge.origin;

import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Set;

/**
 * Keeps doubled spaces in the dates of a response's head. Undertow's parser makes one space of
 * several, and what is no date, and so in the past (RFC 9111, section 5.3), would become one: so a
 * space behind another goes through the parser as an octet that no date holds.
 *
 * <p>Whatever it takes for a head ends at the first line without a visible character, so that no
 * byte of a body is ever changed.
 */
final class DateSpaces {
  private static final char MARK = 0xff;
  private static final Set<String> DATES = Set.of("expires", "date", "last-modified");
  private static final int LONGEST = "last-modified".length();

  private final StringBuilder name = new StringBuilder(LONGEST + 1);
  private boolean isInHead;
  private boolean hasBegun;
  private boolean isDate;
  private boolean isBlank;
  private boolean isBehindSpace;

  /** The next bytes begin a response: its status line. */
  void begin() {
    isInHead = true;
    hasBegun = false;
    isDate = false;
    isBlank = false;
    name.setLength(LONGEST + 1);
  }

  /** Marks what a buffer holds from one index up to another, the next bytes of the response. */
  void mark(ByteBuffer bytes, int from, int until) {
    if (isInHead && !hasBegun && isPlain(bytes, from, until)) {
      isInHead = false;
    }
    hasBegun = true;
    for (int i = from; i < until && isInHead; i++) {
      char octet = (char) (bytes.get(i) & 0xff);
      if (octet == '\n') {
        isInHead = !isBlank;
        isBlank = true;
        isDate = false;
        name.setLength(0);
      } else if (octet != '\r' && octet != ' ' && octet != '\t') {
        isBlank = false;
      }
      if (isDate && octet == ' ' && isBehindSpace) {
        bytes.put(i, (byte) MARK);
      } else if (octet == ':' && name.length() <= LONGEST && !isDate) {
        isDate = DATES.contains(name.toString().toLowerCase(Locale.ROOT));
        name.setLength(LONGEST + 1);
      } else if (octet != '\n' && name.length() <= LONGEST) {
        name.append(octet);
      }
      isBehindSpace = octet == ' ';
    }
  }

  /** Whether the whole head is here, as it mostly is, and nothing in it is to be marked. */
  private static boolean isPlain(ByteBuffer bytes, int from, int until) {
    byte before = 0;
    boolean isBlank = false;
    for (int i = from; i < until; i++) {
      byte octet = bytes.get(i);
      if (octet == '\n') {
        if (isBlank) {
          return true;
        }
        isBlank = true;
      } else if (octet == ' ' && before == ' ') {
        return false;
      } else if (octet != '\r' && octet != ' ' && octet != '\t') {
        isBlank = false;
      }
      before = octet;
    }
    return false;
  }

  /** The value of a field as the origin sent it; a mark stands behind a space or at the front. */
  static String restored(String name, String value) {
    if (value.indexOf(MARK) < 0 || !DATES.contains(name.toLowerCase(Locale.ROOT))) {
      return value;
    }
    StringBuilder text = new StringBuilder(value.length());
    for (int i = 0; i < value.length(); i++) {
      boolean isMark = value.charAt(i) == MARK && (i == 0 || text.charAt(i - 1) == ' ');
      text.append(isMark ? ' ' : value.charAt(i));
    }
    return text.toString().strip();
  }
}

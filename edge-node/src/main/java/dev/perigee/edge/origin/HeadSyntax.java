package dev.perigee.edge.origin;

import static dev.perigee.edge.transport.HttpSyntax.isDigit;
import static dev.perigee.edge.transport.HttpSyntax.isText;
import static dev.perigee.edge.transport.HttpSyntax.isToken;

import dev.perigee.edge.origin.ResponseFlaw.Found;
import java.nio.ByteBuffer;
import java.util.Locale;

/**
 * The grammar of a response's head (RFC 9112, sections 4 and 5), octet by octet, so that it does
 * not matter in which pieces the head comes. Lines end in CR LF and are never folded.
 */
final class HeadSyntax {
  /** Octets of one head. */
  static final int MAX_OCTETS = 64 * 1024;

  /** Fields of one head. */
  static final int MAX_FIELDS = 200;

  private static final String VERSION = "HTTP/1.";
  private static final String LENGTH = "content-length";
  private static final String ENCODING = "transfer-encoding";
  private static final String UPGRADE = "upgrade";
  private static final int MAX_VALUE = 64;

  private enum At {
    VERSION,
    MINOR,
    SPACE,
    STATUS,
    AFTER_STATUS,
    REASON,
    LINE_START,
    NAME,
    VALUE,
    LINE_FEED,
    LAST_LINE_FEED,
    END
  }

  private At at = At.VERSION;
  private int octets;
  private int fields;
  private int position;
  private boolean http11;
  private int status;
  private final StringBuilder name = new StringBuilder();
  private final StringBuilder value = new StringBuilder();
  private final StringBuilder text = new StringBuilder();
  private String length = "";
  private String encoding = "";
  private String upgrade = "";
  private int lengths;
  private int encodings;

  /** Begins with another head. */
  void reset() {
    at = At.VERSION;
    octets = 0;
    fields = 0;
    position = 0;
    status = 0;
    text.setLength(0);
    length = "";
    encoding = "";
    upgrade = "";
    lengths = 0;
    encodings = 0;
  }

  /** Whether the status is known. */
  boolean hasStatus() {
    return at.compareTo(At.STATUS) > 0;
  }

  int status() {
    return status;
  }

  boolean isInterim() {
    return status < 200;
  }

  /** The protocol to which a 101 switches; empty where none is named. */
  String upgrade() {
    return upgrade;
  }

  /** Whether the empty line was read. */
  boolean isEnd() {
    return at == At.END;
  }

  /** An interim head as it came; nothing for a final one. */
  String text() {
    return text.toString();
  }

  /**
   * What follows the head (RFC 9112, section 6.3).
   *
   * @return octets of the body, {@link #CHUNKED} or {@link #TO_THE_END}
   */
  long framing(boolean toHead) throws Found {
    if (encodings > 0) {
      boolean chunked = encodings == 1 && encoding.equalsIgnoreCase("chunked");
      if (!chunked || lengths > 0 || !http11) {
        throw new Found(ResponseFlaw.ENCODING);
      }
    }
    if (lengths > 1 || (lengths == 1 && !isNumber(length))) {
      throw new Found(ResponseFlaw.LENGTH);
    }
    if (toHead || status == 204 || status == 304) {
      return 0;
    }
    if (encodings > 0) {
      return CHUNKED;
    }
    return lengths == 1 ? Long.parseLong(length) : TO_THE_END;
  }

  /** In place of a length. */
  static final long CHUNKED = -1;

  /** In place of a length: as long as the connection lasts. */
  static final long TO_THE_END = -2;

  private static boolean isNumber(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (!isDigit(text.charAt(i))) {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= 18;
  }

  /** Takes of what comes next the text of a value that does not matter here: most of a head. */
  void acceptText(ByteBuffer bytes) throws Found {
    if (at != At.VALUE || isInterim() || isFraming()) {
      return;
    }
    int from = bytes.position();
    int end = from;
    while (end < bytes.limit() && isText((char) (bytes.get(end) & 0xff))) {
      end++;
    }
    octets += end - from;
    bytes.position(end);
    require(octets <= MAX_OCTETS, ResponseFlaw.TOO_LARGE);
  }

  /** The next octet. */
  void accept(byte octet) throws Found {
    if (++octets > MAX_OCTETS) {
      throw new Found(ResponseFlaw.TOO_LARGE);
    }
    char c = (char) (octet & 0xff);
    if (hasStatus() && isInterim()) {
      text.append(c);
    }
    switch (at) {
      case VERSION, MINOR, SPACE, STATUS, AFTER_STATUS, REASON -> statusLine(c);
      case LINE_START -> lineStart(c);
      case NAME -> inName(c);
      case VALUE -> inValue(c);
      case LINE_FEED -> {
        require(c == '\n', ResponseFlaw.LINE_END);
        at = At.LINE_START;
      }
      case LAST_LINE_FEED -> {
        require(c == '\n', ResponseFlaw.LINE_END);
        at = At.END;
      }
      case END -> throw new IllegalStateException("the head has ended");
    }
  }

  private void statusLine(char c) throws Found {
    switch (at) {
      case VERSION -> {
        require(c == VERSION.charAt(position++), ResponseFlaw.STATUS_LINE);
        at = position == VERSION.length() ? At.MINOR : At.VERSION;
      }
      case MINOR -> {
        require(c == '0' || c == '1', ResponseFlaw.STATUS_LINE);
        http11 = c == '1';
        at = At.SPACE;
      }
      case SPACE -> {
        require(c == ' ', ResponseFlaw.STATUS_LINE);
        at = At.STATUS;
      }
      case STATUS -> {
        require(isDigit(c), ResponseFlaw.STATUS_LINE);
        status = status * 10 + (c - '0');
        if (++position == VERSION.length() + 3) {
          require(status >= 100 && status <= 599, ResponseFlaw.STATUS);
          text.append("HTTP/1.1 ").append(status);
          at = At.AFTER_STATUS;
        }
      }
      case AFTER_STATUS -> {
        require(c == ' ' || c == '\r', ResponseFlaw.STATUS_LINE);
        at = c == '\r' ? At.LINE_FEED : At.REASON;
      }
      case REASON -> {
        require(
            c == '\r' || isText(c), c == '\n' ? ResponseFlaw.LINE_END : ResponseFlaw.STATUS_LINE);
        at = c == '\r' ? At.LINE_FEED : At.REASON;
      }
      case LINE_START, NAME, VALUE, LINE_FEED, LAST_LINE_FEED, END ->
          throw new IllegalStateException("not in the status line");
    }
  }

  private void lineStart(char c) throws Found {
    if (c == '\r') {
      at = At.LAST_LINE_FEED;
      return;
    }
    require(c != ' ' && c != '\t', ResponseFlaw.FOLDED);
    require(c != '\n', ResponseFlaw.LINE_END);
    require(isToken(c), ResponseFlaw.FIELD);
    require(++fields <= MAX_FIELDS, ResponseFlaw.TOO_LARGE);
    name.setLength(0);
    value.setLength(0);
    at = At.NAME;
    inName(c);
  }

  private void inName(char c) throws Found {
    if (c == ':') {
      at = At.VALUE;
      return;
    }
    require(isToken(c), ResponseFlaw.FIELD);
    if (name.length() <= ENCODING.length()) {
      name.append(c);
    }
  }

  private void inValue(char c) throws Found {
    if (c == '\r') {
      field();
      at = At.LINE_FEED;
      return;
    }
    require(isText(c), c == '\n' ? ResponseFlaw.LINE_END : ResponseFlaw.FIELD);
    if (value.length() < MAX_VALUE && isFraming()) {
      value.append(c);
    }
  }

  private boolean isFraming() {
    int count = name.length();
    return count == LENGTH.length() || count == ENCODING.length() || count == UPGRADE.length();
  }

  private void field() {
    if (!isFraming()) {
      return;
    }
    String lower = name.toString().toLowerCase(Locale.ROOT);
    if (lower.equals(LENGTH)) {
      lengths++;
      length = value.toString().strip();
    } else if (lower.equals(ENCODING)) {
      encodings++;
      encoding = value.toString().strip();
    } else if (lower.equals(UPGRADE)) {
      upgrade = value.toString().strip();
    }
  }

  static void require(boolean holds, ResponseFlaw otherwise) throws Found {
    if (!holds) {
      throw new Found(otherwise);
    }
  }
}

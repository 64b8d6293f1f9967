package dev.perigee.edge.listener;

import static dev.perigee.edge.transport.HttpSyntax.isTarget;
import static dev.perigee.edge.transport.HttpSyntax.isText;
import static dev.perigee.edge.transport.HttpSyntax.isToken;

import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The grammar of a request's head (RFC 9112, sections 3 and 5) and how its body is framed (section
 * 6). A head is read in one go from its first octet, since nearly all of them come whole.
 */
final class RequestSyntax {
  /** In place of an end: the head is sound so far, and goes on. */
  static final int INCOMPLETE = -1;

  /** In place of an end: see {@link #flaw}. */
  static final int REFUSED = -2;

  /** In place of a body's length. */
  static final long CHUNKED = -1;

  private static final int MAX_METHOD = 32;
  private static final int MAX_DIGITS = 18;
  private static final byte[] VERSION = {'H', 'T', 'T', 'P', '/', '1', '.'};
  private static final String LENGTH = "content-length";
  private static final String ENCODING = "transfer-encoding";

  private final int maxOctets;
  private final int maxFields;
  private @Nullable RequestFlaw flaw;
  private boolean http11;
  private int lengths;
  private int encodings;
  private long length;

  RequestSyntax(int maxOctets, int maxFields) {
    this.maxOctets = maxOctets;
    this.maxFields = maxFields;
  }

  /** Why the last head was refused. */
  Optional<RequestFlaw> flaw() {
    return Optional.ofNullable(flaw);
  }

  /** Octets behind the last head that are its body, or {@link #CHUNKED}. */
  long bodyLength() {
    return encodings > 0 ? CHUNKED : length;
  }

  /**
   * Reads a head.
   *
   * @param from its first octet
   * @param to behind the last one that has come
   * @return the index behind the head, {@link #INCOMPLETE} or {@link #REFUSED}
   */
  int read(ByteBuffer bytes, int from, int to) {
    flaw = null;
    lengths = 0;
    encodings = 0;
    length = 0;
    int end = requestLine(bytes, from, to);
    if (end != REFUSED && (end < 0 ? to : end) - from > maxOctets) {
      return refuse(RequestFlaw.LONG_TARGET);
    }
    end = end < 0 ? end : fields(bytes, end, to);
    int octets = (end < 0 ? to : end) - from;
    if (end != REFUSED && octets > maxOctets) {
      return refuse(RequestFlaw.TOO_LARGE);
    }
    return end < 0 ? end : framing(end);
  }

  private int refuse(RequestFlaw found) {
    flaw = found;
    return REFUSED;
  }

  private int requestLine(ByteBuffer bytes, int from, int to) {
    int i = from;
    while (i < to && isToken(bytes.get(i))) {
      i++;
    }
    if (i - from > MAX_METHOD) {
      return refuse(RequestFlaw.METHOD);
    }
    if (i == to) {
      return INCOMPLETE;
    }
    if (i == from || bytes.get(i) != ' ') {
      return refuse(RequestFlaw.METHOD);
    }
    int target = ++i;
    while (i < to && isTarget(bytes.get(i))) {
      i++;
    }
    if (i == to) {
      return INCOMPLETE;
    }
    if (i == target || bytes.get(i) != ' ') {
      return refuse(RequestFlaw.TARGET);
    }
    return version(bytes, i + 1, to);
  }

  private int version(ByteBuffer bytes, int from, int to) {
    int i = from;
    for (byte expected : VERSION) {
      if (i == to) {
        return INCOMPLETE;
      }
      if (bytes.get(i++) != expected) {
        return refuse(RequestFlaw.VERSION);
      }
    }
    if (i == to) {
      return INCOMPLETE;
    }
    byte minor = bytes.get(i++);
    if (minor != '0' && minor != '1') {
      return refuse(RequestFlaw.VERSION);
    }
    http11 = minor == '1';
    return lineEnd(bytes, i, to, RequestFlaw.VERSION);
  }

  /** CR LF; {@code otherwise} where there is something else than half a line end. */
  private int lineEnd(ByteBuffer bytes, int i, int to, RequestFlaw otherwise) {
    if (i == to) {
      return INCOMPLETE;
    }
    byte first = bytes.get(i);
    if (first != '\r') {
      return refuse(first == '\n' ? RequestFlaw.LINE_END : otherwise);
    }
    if (i + 1 == to) {
      return INCOMPLETE;
    }
    return bytes.get(i + 1) == '\n' ? i + 2 : refuse(RequestFlaw.LINE_END);
  }

  private int fields(ByteBuffer bytes, int from, int to) {
    int i = from;
    for (int count = 0; i < to && bytes.get(i) != '\r'; count++) {
      if (count == maxFields) {
        return refuse(RequestFlaw.TOO_LARGE);
      }
      int name = i;
      while (i < to && isToken(bytes.get(i))) {
        i++;
      }
      if (i == to) {
        return INCOMPLETE;
      }
      if (i == name || bytes.get(i) != ':') {
        return refuse(noName(bytes.get(i), i == name));
      }
      int colon = i++;
      while (i < to && isText(bytes.get(i))) {
        i++;
      }
      int end = lineEnd(bytes, i, to, RequestFlaw.FIELD);
      if (end < 0) {
        return end;
      }
      if (!field(bytes, name, colon, i)) {
        return refuse(RequestFlaw.DISGUISE);
      }
      i = end;
    }
    return lineEnd(bytes, i, to, RequestFlaw.FIELD);
  }

  private static RequestFlaw noName(byte octet, boolean first) {
    if (first && (octet == ' ' || octet == '\t')) {
      return RequestFlaw.FOLDED;
    }
    return octet == '\n' ? RequestFlaw.LINE_END : RequestFlaw.FIELD;
  }

  /** Whether the field is what it seems. */
  private boolean field(ByteBuffer bytes, int name, int colon, int end) {
    int size = colon - name;
    if (size == LENGTH.length() && isNamed(bytes, name, LENGTH)) {
      lengths++;
      length = number(text(bytes, colon + 1, end));
      return bytes.get(name + LENGTH.indexOf('-')) == '-';
    }
    if (size == ENCODING.length() && isNamed(bytes, name, ENCODING)) {
      boolean chunked = text(bytes, colon + 1, end).equalsIgnoreCase("chunked");
      encodings += chunked ? 1 : 2;
      return bytes.get(name + ENCODING.indexOf('-')) == '-';
    }
    return true;
  }

  /**
   * An underscore counts as a hyphen, as it does for origins that hand fields on by CGI's rules.
   */
  private static boolean isNamed(ByteBuffer bytes, int at, String lower) {
    for (int i = 0; i < lower.length(); i++) {
      int octet = bytes.get(at + i);
      int folded = octet == '_' ? '-' : octet >= 'A' && octet <= 'Z' ? octet + 32 : octet;
      if (folded != lower.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static String text(ByteBuffer bytes, int from, int to) {
    StringBuilder text = new StringBuilder(to - from);
    for (int i = from; i < to; i++) {
      text.append((char) (bytes.get(i) & 0xff));
    }
    return text.toString().strip();
  }

  private static long number(String text) {
    boolean digits = !text.isEmpty() && text.length() <= MAX_DIGITS;
    for (int i = 0; i < text.length() && digits; i++) {
      digits = text.charAt(i) >= '0' && text.charAt(i) <= '9';
    }
    return digits ? Long.parseLong(text) : -1;
  }

  private int framing(int end) {
    if (encodings > 1 || (encodings == 1 && (lengths > 0 || !http11))) {
      return refuse(RequestFlaw.ENCODING);
    }
    return lengths > 1 || length < 0 ? refuse(RequestFlaw.LENGTH) : end;
  }
}

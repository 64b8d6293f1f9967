package dev.perigee.control.steer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import org.xnio.conduits.AbstractStreamSourceConduit;
import org.xnio.conduits.StreamSourceConduit;

/**
 * What a connection reads, with an ear for the first line of each request: the parser behind it
 * drops a question mark that nothing follows. It counts on requests without bodies; whoever gets a
 * body must end the connection with its answer (draining passes by the ear). Used by the
 * connection's I/O thread alone.
 */
final class RequestLines extends AbstractStreamSourceConduit<StreamSourceConduit> {
  /** More than the parser takes for a whole head. */
  private static final int LONGEST = 32 * 1024;

  /** More than requests fit into the parser's buffer. */
  private static final int MOST = 4 * 1024;

  private final Queue<String> lines = new ArrayDeque<>();
  private final StringBuilder line = new StringBuilder();
  private Heard heard = Heard.LINE;

  private enum Heard {
    /** Part of a request's first line, or nothing yet. */
    LINE,
    /** Part of a field. */
    FIELD,
    /** The end of a line: an empty one would end the head. */
    LINE_END
  }

  RequestLines(StreamSourceConduit next) {
    super(next);
  }

  /** The first line of the next request, without its end; each is given once. */
  Optional<String> poll() {
    return Optional.ofNullable(lines.poll());
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    int from = into.position();
    int count = super.read(into);
    for (int i = 0; i < count; i++) {
      hear(into.get(from + i));
    }
    return count;
  }

  @Override
  public long read(ByteBuffer[] into, int offset, int length) throws IOException {
    for (int i = offset; i < offset + length; i++) {
      if (into[i].hasRemaining()) {
        return read(into[i]);
      }
    }
    return 0;
  }

  private void hear(byte octet) {
    if (octet == '\r') {
      return;
    }
    switch (heard) {
      case LINE -> hearLine(octet);
      case FIELD -> heard = octet == '\n' ? Heard.LINE_END : Heard.FIELD;
      case LINE_END -> heard = octet == '\n' ? Heard.LINE : Heard.FIELD;
    }
  }

  private void hearLine(byte octet) {
    if (octet != '\n') {
      if (line.length() < LONGEST) {
        line.append((char) (octet & 0xff));
      }
    } else if (!line.isEmpty()) {
      if (lines.size() < MOST) {
        lines.add(line.toString());
      }
      line.setLength(0);
      heard = Heard.LINE_END;
    }
  }

  /** The target of a request's first line (RFC 9112, section 3); empty where there is none. */
  static Optional<String> target(String line, String method) {
    int end = line.lastIndexOf(' ');
    return line.startsWith(method + " ") && end > method.length()
        ? Optional.of(line.substring(method.length() + 1, end))
        : Optional.empty();
  }
}

package dev.perigee.edge.origin;

import dev.perigee.edge.request.InterimHead;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.xnio.channels.StreamSinkChannel;
import org.xnio.conduits.AbstractStreamSourceConduit;
import org.xnio.conduits.ConduitReadableByteChannel;
import org.xnio.conduits.StreamSourceConduit;

/**
 * Takes interim responses (1xx, RFC 9110, section 15.2) out of what an origin sends, in front of
 * Undertow's parser, which would take a 103 for the final answer, and tells of them. 100 passes:
 * the client waits for it where it sent {@code Expect}.
 *
 * <p>It looks at the first bytes of each response only: as long as they could still be {@code
 * HTTP/1.1 1xx} they are held back; an interim head is read to its empty line and handed on; at
 * anything else the filter stands aside until {@link #expectResponse} announces the next response
 * on the connection.
 */
final class InterimFilter extends AbstractStreamSourceConduit<StreamSourceConduit> {
  private static final int STATUS_LINE = "HTTP/1.1 1xx".length();

  /** Interim bytes that an origin may send before a final response. */
  private static final int MAX_INTERIM = 64 * 1024;

  private final byte[] start = new byte[STATUS_LINE];
  private int held;
  private int replayed;
  private boolean inInterim;
  private boolean aside;
  private int interimBytes;
  private int newlines;
  private Consumer<InterimHead> interim = head -> {};
  private final ByteArrayOutputStream head = new ByteArrayOutputStream(256);

  InterimFilter(StreamSourceConduit next) {
    super(next);
  }

  /**
   * The next bytes begin a response.
   *
   * @param interim told of each interim response before it
   */
  void expectResponse(Consumer<InterimHead> interim) {
    this.interim = interim;
    head.reset();
    held = 0;
    replayed = 0;
    inInterim = false;
    aside = false;
    interimBytes = 0;
  }

  @Override
  public int read(ByteBuffer dst) throws IOException {
    if (aside && replayed == held) {
      return super.read(dst);
    }
    while (true) {
      if (aside) {
        int count = Math.min(dst.remaining(), held - replayed);
        dst.put(start, replayed, count);
        replayed += count;
        return count;
      }
      int before = dst.position();
      int limit = dst.limit();
      if (dst.remaining() > STATUS_LINE) {
        // Room for the start that is held back and must go in front of what comes now.
        dst.limit(limit - STATUS_LINE);
      }
      int read = super.read(dst);
      dst.limit(limit);
      if (read <= 0) {
        return endOrNothing(read);
      }
      ByteBuffer fresh = dst.duplicate();
      fresh.limit(dst.position()).position(before);
      boolean more = scan(fresh);
      if (!more) {
        dst.position(before);
        continue;
      }
      // What follows the held start lies in fresh: put the start in front of it.
      byte[] rest = new byte[fresh.remaining()];
      fresh.get(rest);
      dst.position(before);
      int room = dst.remaining();
      int total = held + rest.length;
      if (total > room) {
        throw new IOException("the origin's answer does not fit the buffer");
      }
      dst.put(start, 0, held).put(rest);
      replayed = held;
      return total;
    }
  }

  /** At the end of the stream what was held back is handed on, so that the parser sees it. */
  private int endOrNothing(int read) {
    if (read == 0 || held == 0 || inInterim) {
      return read;
    }
    aside = true;
    return 0;
  }

  /**
   * Consumes what belongs to an interim head or to the undecided start.
   *
   * @return whether the start is decided as a final response; {@code bytes} then stands behind it
   */
  private boolean scan(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (inInterim) {
        skipInterim(bytes.get());
        continue;
      }
      start[held++] = bytes.get();
      if (held < STATUS_LINE) {
        continue;
      }
      if (isInterim()) {
        inInterim = true;
        newlines = 0;
        head.write(start, 0, held);
        held = 0;
      } else if (isHttp()) {
        aside = true;
        return true;
      } else {
        throw new IOException("the origin's answer does not begin as HTTP/1 does");
      }
    }
    return false;
  }

  private void skipInterim(byte octet) throws IOException {
    if (++interimBytes > MAX_INTERIM) {
      throw new IOException("the origin sent more than " + MAX_INTERIM + " interim bytes");
    }
    head.write(octet);
    if (octet == '\n') {
      newlines++;
    } else if (octet != '\r') {
      newlines = 0;
    }
    if (newlines == 2) {
      inInterim = false;
      held = 0;
      InterimHead.parse(head.toString(StandardCharsets.ISO_8859_1)).ifPresent(interim);
      head.reset();
    }
  }

  /** RFC 9112, section 4: what is no status line never reaches the parser. */
  private boolean isHttp() {
    for (int i = 0; i < STATUS_LINE; i++) {
      char wanted = "HTTP/1.d ddd".charAt(i);
      boolean digit = start[i] >= '0' && start[i] <= '9';
      if (wanted == 'd' ? !digit : start[i] != wanted) {
        return false;
      }
    }
    return true;
  }

  private boolean isInterim() {
    return start[0] == 'H'
        && start[4] == '/'
        && start[8] == ' '
        && start[9] == '1'
        && !(start[10] == '0' && start[11] == '0');
  }

  @Override
  public long read(ByteBuffer[] dsts, int offs, int len) throws IOException {
    for (int i = offs; i < offs + len; i++) {
      if (dsts[i].hasRemaining()) {
        return read(dsts[i]);
      }
    }
    return 0;
  }

  @Override
  public long transferTo(long position, long count, FileChannel target) throws IOException {
    return target.transferFrom(new ConduitReadableByteChannel(this), position, count);
  }

  @Override
  public long transferTo(long count, ByteBuffer throughBuffer, StreamSinkChannel target)
      throws IOException {
    return org.xnio.IoUtils.transfer(
        new ConduitReadableByteChannel(this), count, throughBuffer, target);
  }
}

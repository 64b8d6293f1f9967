package dev.perigee.edge.origin;

import static dev.perigee.edge.origin.HeadSyntax.require;

import dev.perigee.edge.origin.ResponseFlaw.Found;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.InterimHead;
import dev.perigee.edge.transport.ChunkSyntax;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.xnio.channels.StreamSinkChannel;
import org.xnio.conduits.AbstractStreamSourceConduit;
import org.xnio.conduits.ConduitReadableByteChannel;
import org.xnio.conduits.StreamSourceConduit;

/**
 * Reads what an origin sends over HTTP/1 in front of Undertow's parser, strictly: what breaks the
 * grammar of heads and chunks ends the connection by an exception, so that Undertow, which lets
 * some of it pass, never decides about it. It hands on what it has read, in the pieces in which it
 * came.
 *
 * <p>Interim responses (1xx, RFC 9110, section 15.2) are taken out and told of, since Undertow's
 * client would take a 103 for the final answer: the first octets of each response are held back as
 * long as they could still begin one. What an origin sends past the end of its answer is cut off,
 * and {@link #isSpoilt} says that the connection must not be used again.
 */
final class ResponseFilter extends AbstractStreamSourceConduit<StreamSourceConduit> {
  private static final int STATUS_LINE = "HTTP/1.1 1xx".length();

  /** Octets of interim responses before one final response. */
  private static final int MAX_INTERIM = 64 * 1024;

  private static final Heads NOBODY =
      new Heads() {
        @Override
        public void proceed() {}

        @Override
        public void interim(InterimHead head) {}
      };

  private enum At {
    IDLE,
    START,
    HEAD,
    BODY,
    END,
    SWITCHED
  }

  private final DateSpaces dates = new DateSpaces();
  private final HeadSyntax head = new HeadSyntax();
  private final ChunkSyntax chunks = new ChunkSyntax();
  private final byte[] start = new byte[STATUS_LINE];
  private At at = At.IDLE;
  private int held;
  private int replayed;
  private int interimOctets;
  private boolean toHead;
  private String upgrade = "";
  private long remaining;
  private boolean isQuiet;
  private boolean spoilt;
  private Heads heads = NOBODY;

  ResponseFilter(StreamSourceConduit next) {
    super(next);
  }

  /** Told of the heads that are no final ones. */
  interface Heads {
    /** 100: the request's body is wanted. */
    void proceed();

    /** Any other, to be passed on. */
    void interim(InterimHead head);
  }

  /**
   * The next bytes begin a response.
   *
   * @param method of the request
   * @param upgrade the protocol that the request asked for; empty for none
   */
  void expectResponse(String method, String upgrade, Heads heads) {
    this.heads = heads;
    this.toHead = method.equals("HEAD");
    this.upgrade = upgrade;
    dates.begin();
    head.reset();
    chunks.reset();
    held = 0;
    replayed = 0;
    interimOctets = 0;
    isQuiet = false;
    at = At.START;
  }

  /** Whether more came than belongs to the answers. */
  boolean isSpoilt() {
    return spoilt;
  }

  /** The fields behind a chunked body, once it is whole. */
  FieldList trailers() {
    return chunks.trailers();
  }

  @Override
  public int read(ByteBuffer dst) throws IOException {
    int begin = dst.position();
    int read = checked(dst);
    dates.mark(dst, begin, dst.position());
    return read;
  }

  private int checked(ByteBuffer dst) throws IOException {
    while (true) {
      if (at != At.START && replayed < held) {
        int count = Math.min(dst.remaining(), held - replayed);
        dst.put(start, replayed, count);
        replayed += count;
        return count;
      }
      int before = dst.position();
      int limit = dst.limit();
      if (at == At.START && dst.remaining() > STATUS_LINE) {
        // Room for the start that is held back and must go in front of what comes now.
        dst.limit(limit - STATUS_LINE);
      }
      if (at == At.END && !isQuiet) {
        // Nothing more is expected; if it comes all the same the selector tells.
        isQuiet = true;
        return 0;
      }
      int read = super.read(dst);
      dst.limit(limit);
      if (read <= 0) {
        return read;
      }
      ByteBuffer fresh = dst.duplicate();
      fresh.limit(dst.position()).position(before);
      if (at != At.START) {
        return passed(dst, before, check(fresh));
      }
      if (!begin(fresh)) {
        dst.position(before);
        continue;
      }
      int total = withStart(dst, before, fresh);
      if (total > 0) {
        return total;
      }
    }
  }

  /** What follows the held start lies in fresh: puts the start in front of it. */
  private int withStart(ByteBuffer dst, int before, ByteBuffer fresh) throws Found {
    if (fresh.position() == before + held) {
      // It is there already, as all came at once.
      replayed = held;
      return passed(dst, before, held + check(fresh));
    }
    byte[] rest = new byte[fresh.remaining()];
    fresh.get(rest);
    int good = check(ByteBuffer.wrap(rest));
    dst.position(before);
    if (held + good > dst.remaining()) {
      throw new IllegalStateException("the buffer is smaller than a status line");
    }
    dst.put(start, 0, held).put(rest, 0, good);
    replayed = held;
    return held + good;
  }

  private static int passed(ByteBuffer dst, int before, int good) {
    dst.position(before + good);
    return good;
  }

  /**
   * Consumes interim heads and the undecided start.
   *
   * @return whether a final response has begun; {@code bytes} then stands behind its status
   */
  private boolean begin(ByteBuffer bytes) throws Found {
    while (bytes.hasRemaining()) {
      byte octet = bytes.get();
      head.accept(octet);
      if (!head.hasStatus()) {
        start[held++] = octet;
      } else if (held < STATUS_LINE) {
        start[held++] = octet;
        if (isPassedOn()) {
          at = At.HEAD;
          return true;
        }
      } else {
        inInterim();
      }
    }
    return false;
  }

  private boolean isPassedOn() throws Found {
    if (head.status() == 101) {
      require(!upgrade.isEmpty(), ResponseFlaw.STATUS);
      return true;
    }
    return !head.isInterim();
  }

  private void inInterim() throws Found {
    require(++interimOctets <= MAX_INTERIM, ResponseFlaw.TOO_MUCH_INTERIM);
    if (!head.isEnd()) {
      return;
    }
    int status = head.status();
    String text = head.text();
    head.reset();
    held = 0;
    if (status == 100) {
      heads.proceed();
    } else {
      InterimHead.parse(text).ifPresent(heads::interim);
    }
  }

  /** How many of the bytes belong to the response. */
  private int check(ByteBuffer bytes) throws Found {
    int from = bytes.position();
    while (at == At.HEAD && bytes.hasRemaining()) {
      head.acceptText(bytes);
      if (bytes.hasRemaining()) {
        head.accept(bytes.get());
      }
      if (head.isEnd()) {
        begin();
      }
    }
    if (at == At.BODY) {
      inBody(bytes);
    }
    if (at == At.END && bytes.hasRemaining()) {
      spoilt = true;
      if (bytes.position() == from) {
        // Nobody waits for it: whoever reads an idle connection learns that it cannot be used.
        bytes.position(bytes.limit());
      }
    } else if (at == At.IDLE || at == At.SWITCHED) {
      bytes.position(bytes.limit());
    }
    return bytes.position() - from;
  }

  private void begin() throws Found {
    if (head.status() == 101) {
      // Undertow's client would begin HTTP/2 where that is what the origin says.
      require(head.upgrade().equalsIgnoreCase(upgrade), ResponseFlaw.STATUS);
      at = At.SWITCHED;
      return;
    }
    remaining = head.framing(toHead);
    at = remaining == 0 ? At.END : At.BODY;
  }

  private void inBody(ByteBuffer bytes) throws Found {
    if (remaining == HeadSyntax.CHUNKED) {
      try {
        chunks.read(bytes);
      } catch (ChunkSyntax.Malformed e) {
        throw new Found(e.isInTrailers() ? ResponseFlaw.TRAILERS : ResponseFlaw.CHUNK);
      }
      at = chunks.isEnd() ? At.END : At.BODY;
    } else if (remaining == HeadSyntax.TO_THE_END) {
      bytes.position(bytes.limit());
    } else {
      int count = (int) Math.min(remaining, bytes.remaining());
      bytes.position(bytes.position() + count);
      remaining -= count;
      at = remaining == 0 ? At.END : At.BODY;
    }
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

package dev.perigee.edge.listener;

import dev.perigee.edge.transport.ChunkSyntax;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.AttachmentKey;
import io.undertow.util.Protocols;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;
import org.xnio.channels.StreamSinkChannel;
import org.xnio.conduits.AbstractStreamSourceConduit;
import org.xnio.conduits.ConduitReadableByteChannel;
import org.xnio.conduits.StreamSourceConduit;

/**
 * Reads what a client sends over HTTP/1 in front of Undertow's parser, strictly: Undertow never
 * sees a head that breaks the grammar, nor more of a connection than one request at a time.
 *
 * <p>A head is handed on once it is whole; until then it is kept here, within its limits and its
 * time. In place of one that is refused goes {@link #STAND_IN}, so that the refusal is an answer
 * like others, and {@link #flaw} says what for. What follows a refused head or chunk is read and
 * dropped, so that closing the connection does not take the answer away from the client.
 */
final class RequestFilter extends AbstractStreamSourceConduit<StreamSourceConduit> {
  static final AttachmentKey<RequestFilter> KEY = AttachmentKey.create(RequestFilter.class);

  /** Which filter has handed on a head last, until the head is received on the same thread. */
  private static final ThreadLocal<RequestFilter> READING = new ThreadLocal<>();

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
  private static final byte[] STAND_IN =
      "GET / HTTP/1.1\r\nHost: refused.invalid\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  /** How a client begins that knows the server for one of HTTP/2 (RFC 9113, section 3.4). */
  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  /** Octets that are dropped behind what was refused. */
  private static final int MAX_DROPPED = 1 << 20;

  private static final int ROOM = 4 * 1024;

  /** In place of a count: something has changed, and reading begins anew. */
  private static final int AGAIN = -2;

  /** What the node's readers may send. */
  record Bounds(int headOctets, int fields, long headMillis) {}

  /** Hears of a client that speaks HTTP/2. */
  @FunctionalInterface
  interface Http2Begun {
    /** With what it has sent so far. */
    void begin(ByteBuffer bytes, int from, int to);
  }

  private enum At {
    FIRST_HEAD,
    HEAD,
    BODY,
    CHUNKS,
    THROUGH,
    REFUSED
  }

  private final Bounds bounds;
  private final Http2Begun http2;
  private final RequestSyntax head;
  private final ChunkSyntax chunks = new ChunkSyntax();
  private At at = At.FIRST_HEAD;
  private long remaining;

  /** Read from the connection and not handed on; of it {@link #ready} octets are checked. */
  private ByteBuffer rest = NOTHING;

  private int ready;
  private boolean isWaiting;
  private boolean isSkipped;
  private boolean isLineSeen;
  private int scanned;
  private int dropped;
  private boolean isTold;
  private boolean isKnown;
  private @Nullable RequestFlaw flaw;
  private XnioExecutor.@Nullable Key timer;

  /**
   * @param http2 told where the connection begins with HTTP/2
   */
  RequestFilter(StreamSourceConduit next, Bounds bounds, Http2Begun http2) {
    super(next);
    this.bounds = bounds;
    this.http2 = http2;
    this.head = new RequestSyntax(bounds.headOctets(), bounds.fields());
  }

  /** Takes what was read before; copied. */
  void begin(ByteBuffer bytes) {
    keep(bytes, bytes.position(), bytes.limit());
  }

  /** The filter of the connection, while the exchange's head is being received. */
  static Optional<RequestFilter> of(HttpServerExchange exchange) {
    if (exchange.getProtocol().equals(Protocols.HTTP_2_0)) {
      return Optional.empty();
    }
    RequestFilter known = exchange.getConnection().getAttachment(KEY);
    if (known == null) {
      known = READING.get();
      READING.remove();
      known.isKnown = true;
      exchange.getConnection().putAttachment(KEY, known);
    }
    return Optional.of(known);
  }

  private void say() {
    if (!isKnown) {
      READING.set(this);
    }
  }

  /** What follows the request that was read last is no HTTP/1. */
  void switched() {
    headEnded(At.THROUGH);
  }

  /** Why the head or the body that was read last is refused. */
  Optional<RequestFlaw> flaw() {
    return Optional.ofNullable(flaw);
  }

  /** Whether a reader of the body waits in vain; whoever reads on after this gets an error. */
  boolean tellsOfRefusedBody() {
    isTold = flaw == RequestFlaw.BODY;
    return isTold;
  }

  @Override
  public int read(ByteBuffer dst) throws IOException {
    while (true) {
      if (ready > 0) {
        return give(dst);
      }
      switch (at) {
        case THROUGH -> {
          if (!rest.hasRemaining()) {
            return super.read(dst);
          }
          ready = rest.remaining();
        }
        case REFUSED -> {
          return drop();
        }
        case FIRST_HEAD, HEAD, BODY, CHUNKS -> {
          int count = rest.hasRemaining() ? fromRest() : fromConnection(dst);
          if (count != AGAIN) {
            return count;
          }
        }
      }
    }
  }

  private int fromConnection(ByteBuffer dst) throws IOException {
    int from = dst.position();
    int read = super.read(dst);
    if (read <= 0) {
      return read;
    }
    if (isEmptyLine(dst, from, dst.position())) {
      isSkipped = true;
      keep(dst, from + 2, dst.position());
      dst.position(from);
      return AGAIN;
    }
    int good = check(dst, from, dst.position());
    if (at != At.REFUSED) {
      keep(dst, from + good, dst.position());
    }
    dst.position(from + good);
    return good > 0 ? good : AGAIN;
  }

  /** RFC 9112, section 2.2: one empty line before a request is passed over. */
  private boolean isEmptyLine(ByteBuffer bytes, int from, int to) {
    boolean mayBe = !isSkipped && (at == At.HEAD || at == At.FIRST_HEAD);
    return mayBe && to - from > 1 && bytes.get(from) == '\r' && bytes.get(from + 1) == '\n';
  }

  private int fromRest() throws IOException {
    if (isEmptyLine(rest, rest.position(), rest.limit())) {
      isSkipped = true;
      rest.position(rest.position() + 2);
      scanned = rest.position();
      if (!rest.hasRemaining()) {
        isWaiting = false;
        return AGAIN;
      }
    }
    if (!isWaiting || rest.remaining() > bounds.headOctets() || isWhole()) {
      int good = check(rest, rest.position(), rest.limit());
      if (good > 0) {
        ready = good;
      }
      if (good > 0 && at == At.REFUSED) {
        rest.limit(rest.position() + good);
      }
      if (good > 0 || at == At.REFUSED) {
        return AGAIN;
      }
    }
    int read = readMore();
    if (read == 0) {
      startTimer();
    }
    return read <= 0 ? read : AGAIN;
  }

  /** Whether what is kept has an end of a head or its first line, or cannot become either. */
  private boolean isWhole() {
    for (; scanned < rest.limit(); scanned++) {
      int line = scanned - rest.position();
      boolean cr = line > 0 && rest.get(scanned - 1) == '\r';
      boolean lf = rest.get(scanned) == '\n';
      boolean isEmpty = lf && line > 2 && rest.get(scanned - 2) == '\n';
      boolean isFirst = lf && line > 1 && !isLineSeen;
      if (cr != lf || isEmpty || isFirst) {
        isLineSeen = true;
        scanned += isFirst ? 1 : 0;
        return true;
      }
    }
    return false;
  }

  private int readMore() throws IOException {
    if (rest.limit() == rest.capacity()) {
      ByteBuffer larger = ByteBuffer.allocate(rest.remaining() * 2 + ROOM);
      scanned -= rest.position();
      rest = larger.put(rest).flip();
    }
    int begin = rest.position();
    int end = rest.limit();
    rest.limit(rest.capacity()).position(end);
    try {
      return super.read(rest);
    } finally {
      rest.limit(rest.position()).position(begin);
    }
  }

  private void keep(ByteBuffer bytes, int from, int to) {
    if (from < to) {
      ByteBuffer copy = ByteBuffer.allocate(to - from + (isWaiting ? ROOM : 0));
      rest = copy.put(bytes.slice(from, to - from)).flip();
      scanned = 0;
    }
  }

  private int give(ByteBuffer dst) {
    say();
    int count = Math.min(ready, dst.remaining());
    dst.put(rest.slice(rest.position(), count));
    rest.position(rest.position() + count);
    ready -= count;
    if (!rest.hasRemaining()) {
      rest = NOTHING;
    }
    scanned = rest.position();
    return count;
  }

  /** Reads what there is, for nobody. */
  private int drop() throws IOException {
    ByteBuffer scratch = ByteBuffer.allocate(ROOM);
    while (true) {
      int read = super.read(scratch.clear());
      if (read < 0) {
        return read;
      }
      dropped += read;
      if (read == 0 || dropped > MAX_DROPPED) {
        break;
      }
    }
    if (dropped > MAX_DROPPED || isTold) {
      throw new IOException("what follows a refused request is not read");
    }
    return 0;
  }

  /** How many of the octets may be handed on; with none a head goes on, or was refused. */
  private int check(ByteBuffer bytes, int from, int to) {
    return switch (at) {
      case FIRST_HEAD -> preface(bytes, from, to);
      case HEAD -> head(bytes, from, to);
      case BODY, CHUNKS -> body(bytes, from, to);
      case THROUGH -> to - from;
      case REFUSED -> 0;
    };
  }

  private int preface(ByteBuffer bytes, int from, int to) {
    int count = Math.min(PREFACE.length, to - from);
    for (int i = 0; i < count; i++) {
      if (bytes.get(from + i) != PREFACE[i]) {
        at = At.HEAD;
        return head(bytes, from, to);
      }
    }
    isWaiting = count < PREFACE.length;
    if (isWaiting) {
      return 0;
    }
    headEnded(At.THROUGH);
    http2.begin(bytes, from, to);
    return to - from;
  }

  private int head(ByteBuffer bytes, int from, int to) {
    boolean half = !isSkipped && to - from == 1 && bytes.get(from) == '\r';
    int end = half ? RequestSyntax.INCOMPLETE : head.read(bytes, from, to);
    if (end == RequestSyntax.INCOMPLETE) {
      isWaiting = true;
      return 0;
    }
    if (end == RequestSyntax.REFUSED) {
      refuse(head.flaw().orElseThrow());
      return 0;
    }
    say();
    remaining = head.bodyLength();
    if (remaining == RequestSyntax.CHUNKED) {
      chunks.reset();
      headEnded(At.CHUNKS);
    } else {
      headEnded(remaining == 0 ? At.HEAD : At.BODY);
    }
    return at == At.HEAD ? end - from : end - from + body(bytes, end, to);
  }

  private void headEnded(At next) {
    at = next;
    isWaiting = false;
    isSkipped = false;
    isLineSeen = false;
    stopTimer();
  }

  private int body(ByteBuffer bytes, int from, int to) {
    if (at == At.BODY) {
      int count = (int) Math.min(remaining, to - from);
      remaining -= count;
      at = remaining == 0 ? At.HEAD : At.BODY;
      return count;
    }
    ByteBuffer part = bytes.duplicate().limit(to).position(from);
    try {
      chunks.read(part);
    } catch (ChunkSyntax.Malformed e) {
      at = At.REFUSED;
      flaw = RequestFlaw.BODY;
      return 0;
    }
    at = chunks.isEnd() ? At.HEAD : At.CHUNKS;
    return part.position() - from;
  }

  private void refuse(RequestFlaw found) {
    flaw = found;
    headEnded(At.REFUSED);
    rest = ByteBuffer.wrap(STAND_IN);
    ready = STAND_IN.length;
  }

  private void startTimer() {
    if (timer == null && isWaiting) {
      timer =
          getReadThread().executeAfter(this::tooSlow, bounds.headMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void stopTimer() {
    XnioExecutor.Key key = timer;
    if (key != null) {
      key.remove();
      timer = null;
    }
  }

  private void tooSlow() {
    timer = null;
    if (isWaiting && !isReadShutdown()) {
      refuse(RequestFlaw.TIMEOUT);
      super.wakeupReads();
    }
  }

  /** What is kept here the selector does not know of. */
  @Override
  public void resumeReads() {
    if (ready > 0 || (rest.hasRemaining() && !isWaiting)) {
      super.wakeupReads();
    } else {
      super.resumeReads();
    }
  }

  @Override
  public void terminateReads() throws IOException {
    stopTimer();
    isWaiting = false;
    rest = NOTHING;
    ready = 0;
    super.terminateReads();
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
    return IoUtils.transfer(new ConduitReadableByteChannel(this), count, throughBuffer, target);
  }
}

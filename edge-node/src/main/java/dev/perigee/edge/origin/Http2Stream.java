package dev.perigee.edge.origin;

import static dev.perigee.edge.origin.Http2Reader.require;

import dev.perigee.edge.origin.Http2Frame.Broken;
import dev.perigee.edge.origin.Http2Frame.Code;
import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.InterimHead;
import dev.perigee.edge.request.ResponseHead;
import io.undertow.util.HeaderMap;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** One exchange on an HTTP/2 connection: the request's body goes in, the answer comes out. */
final class Http2Stream implements OriginConnection.Running, BodySink, BodySource {
  private static final long UNKNOWN = -1;

  /** Interim heads before a final one. */
  private static final int MAX_INTERIM = 32;

  private final Http2Connection connection;
  private final int number;
  private final FetchRequest request;
  private final OriginConnection.Replies replies;
  private final long readsBefore;
  private long sendWindow;
  private int receiveWindow = Http2Connection.STREAM_WINDOW;
  private int taken;
  private boolean sentAll;
  private boolean receivedAll;
  private boolean answered;
  private boolean over;
  private int interims;
  private long remaining = UNKNOWN;
  private OptionalLong length = OptionalLong.empty();
  private FieldList trailers = FieldList.empty();
  private final Deque<ByteBuffer> queue = new ArrayDeque<>();
  private @Nullable Receiver receiver;
  private boolean paused;
  private boolean delivering;
  private boolean told;
  private String breakage = "";
  private @Nullable Runnable writable;

  Http2Stream(
      Http2Connection connection,
      int number,
      FetchRequest request,
      OriginConnection.Replies replies,
      int sendWindow,
      long readsBefore) {
    this.connection = connection;
    this.number = number;
    this.request = request;
    this.replies = replies;
    this.sendWindow = sendWindow;
    this.readsBefore = readsBefore;
  }

  int number() {
    return number;
  }

  /** Sends the head. */
  void begin(String scheme) {
    HeaderMap map = new HeaderMap();
    map.put(new HttpString(":method"), request.method());
    map.put(new HttpString(":scheme"), scheme);
    map.put(new HttpString(":authority"), request.fields().first("Host").orElse(""));
    map.put(new HttpString(":path"), request.target());
    request
        .fields()
        .forEach(
            (name, value) -> {
              if (!name.equalsIgnoreCase("Host") && !name.equalsIgnoreCase("Connection")) {
                map.add(new HttpString(name), value);
              }
            });
    request
        .body()
        .ifPresent(
            body ->
                body.length()
                    .ifPresent(
                        count -> map.put(new HttpString("content-length"), Long.toString(count))));
    sentAll = request.body().isEmpty();
    connection.sendFields(number, map, sentAll);
  }

  // The request's body.

  @Override
  public BodySink body() {
    return this;
  }

  @Override
  public int write(ByteBuffer bytes) throws IOException {
    if (over) {
      throw new IOException("the stream was reset");
    }
    int wanted = (int) Math.min(bytes.remaining(), Math.max(0, sendWindow));
    int count = connection.sendable(wanted);
    if (count > 0) {
      ByteBuffer part = bytes.slice(bytes.position(), count);
      bytes.position(bytes.position() + count);
      sendWindow -= count;
      connection.sendData(number, part, false);
    }
    return count;
  }

  @Override
  public void whenWritable(Runnable action) {
    writable = action;
    connection.await(this);
  }

  /** There may be room again. */
  void writable() {
    Runnable action = writable;
    if (action == null || over) {
      return;
    }
    if (sendWindow <= 0 || connection.sendable(1) == 0) {
      connection.await(this);
      return;
    }
    writable = null;
    action.run();
  }

  /** The head is on its way already. */
  @Override
  public void flush() {}

  @Override
  public void end(FieldList fields, Runnable sent) throws IOException {
    if (over) {
      throw new IOException("the stream was reset");
    }
    sentAll = true;
    if (fields.size() > 0) {
      HeaderMap map = new HeaderMap();
      fields.forEach((name, value) -> map.add(new HttpString(name), value));
      connection.sendFields(number, map, true);
    } else {
      connection.sendData(number, ByteBuffer.allocate(0), true);
    }
    sent.run();
    forgetIfDone();
  }

  void growWindow(int more) throws Broken {
    sendWindow += more;
    require(sendWindow <= Integer.MAX_VALUE, Code.FLOW_CONTROL_ERROR, "too large a window");
  }

  // The answer's head.

  void fields(Http2Fields.Block block, boolean endStream) {
    if (over) {
      return;
    }
    if (!block.isSound() || (block.status() == 0) != answered) {
      malformed();
    } else if (answered) {
      trailers(block.fields(), endStream);
    } else if (block.status() < 200) {
      interim(block, endStream);
    } else {
      answered(block, endStream);
    }
  }

  private void trailers(FieldList fields, boolean endStream) {
    if (!endStream) {
      malformed();
      return;
    }
    trailers = fields;
    dataEnds();
  }

  private void interim(Http2Fields.Block block, boolean endStream) {
    if (endStream || block.status() == 101 || ++interims > MAX_INTERIM) {
      malformed();
    } else if (block.status() == 100) {
      replies.proceed();
    } else {
      replies.interim(new InterimHead(block.status(), block.fields()));
    }
  }

  private void answered(Http2Fields.Block block, boolean endStream) {
    List<String> lengths = block.fields().all("content-length");
    boolean known = lengths.size() == 1 && lengths.getFirst().matches("[0-9]{1,18}");
    if (!lengths.isEmpty() && !known) {
      malformed();
      return;
    }
    boolean bodiless =
        request.method().equals("HEAD") || block.status() == 204 || block.status() == 304;
    if (known) {
      length = OptionalLong.of(Long.parseLong(lengths.getFirst()));
      remaining = length.getAsLong();
    }
    if (bodiless) {
      remaining = 0;
      length = request.method().equals("HEAD") ? length : OptionalLong.of(0);
    }
    if (endStream && remaining > 0) {
      malformed();
      return;
    }
    answered = true;
    if (endStream) {
      receivedAll = true;
      forgetIfDone();
    }
    replies.answered(new ResponseHead(block.status(), OriginFields.response(block.fields())), this);
  }

  /** The stream breaks HTTP; the connection goes on (RFC 9113, section 8.1.1). */
  private void malformed() {
    connection.forget(number, true);
    fail(FailureKind.BAD_RESPONSE, false);
  }

  // The answer's body.

  void dataBegins(int count) throws Broken {
    receiveWindow -= count;
    require(receiveWindow >= 0, Code.FLOW_CONTROL_ERROR, "more than the window");
  }

  void data(ByteBuffer part) {
    if (over) {
      return;
    }
    if (!answered || (remaining != UNKNOWN && part.remaining() > remaining)) {
      malformed();
      return;
    }
    remaining -= remaining == UNKNOWN ? 0 : part.remaining();
    Receiver to = receiver;
    if (to != null && !paused && !delivering && queue.isEmpty()) {
      delivering = true;
      take(to, part);
      delivering = false;
    } else {
      queue.addLast(ByteBuffer.allocate(part.remaining()).put(part).flip());
    }
  }

  void dataEnds() {
    if (over || receivedAll) {
      return;
    }
    if (!answered || remaining > 0) {
      malformed();
      return;
    }
    receivedAll = true;
    forgetIfDone();
    deliver();
  }

  private void take(Receiver to, ByteBuffer part) {
    int count = part.remaining();
    paused = !to.take(part);
    taken += count;
    if (taken >= Http2Connection.STREAM_WINDOW / 2 && !receivedAll && !over) {
      receiveWindow += taken;
      connection.giveWindow(number, taken);
      taken = 0;
    }
  }

  @Override
  public OptionalLong length() {
    return length;
  }

  @Override
  public FieldList trailers() {
    return trailers;
  }

  @Override
  public void deliver(Receiver to) {
    receiver = to;
    deliver();
  }

  @Override
  public void resume() {
    paused = false;
    deliver();
  }

  /** Nothing more is wanted; {@link #end(boolean)} resets the stream. */
  @Override
  public void cancel() {
    told = true;
    queue.clear();
  }

  private void deliver() {
    Receiver to = receiver;
    if (to == null || delivering || told) {
      return;
    }
    delivering = true;
    while (!queue.isEmpty() && !paused && !told) {
      take(to, queue.removeFirst());
    }
    delivering = false;
    if (told || !queue.isEmpty()) {
      return;
    }
    if (!breakage.isEmpty()) {
      told = true;
      to.broken(breakage);
    } else if (receivedAll) {
      told = true;
      to.end();
    }
  }

  // The end.

  /** Both sides have said all. */
  private void forgetIfDone() {
    if (sentAll && receivedAll && !over) {
      over = true;
      connection.forget(number, false);
    }
  }

  @Override
  public void end(boolean whole) {
    if (!over) {
      over = true;
      connection.forget(number, true);
      if (!answered && connection.isSilentSince(readsBefore)) {
        // Perhaps nobody is there any more: whoever comes next asks on another connection.
        connection.retire();
      }
    }
  }

  /** RST_STREAM. After a whole answer it says that the rest of the request is not wanted. */
  void reset(int code) {
    if (receivedAll) {
      over = true;
      replies.broken(FailureKind.RESET, false);
    } else {
      fail(FailureKind.RESET, code == Code.REFUSED_STREAM.number());
    }
  }

  /** There will be no more of it. */
  void fail(FailureKind kind, boolean untouched) {
    if (over) {
      return;
    }
    over = true;
    if (answered) {
      breakage =
          kind == FailureKind.BAD_RESPONSE
              ? "the origin's answer breaks HTTP"
              : "the origin's answer broke off";
      deliver();
    } else {
      replies.broken(kind, untouched);
    }
  }
}

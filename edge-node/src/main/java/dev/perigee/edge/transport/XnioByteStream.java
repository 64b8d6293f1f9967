package dev.perigee.edge.transport;

import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.ByteStream;
import io.undertow.connector.ByteBufferPool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.xnio.IoUtils;
import org.xnio.StreamConnection;
import org.xnio.conduits.ConduitStreamSinkChannel;

/** Bytes both ways over one XNIO connection. */
public final class XnioByteStream implements ByteStream {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final StreamConnection connection;
  private final ByteBufferPool buffers;
  private final Runnable closed;
  private final Input input;
  private ByteBuffer pending = NOTHING;
  private Runnable resume = () -> {};
  private long written;
  private boolean finishing;
  private boolean isClosed;

  /**
   * Takes the connection over, with whatever its source still holds.
   *
   * @param closed called once, when {@link #close} is
   */
  public XnioByteStream(StreamConnection connection, ByteBufferPool buffers, Runnable closed) {
    this.connection = connection;
    this.buffers = buffers;
    this.closed = closed;
    this.input = new Input();
    connection.getSinkChannel().setWriteListener(null);
    connection.getSinkChannel().suspendWrites();
    connection.getSourceChannel().setReadListener(null);
    connection.getSourceChannel().suspendReads();
  }

  /** Bytes given to be written so far. */
  public long written() {
    return written;
  }

  @Override
  public BodySource input() {
    return input;
  }

  @Override
  public boolean write(ByteBuffer bytes, Runnable whenWritten) {
    if (isClosed || finishing) {
      return true;
    }
    written += bytes.remaining();
    try {
      ConduitStreamSinkChannel sink = connection.getSinkChannel();
      while (bytes.hasRemaining()) {
        if (sink.write(bytes) == 0) {
          pending = ByteBuffer.allocate(bytes.remaining()).put(bytes).flip();
          resume = whenWritten;
          sink.setWriteListener(writable -> writePending());
          sink.resumeWrites();
          return false;
        }
      }
      // TLS may hold back a part of a record.
      if (!sink.flush()) {
        resume = () -> {};
        sink.setWriteListener(writable -> writePending());
        sink.resumeWrites();
      }
      return true;
    } catch (IOException e) {
      input.broken();
      return true;
    }
  }

  private void writePending() {
    if (isClosed) {
      return;
    }
    try {
      ConduitStreamSinkChannel sink = connection.getSinkChannel();
      while (pending.hasRemaining()) {
        if (sink.write(pending) == 0) {
          return;
        }
      }
      pending = NOTHING;
      if (finishing) {
        sink.shutdownWrites();
      }
      if (!sink.flush()) {
        return;
      }
      sink.suspendWrites();
      Runnable then = resume;
      resume = () -> {};
      then.run();
    } catch (IOException e) {
      input.broken();
    }
  }

  @Override
  public void finish() {
    if (isClosed || finishing) {
      return;
    }
    finishing = true;
    ConduitStreamSinkChannel sink = connection.getSinkChannel();
    try {
      if (!pending.hasRemaining()) {
        sink.shutdownWrites();
        if (sink.flush()) {
          return;
        }
      }
      sink.setWriteListener(writable -> writePending());
      sink.resumeWrites();
    } catch (IOException e) {
      input.broken();
    }
  }

  @Override
  public void close() {
    if (!isClosed) {
      isClosed = true;
      input.loop.abandon();
      closed.run();
      IoUtils.safeClose(connection);
    }
  }

  /** A read that finds nothing puts off the time-outs of the conduits beneath. */
  @Override
  public void touch() {
    input.loop.read();
  }

  private final class Input implements BodySource {
    private final ReadLoop loop =
        new ReadLoop(connection.getSourceChannel(), buffers, (to, problem) -> broken());
    private @Nullable Receiver receiver;

    @Override
    public OptionalLong length() {
      return OptionalLong.empty();
    }

    @Override
    public void deliver(Receiver to) {
      receiver = to;
      loop.deliver(to);
    }

    @Override
    public void resume() {
      loop.resume();
    }

    @Override
    public void cancel() {
      close();
    }

    /** Told once; a stream whose end was read before can still break on its way out. */
    private void broken() {
      Receiver to = receiver;
      loop.end();
      if (!isClosed && to != null) {
        to.broken("the connection broke off");
      } else {
        close();
      }
    }
  }
}

package dev.perigee.edge.origin;

import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.transport.ReadLoop;
import io.undertow.connector.ByteBufferPool;
import java.io.IOException;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.xnio.channels.StreamSourceChannel;

/** The body of an origin's answer over HTTP/1, read as fast as it is taken. */
final class OriginBody implements BodySource {
  private final ReadLoop loop;
  private final OptionalLong length;
  private final Supplier<FieldList> trailers;

  /**
   * A body that nobody has asked for yet.
   *
   * @param trailers asked once the body is whole
   */
  OriginBody(
      StreamSourceChannel channel,
      ByteBufferPool buffers,
      OptionalLong length,
      Supplier<FieldList> trailers) {
    this.loop = new ReadLoop(channel, buffers, OriginBody::broken);
    this.length = length;
    this.trailers = trailers;
  }

  @Override
  public OptionalLong length() {
    return length;
  }

  @Override
  public FieldList trailers() {
    return trailers.get();
  }

  @Override
  public void deliver(Receiver to) {
    loop.deliver(to);
  }

  @Override
  public void resume() {
    loop.resume();
  }

  @Override
  public void cancel() {
    loop.end();
  }

  private static void broken(Receiver to, IOException problem) {
    boolean flawed = problem instanceof ResponseFlaw.Found;
    to.broken(flawed ? "the origin's answer breaks HTTP" : "the origin's answer broke off");
  }
}

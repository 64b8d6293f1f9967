package dev.perigee.edge.origin;

import dev.perigee.edge.request.FieldList;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Where a request's body goes. Used on one I/O thread only; never blocks. */
interface BodySink {
  /** Takes as many of the bytes as it can. */
  int write(ByteBuffer bytes) throws IOException;

  /** Calls, once, when more can be taken after {@link #write} left some. */
  void whenWritable(Runnable action);

  /** Sends the head, and what was taken so far, without waiting for more. */
  void flush() throws IOException;

  /**
   * The body is whole.
   *
   * @param sent called once all of it is on its way
   */
  void end(FieldList trailers, Runnable sent) throws IOException;
}

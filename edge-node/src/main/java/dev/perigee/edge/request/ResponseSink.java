package dev.perigee.edge.request;

import java.nio.ByteBuffer;
import java.util.OptionalLong;
import java.util.function.LongUnaryOperator;

/** Where one response goes. Used on the request's I/O thread only; never blocks. */
public interface ResponseSink {
  /**
   * Sends the head; once.
   *
   * @param length bytes of the body that follows, or empty when unknown
   */
  void start(ResponseHead head, OptionalLong length);

  /** Whether {@link #start} was called: then the status can no longer be changed. */
  boolean isStarted();

  /**
   * Writes a part of the body.
   *
   * @param resume called on the I/O thread once all is written, if this returned false
   * @return true when the bytes are written and the next may follow at once
   */
  boolean write(ByteBuffer bytes, Runnable resume);

  /**
   * From now on each part of the body waits its turn.
   *
   * @param turns gives for so many bytes the nanoseconds until they may go
   */
  default void pace(LongUnaryOperator turns) {}

  /** Sends the head and what was written so far: the next part may be long in coming. */
  default void flush() {}

  /** The response is whole. */
  void finish();

  /** The same with the fields that follow the body, where the protocol can carry them. */
  default void finish(FieldList trailers) {
    finish();
  }

  /** Ends the response incomplete, so that the client can tell. */
  void breakOff();

  /** Called once if the client goes away before the response is whole. */
  void onAbandoned(Runnable action);
}

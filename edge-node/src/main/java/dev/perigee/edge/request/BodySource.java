package dev.perigee.edge.request;

import java.nio.ByteBuffer;
import java.util.OptionalLong;

/** A body on its way in. Used on one I/O thread only; never blocks. */
public interface BodySource {
  /** Why a body breaks off whose sender is slower than it may be. */
  String TOO_SLOW = "the body came too slowly";

  /** Bytes of the whole body, where announced. */
  OptionalLong length();

  /** Begins to deliver; once. */
  void deliver(Receiver receiver);

  /** Goes on after {@link Receiver#take} returned false. */
  void resume();

  /** No more is wanted; the connection may be closed. */
  void cancel();

  /** The fields that followed the body, once {@link Receiver#end} was called. */
  default FieldList trailers() {
    return FieldList.empty();
  }

  /** Takes the parts of a body. */
  interface Receiver {
    /**
     * One part; the buffer is the source's again when this returns.
     *
     * @return false to pause delivery until {@link BodySource#resume}
     */
    boolean take(ByteBuffer part);

    /** The body is whole. */
    void end();

    /** The body breaks off. */
    void broken(String reason);
  }
}

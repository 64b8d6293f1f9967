package dev.perigee.edge.request;

import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** One request with the way to answer it. */
public interface Exchange {
  RequestHead head();

  /** The request's body; empty when there is none. */
  Optional<BodySource> body();

  ResponseSink sink();

  /** What the node of ours says that passed the request on; empty where a reader sent it. */
  default Optional<PeerHop> peer() {
    return Optional.empty();
  }

  /** How the request came to this node. */
  default Arrival arrival() {
    return Arrival.WITHIN;
  }

  /** Whether a reader made the request, and not a node of ours. */
  default boolean isOfReader() {
    return peer().isEmpty();
  }

  /** Sends an interim response, where the protocol and the connection allow it just now. */
  void interim(InterimHead head);

  /**
   * Answers 101 and hands the connection over; the exchange ends when the stream is closed.
   *
   * @param switched called once the answer is on its way; never if the client is gone before
   */
  default void switchProtocol(ResponseHead head, Consumer<ByteStream> switched) {
    throw new UnsupportedOperationException("the protocol of this exchange cannot be switched");
  }

  /** Runs on the connection's I/O thread. */
  Executor thread();

  /** Ends the connection after this response. */
  void closeAfterwards();

  /** Called once when the response has ended, whole or not. */
  void onEnded(Ended action);

  /** Takes the end of a response. */
  interface Ended {
    /**
     * Told once.
     *
     * @param bytes of the body that were written
     */
    void ended(int status, long bytes);
  }
}

package dev.perigee.edge.request;

import java.util.Optional;
import java.util.concurrent.Executor;

/** One request with the way to answer it. */
public interface Exchange {
  RequestHead head();

  /** The request's body; empty when there is none. */
  Optional<BodySource> body();

  ResponseSink sink();

  /** Runs on the connection's I/O thread. */
  Executor thread();

  /** Ends the connection after this response. */
  void closeAfterwards();
}

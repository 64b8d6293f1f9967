package dev.perigee.edge.origin;

import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.ByteStream;
import dev.perigee.edge.request.InterimHead;
import dev.perigee.edge.request.ResponseHead;

/** An open connection to a server. Used on its I/O thread only; never blocks. */
interface OriginConnection {
  /** Whether it can be used for further exchanges. */
  boolean isOpen();

  /** Whether several exchanges run on it at once, so that it is kept while they do. */
  boolean isShared();

  /** Whether no exchange runs on it. */
  boolean isUnused();

  /** Whether another exchange may begin now. */
  boolean hasRoom();

  /**
   * Begins an exchange. The request goes out at once if it has no body; else {@link Running#body}
   * takes the body.
   */
  Running send(FetchRequest request, Replies replies);

  void close();

  /** An exchange on its way. */
  interface Running {
    /** Where the request's body goes. */
    BodySink body();

    /**
     * Nothing more is wanted of it.
     *
     * @param whole whether both the request and the response have been carried to their ends
     */
    void end(boolean whole);
  }

  /** What an exchange brings: heads that are not final, then one of the others, once. */
  interface Replies {
    /** 100: the request's body is wanted. */
    void proceed();

    void interim(InterimHead head);

    void answered(ResponseHead head, BodySource body);

    /** 101: the connection now carries bytes of another protocol. */
    void switched(ResponseHead head, ByteStream stream);

    /** Whoever was given the bytes of another protocol has closed them. */
    void streamClosed();

    /**
     * There is no answer, or the request cannot be sent any further.
     *
     * @param untouched whether it is certain that the server did nothing
     */
    void broken(FailureKind kind, boolean untouched);
  }
}

package dev.perigee.edge.origin;

import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.ByteStream;
import dev.perigee.edge.request.ResponseHead;
import java.util.Optional;

/** The answer to a fetch. */
public sealed interface Fetched {
  /**
   * A final response, 304 included; its body waits to be delivered on the fetching thread.
   *
   * @param stickyCookie a Set-Cookie line by which the reader stays at the server; for answers that
   *     nobody stores
   */
  record Response(
      ResponseHead head,
      BodySource body,
      long requestMillis,
      long responseMillis,
      Optional<String> stickyCookie)
      implements Fetched {}

  /** 101 to a request that asked for another protocol; the connection is the caller's. */
  record Switched(ResponseHead head, ByteStream stream) implements Fetched {}

  /**
   * No response.
   *
   * @param source the server asked, as {@code host:port}; empty where none was reached
   */
  record Failed(FailureKind kind, String source) implements Fetched {}
}

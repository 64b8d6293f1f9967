package dev.perigee.edge.respond.coding;

import dev.perigee.contract.ContentCoding;

/** Which representation of a response a request gets: the one at hand, for a reason, or another. */
public sealed interface Selected permits NotCodedReason, Selected.Encoded, Selected.Decoded {
  /** One that is compressed, where there is one already. */
  record Encoded(ContentCoding coding) implements Selected {}

  /** One without the coding that the origin gave it. */
  record Decoded(ContentCoding coding) implements Selected {}

  /** Whether it hangs on the request's Accept-Encoding. */
  default boolean varies() {
    return switch (this) {
      case NotCodedReason reason -> reason.isOfRequest();
      case Encoded encoded -> true;
      case Decoded decoded -> true;
    };
  }
}

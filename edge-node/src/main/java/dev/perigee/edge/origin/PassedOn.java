package dev.perigee.edge.origin;

import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.TrailerFields;

/**
 * What of a request's own connection is said anew on the origin's: that trailers are understood,
 * that the body waits for 100, that another protocol is wanted.
 */
public final class PassedOn {
  private PassedOn() {}

  /** {@code TE: trailers}, where the client understands them (RFC 9110, section 10.1.4). */
  public static void trailers(RequestHead request, FieldList.Builder fields) {
    if (TrailerFields.areAccepted(request.fields())) {
      fields.set("TE", "trailers").set("Connection", "TE");
    }
  }

  /** {@code Expect: 100-continue} of a request with a body (RFC 9110, section 10.1.1). */
  public static void expectation(RequestHead request, FieldList.Builder fields) {
    boolean expects =
        request
            .fields()
            .first("Expect")
            .filter(e -> e.equalsIgnoreCase("100-continue"))
            .isPresent();
    if (request.hasBody() && expects && !request.protocol().equals("HTTP/1.0")) {
      fields.set("Expect", "100-continue");
    }
  }

  /** Asks for another protocol (RFC 9110, section 7.8). */
  public static void upgrade(String protocol, FieldList.Builder fields) {
    fields.set("Upgrade", protocol).set("Connection", "Upgrade");
  }
}

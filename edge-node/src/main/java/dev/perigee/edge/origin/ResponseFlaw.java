package dev.perigee.edge.origin;

import java.io.IOException;

/** How an origin's answer breaks HTTP (RFC 9112). */
enum ResponseFlaw {
  STATUS_LINE("The status line is none of HTTP/1.0 or HTTP/1.1."),
  STATUS("The status is not 100 to 599, or 101 without having been asked."),
  LINE_END("A line does not end in CR LF."),
  FIELD("A field line is no name, colon and value."),
  FOLDED("A field line is folded."),
  TOO_LARGE("The head is larger than it may be."),
  TOO_MUCH_INTERIM("More interim responses came than may come."),
  LENGTH("Content-Length is no single number."),
  ENCODING("Transfer-Encoding is not chunked alone, or stands beside a length."),
  CHUNK("A chunk is malformed."),
  TRAILERS("The fields behind the body are malformed or too many.");

  private final String sentence;

  ResponseFlaw(String sentence) {
    this.sentence = sentence;
  }

  String sentence() {
    return sentence;
  }

  /** Thrown through Undertow's parser, which closes the connection. */
  static final class Found extends IOException {
    private static final long serialVersionUID = 1;

    private final ResponseFlaw flaw;

    Found(ResponseFlaw flaw) {
      super(flaw.sentence());
      this.flaw = flaw;
    }

    ResponseFlaw flaw() {
      return flaw;
    }
  }
}

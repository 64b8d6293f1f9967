package dev.perigee.edge.listener;

/** How a request over HTTP/1 breaks the protocol (RFC 9112), or is more than the node takes. */
enum RequestFlaw {
  METHOD(400, "The method is no token, or too long."),
  TARGET(400, "The target has octets that no URI has."),
  VERSION(400, "The version is neither HTTP/1.0 nor HTTP/1.1."),
  LINE_END(400, "A line does not end in CR LF."),
  FIELD(400, "A field line is no name, colon and value."),
  FOLDED(400, "A field line is folded."),
  LENGTH(400, "Content-Length is no single number."),
  ENCODING(400, "Transfer-Encoding is not chunked alone, or stands beside a length."),
  DISGUISE(400, "A field is named like the length or the encoding of the body."),
  BODY(400, "The body's chunks are malformed."),
  TIMEOUT(408, "The head did not come in time."),
  LONG_TARGET(414, "The target is longer than it may be."),
  TOO_LARGE(431, "The head is larger than it may be, or has too many fields.");

  private final int status;
  private final String sentence;

  RequestFlaw(int status, String sentence) {
    this.status = status;
    this.sentence = sentence;
  }

  int status() {
    return status;
  }

  String sentence() {
    return sentence;
  }
}

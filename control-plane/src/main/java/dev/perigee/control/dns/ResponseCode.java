package dev.perigee.control.dns;

/** What an answer says of its query (RFC 6895, section 2.3). */
enum ResponseCode {
  NOERROR(0),
  FORMERR(1),
  SERVFAIL(2),
  NXDOMAIN(3),
  NOTIMP(4),
  REFUSED(5),
  BADVERS(16),
  BADCOOKIE(23);

  private final int code;

  ResponseCode(int code) {
    this.code = code;
  }

  /** The header's part. */
  int low() {
    return code & 0xf;
  }

  /** The part in OPT (RFC 6891, section 6.1.3). */
  int high() {
    return code >> 4;
  }
}

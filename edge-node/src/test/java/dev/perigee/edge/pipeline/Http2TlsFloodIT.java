package dev.perigee.edge.pipeline;

/** The same floods over TLS, with HTTP/2 agreed on by ALPN (RFC 9113, section 3.2). */
final class Http2TlsFloodIT extends Http2Floods {
  Http2TlsFloodIT() {
    super("https");
  }
}

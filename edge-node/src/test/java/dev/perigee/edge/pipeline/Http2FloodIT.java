package dev.perigee.edge.pipeline;

/** Floods of HTTP/2 in clear text. */
final class Http2FloodIT extends Http2Floods {
  Http2FloodIT() {
    super("http");
  }
}

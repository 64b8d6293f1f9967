package dev.perigee.control.dns;

import java.io.IOException;

/** One socket of UDP, bound, with a thread that answers what it receives. */
interface UdpListener extends AutoCloseable {
  /** A query of one question and one OPT is far shorter; what is longer is cut and so malformed. */
  int MAX_QUERY = 4_096;

  void start();

  @Override
  void close() throws IOException;
}

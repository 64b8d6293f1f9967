package dev.perigee.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * An origin server of another make than ours: Debian's nginx where it is installed, else the JDK's
 * HTTP server. Every path under {@code /<tag>/} answers 200 with a {@code max-age} of hours and
 * that tag as {@code Surrogate-Key}; the first body of a path is its own name.
 */
interface Origin extends AutoCloseable {
  String url();

  /** How often an edge asked for exactly this target. */
  long fetches(String target);

  @Override
  void close();

  /** Starts the better one of the two, and says which; in a full run nginx must be there. */
  static Origin start(Path folder, String address, int port) throws IOException {
    Path nginx = Path.of("/usr/sbin/nginx");
    if (Files.isExecutable(nginx)) {
      System.out.println("origin of the tour: nginx");
      return NginxOrigin.start(nginx, folder, address, port);
    }
    if (Boolean.getBoolean("perigee.full")) {
      throw new AssertionError("a full run needs nginx as its origin; install it");
    }
    System.out.println("origin of the tour: the JDK's, since nginx is not installed");
    return JdkOrigin.start(address, port);
  }
}

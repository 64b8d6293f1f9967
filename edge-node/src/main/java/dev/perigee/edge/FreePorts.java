package dev.perigee.edge;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Whether the ports of a node can be opened, before anything else is done. */
final class FreePorts {
  private FreePorts() {}

  /** One line that names the port, where another process has it. */
  static void require(EdgeOptions options) throws StartException {
    for (String address : options.bind) {
      requireFree("HTTP port", address, options.httpPort);
      requireFree("HTTPS port", address, options.httpsPort);
    }
    for (String address : options.peerAddresses()) {
      requireFree("peer port", address, options.peerPort);
    }
    requireFree("admin port", options.adminAddress(), options.adminPort);
  }

  private static void requireFree(String what, String address, int port) throws StartException {
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(address, port));
    } catch (BindException e) {
      throw new StartException(
          "%s %s:%d cannot be opened: %s".formatted(what, address, port, e.getMessage()));
    } catch (IOException | IllegalArgumentException e) {
      throw new StartException("%s %s:%d: %s".formatted(what, address, port, e.getMessage()));
    }
  }
}

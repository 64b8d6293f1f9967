package dev.perigee.control.api;

import dev.perigee.control.tls.ServerTls;
import java.net.InetAddress;
import java.util.Optional;

/**
 * Where the API listens.
 *
 * @param port 0 picks a free one
 * @param tls spoken there; plain HTTP where it is empty
 */
public record ApiConfig(InetAddress address, int port, Optional<ServerTls> tls) {
  /** One that speaks plain HTTP. */
  public ApiConfig(InetAddress address, int port) {
    this(address, port, Optional.empty());
  }
}

package dev.perigee.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.security.SecureRandom;

/**
 * Loopback addresses of one's own: a random network {@code 127.x.y.0/24}, so that a run with fixed
 * ports meets neither another run nor a network that a person started. Where only 127.0.0.1 answers
 * (macOS), use {@link #freePort}.
 *
 * @param prefix the first three parts, such as {@code 127.91.7}
 */
public record Loopback(String prefix) {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int TRIES = 20;

  /** A network in which nothing listens on any of {@code ports} of its first address. */
  public static Loopback fresh(int... ports) {
    for (int i = 0; i < TRIES; i++) {
      Loopback candidate =
          new Loopback("127." + (16 + RANDOM.nextInt(224)) + "." + RANDOM.nextInt(256));
      if (candidate.hasFree(ports)) {
        return candidate;
      }
    }
    throw new IllegalStateException("no loopback network is free after " + TRIES + " tries");
  }

  /** The address with this last part, 1 to 254. */
  public String host(int last) {
    return prefix + "." + last;
  }

  /**
   * A TCP port of {@code host} that is free for TCP and UDP now; somebody may take it meanwhile.
   */
  public static int freePort(String host) {
    for (int i = 0; i < TRIES; i++) {
      int port = freeTcpPort(host);
      if (isFree(host, port)) {
        return port;
      }
    }
    throw new IllegalStateException("no port of " + host + " is free for both TCP and UDP");
  }

  private static int freeTcpPort(String host) {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(host))) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean hasFree(int... ports) {
    for (int port : ports) {
      if (!isFree(host(1), port)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isFree(String host, int port) {
    try (ServerSocket tcp = new ServerSocket();
        DatagramSocket udp = new DatagramSocket(new InetSocketAddress(host, port))) {
      tcp.setReuseAddress(true);
      tcp.bind(new InetSocketAddress(host, port));
      return udp.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}

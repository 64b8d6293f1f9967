package dev.perigee.local;

import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The look, before anything starts, at whether every port is free. */
final class PortCheck {
  private PortCheck() {}

  /** Fails with one sentence that names the first port that cannot be had, and who needs it. */
  static void requireFree(List<Layout.Listener> listeners) throws LocalException {
    for (Layout.Listener listener : listeners) {
      Optional<IOException> refusal = listener.udp() ? tryUdp(listener) : tryTcp(listener);
      if (refusal.isPresent()) {
        throw new LocalException(sentence(listener, refusal.get()), refusal.get());
      }
    }
  }

  private static String sentence(Layout.Listener listener, IOException refusal) {
    String protocol = listener.udp() ? "UDP" : "TCP";
    String where = protocol + " port " + listener.port() + " of " + listener.host();
    String reason = String.valueOf(refusal.getMessage()).toLowerCase(Locale.ROOT);
    if (refusal instanceof BindException && reason.contains("assign")) {
      return listener.host()
          + " is no address of this machine (macOS: sudo ifconfig lo0 alias "
          + listener.host()
          + "); it is needed for "
          + listener.purpose();
    }
    if (reason.contains("in use")) {
      return where + " is in use by another program; it is needed for " + listener.purpose();
    }
    return where + " cannot be had (" + reason + "); it is needed for " + listener.purpose();
  }

  private static Optional<IOException> tryTcp(Layout.Listener listener) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(listener.host(), listener.port()));
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(e);
    }
  }

  private static Optional<IOException> tryUdp(Layout.Listener listener) {
    InetSocketAddress address = new InetSocketAddress(listener.host(), listener.port());
    try (DatagramSocket socket = new DatagramSocket(address)) {
      return socket.isBound() ? Optional.empty() : Optional.of(new BindException("not bound"));
    } catch (IOException e) {
      return Optional.of(e);
    }
  }
}

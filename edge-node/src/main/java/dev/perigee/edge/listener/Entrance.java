package dev.perigee.edge.listener;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;
import java.util.function.Consumer;
import org.xnio.IoUtils;
import org.xnio.StreamConnection;

/**
 * Counts the connections of each address, and lets no more in than it may have. A trusted proxy may
 * have any number, for it speaks for many.
 */
record Entrance(ClientPolicy clients, VisitorTable visitors, int most, DoorCounts counts) {
  /**
   * Takes a connection in, or closes it.
   *
   * @param source where it comes from: its other end, or what a trusted proxy's header says
   */
  void enter(StreamConnection connection, SocketAddress source, Consumer<ReaderConnection> next) {
    Optional<InetAddress> address =
        source instanceof InetSocketAddress socket
            ? Optional.ofNullable(socket.getAddress())
            : Optional.empty();
    if (address.isEmpty() || clients.trusts(address.get())) {
      next.accept(new ReaderConnection(connection, source, () -> {}));
      return;
    }
    VisitorTable.Visit visit = visitors.enter(address.get());
    if (!visit.visitor().connect(most)) {
      visit.end().run();
      counts.count(DoorReason.ADDRESS_CONNECTIONS);
      IoUtils.safeClose(connection);
      return;
    }
    Runnable whenClosed =
        () -> {
          visit.visitor().disconnect();
          visit.end().run();
        };
    next.accept(new ReaderConnection(connection, source, whenClosed));
  }
}

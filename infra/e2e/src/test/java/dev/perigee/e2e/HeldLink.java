package dev.perigee.e2e;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/**
 * A TCP link from nodes to the control plane, on which the test can hold back what the control
 * plane says, without the nodes noticing that anything is wrong.
 */
final class HeldLink implements AutoCloseable {
  private final ServerSocket server;
  private final InetSocketAddress control;
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private volatile CountDownLatch open = new CountDownLatch(0);

  HeldLink(String address, int port, String control, int controlPort) throws IOException {
    this.server = new ServerSocket(port, 50, InetAddress.getByName(address));
    this.control = new InetSocketAddress(control, controlPort);
    Thread.ofVirtual().start(this::accept);
  }

  String address() {
    return server.getInetAddress().getHostAddress() + ":" + server.getLocalPort();
  }

  /** From now on nothing of the control plane's comes through. */
  void hold() {
    open = new CountDownLatch(1);
  }

  /** What was held back comes now. */
  void release() {
    open.countDown();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket node = server.accept();
        Socket other = new Socket(control.getAddress(), control.getPort());
        sockets.addAll(List.of(node, other));
        Thread.ofVirtual().start(() -> copy(node, other, false));
        Thread.ofVirtual().start(() -> copy(other, node, true));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void copy(Socket from, Socket to, boolean held) {
    byte[] buffer = new byte[64 * 1024];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        if (held) {
          open.await();
        }
        out.write(buffer, 0, count);
      }
    } catch (IOException e) {
      // One of the two went away, and the other with it.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    release();
    server.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}

package dev.perigee.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A TCP link that a test can break: connections to its port go on to another, until it is cut,
 * which both ends see, or frozen, which neither sees: what they write is taken and never comes.
 */
public final class Relay implements AutoCloseable {
  private static final int CONNECT_MILLIS = 5_000;

  private enum State {
    OPEN,
    CUT,
    FROZEN
  }

  private final ServerSocket listener;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final Lock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile InetSocketAddress target;
  private State state = State.OPEN;

  private Relay(ServerSocket listener, InetSocketAddress target) {
    this.listener = listener;
    this.target = target;
  }

  /** A link from a port of this address, 0 for any, to the target. */
  public static Relay open(String address, int port, InetSocketAddress target) {
    try {
      ServerSocket listener = new ServerSocket();
      listener.bind(new InetSocketAddress(InetAddress.getByName(address), port));
      Relay relay = new Relay(listener, target);
      Thread.ofVirtual().name("relay").start(relay::accept);
      return relay;
    } catch (IOException e) {
      throw new UncheckedIOException("no relay on " + address, e);
    }
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** Where connections go that are made from now on. */
  public void to(InetSocketAddress elsewhere) {
    target = elsewhere;
  }

  /** Ends all connections, and every further one as soon as it is made. */
  public void cut() {
    become(State.CUT);
    endAll();
  }

  /** Takes everything and passes nothing on. */
  public void freeze() {
    become(State.FROZEN);
  }

  /** Passes everything on, for new connections; those that were frozen end. */
  public void mend() {
    endAll();
    become(State.OPEN);
  }

  private void become(State now) {
    lock.lock();
    try {
      state = now;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private State state() {
    lock.lock();
    try {
      return state;
    } finally {
      lock.unlock();
    }
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket near = listener.accept();
        sockets.add(near);
        if (state() == State.CUT) {
          end(near);
        } else {
          Thread.ofVirtual().name("relay-link").start(() -> link(near));
        }
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  private void link(Socket near) {
    Socket far = new Socket();
    sockets.add(far);
    try {
      if (!awaitOpen(near)) {
        return;
      }
      far.connect(target, CONNECT_MILLIS);
      Thread back =
          Thread.ofVirtual()
              .name("relay-back")
              .start(
                  () -> {
                    pump(far, near);
                    end(near);
                    end(far);
                  });
      pump(near, far);
      back.join();
    } catch (IOException e) {
      end(near); // as if it had been refused
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      end(near);
      end(far);
    }
  }

  private void pump(Socket from, Socket to) {
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] buffer = new byte[16 * 1024];
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        if (!awaitOpen(from)) {
          return;
        }
        out.write(buffer, 0, count);
      }
      to.shutdownOutput();
    } catch (IOException e) {
      end(from);
      end(to);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits while it is frozen; false where the connection ended meanwhile. */
  private boolean awaitOpen(Socket socket) throws InterruptedException {
    lock.lock();
    try {
      while (state == State.FROZEN && !socket.isClosed()) {
        changed.await();
      }
      return state == State.OPEN && !socket.isClosed();
    } finally {
      lock.unlock();
    }
  }

  private void endAll() {
    sockets.forEach(this::end);
    become(state());
  }

  private void end(Socket socket) {
    sockets.remove(socket);
    try {
      socket.close();
    } catch (IOException e) {
      // It is over anyway.
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      cut();
    }
  }
}

package dev.perigee.control.dns;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One TCP listener of the DNS, a virtual thread for each connection (RFC 7766). Who neither sends a
 * whole query nor takes an answer within the idle time is cut off, and so is who comes when all
 * connections are taken.
 */
final class DnsTcpListener implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DnsTcpListener.class);
  private static final int QUERIES_PER_CONNECTION = 1_000;
  private static final long WATCH_MILLIS = 250;
  private static final long FIRST_PAUSE_MILLIS = 50;
  private static final long LAST_PAUSE_MILLIS = 1_000;

  private final ServerSocket server;
  private final DnsPackets packets;
  private final Duration idle;
  private final LongSupplier nanos;
  private final Semaphore free;
  private final Set<Connection> served = ConcurrentHashMap.newKeySet();
  private final CountDownLatch closed = new CountDownLatch(1);

  /**
   * A listener that is not started.
   *
   * @param server bound
   * @param free how many connections more there may be
   * @param nanos a clock that never jumps
   */
  DnsTcpListener(
      ServerSocket server, DnsPackets packets, Duration idle, Semaphore free, LongSupplier nanos) {
    this.server = server;
    this.packets = packets;
    this.idle = idle;
    this.free = free;
    this.nanos = nanos;
  }

  void start() {
    Thread.ofVirtual().name("dns-tcp").start(this::accept);
    Thread.ofVirtual().name("dns-watch").start(this::watch);
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    try {
      server.close();
    } finally {
      served.forEach(Connection::end);
    }
  }

  private void accept() {
    long pause = FIRST_PAUSE_MILLIS;
    while (!server.isClosed()) {
      try {
        serve(server.accept());
        pause = FIRST_PAUSE_MILLIS;
      } catch (IOException e) {
        LOG.debug("not accepted", e);
        // Out of file descriptors, perhaps: trying at once would only burn a core.
        if (isClosedWithin(pause)) {
          return;
        }
        pause = Math.min(2 * pause, LAST_PAUSE_MILLIS);
      }
    }
  }

  private void serve(Socket socket) throws IOException {
    if (!free.tryAcquire()) {
      LOG.debug("no connection is free");
      socket.close();
      return;
    }
    Connection connection = new Connection(socket);
    served.add(connection);
    Thread.ofVirtual().name("dns-tcp").start(connection);
    if (closed.getCount() == 0) {
      connection.end();
    }
  }

  private boolean isClosedWithin(long millis) {
    try {
      return closed.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /** A socket has no time-out for writing, and one for reading would begin anew with each byte. */
  private void watch() {
    while (!isClosedWithin(WATCH_MILLIS)) {
      long now = nanos.getAsLong();
      served.stream().filter(one -> one.isIdle(now)).forEach(Connection::end);
    }
  }

  /** One connection, and since when it waits for the other side. */
  private final class Connection implements Runnable {
    private final Socket socket;
    private volatile long waitsSince = nanos.getAsLong();

    Connection(Socket socket) {
      this.socket = socket;
    }

    @Override
    public void run() {
      try (socket) {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        for (int i = 0; i < QUERIES_PER_CONNECTION; i++) {
          byte[] packet = new byte[in.readUnsignedShort()];
          in.readFully(packet);
          InetAddress source = socket.getInetAddress();
          Optional<byte[]> answer = packets.answer(packet, source, false);
          if (answer.isEmpty()) {
            return;
          }
          write(answer.get());
        }
      } catch (IOException | RuntimeException e) {
        LOG.debug("a connection ended", e);
      } finally {
        served.remove(this);
        free.release();
      }
    }

    private void write(byte[] bytes) throws IOException {
      ByteBuffer framed = ByteBuffer.allocate(2 + bytes.length);
      framed.putShort((short) bytes.length).put(bytes);
      waitsSince = nanos.getAsLong();
      socket.getOutputStream().write(framed.array());
      waitsSince = nanos.getAsLong();
    }

    boolean isIdle(long now) {
      return now - waitsSince > idle.toNanos();
    }

    void end() {
      try {
        socket.close();
      } catch (IOException e) {
        LOG.debug("on closing", e);
      }
    }
  }
}

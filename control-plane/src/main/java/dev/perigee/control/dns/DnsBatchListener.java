package dev.perigee.control.dns;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One socket of UDP and its thread, which receives, answers and sends many datagrams with two
 * system calls. The thread closes the socket: nobody else may while it waits there.
 */
final class DnsBatchListener implements UdpListener {
  private static final Logger LOG = LoggerFactory.getLogger(DnsBatchListener.class);
  private static final long PAUSE_MILLIS = 100;

  /** Longer than it waits before it looks whether it is closed. */
  private static final long END_MILLIS = 2_000;

  private final LinuxUdp socket;
  private final Datagrams datagrams;
  private final DnsResponder responder;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private final byte[] packet = new byte[MAX_QUERY];
  private volatile boolean started;

  private DnsBatchListener(LinuxUdp socket, DnsResponder responder) {
    this.socket = socket;
    this.datagrams = new Datagrams(MAX_QUERY, DnsResponder.UDP_BYTES);
    this.responder = responder;
  }

  /** One that is bound and not started. */
  static DnsBatchListener open(
      InetSocketAddress at, boolean reusePort, int buffer, DnsResponder responder)
      throws IOException {
    return new DnsBatchListener(LinuxUdp.open(at, reusePort, buffer), responder);
  }

  @Override
  public void start() {
    started = true;
    Thread.ofPlatform().daemon().name("dns-udp").start(this::serve);
  }

  @Override
  public void close() {
    closed.countDown();
    if (!started) {
      end();
    }
    try {
      if (!ended.await(END_MILLIS, TimeUnit.MILLISECONDS)) {
        LOG.warn("a query is still being answered");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve() {
    try {
      while (closed.getCount() > 0) {
        try {
          answer(datagrams.receive(socket));
        } catch (IOException | RuntimeException e) {
          LOG.debug("nothing received", e);
          pause();
        }
      }
    } finally {
      end();
    }
  }

  private void answer(int came) {
    for (int i = 0; i < came; i++) {
      int length = datagrams.query(i, packet);
      int answer = responder.answer(packet, length, datagrams.source(i), true);
      if (answer > 0) {
        datagrams.answer(i, responder.bytes(), answer);
      }
    }
    datagrams.send(socket);
  }

  private void end() {
    socket.close();
    ended.countDown();
  }

  private void pause() {
    try {
      if (closed.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS)) {
        LOG.trace("closed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

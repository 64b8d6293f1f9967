package dev.perigee.control.dns;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One socket of UDP of any system and its thread, which receives, answers and sends. */
final class DnsUdpListener implements UdpListener {
  private static final Logger LOG = LoggerFactory.getLogger(DnsUdpListener.class);

  private static final long PAUSE_MILLIS = 100;

  private final DatagramChannel channel;
  private final DnsResponder responder;
  private final CountDownLatch closed = new CountDownLatch(1);

  /**
   * A listener that is not started.
   *
   * @param channel bound
   * @param responder of its own
   */
  DnsUdpListener(DatagramChannel channel, DnsResponder responder) {
    this.channel = channel;
    this.responder = responder;
  }

  @Override
  public void start() {
    Thread.ofPlatform().daemon().name("dns-udp").start(this::serve);
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    channel.close();
  }

  private void serve() {
    ByteBuffer received = ByteBuffer.allocateDirect(MAX_QUERY);
    ByteBuffer sent = ByteBuffer.allocateDirect(DnsResponder.UDP_BYTES);
    byte[] packet = new byte[MAX_QUERY];
    while (closed.getCount() > 0) {
      try {
        InetSocketAddress source = (InetSocketAddress) channel.receive(received.clear());
        int length = received.flip().remaining();
        received.get(packet, 0, length);
        int answer = responder.answer(packet, length, source.getAddress().getAddress(), true);
        if (answer > 0) {
          send(sent.clear().put(responder.bytes(), 0, answer).flip(), source);
        }
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException | RuntimeException e) {
        LOG.debug("nothing received", e);
        pause();
      }
    }
  }

  /** Where it cannot be sent, as to the forged port 0, there is nobody to wait for. */
  private void send(ByteBuffer answer, InetSocketAddress source) {
    try {
      channel.send(answer, source);
    } catch (IOException | RuntimeException e) {
      LOG.debug("not sent", e);
    }
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

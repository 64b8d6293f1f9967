package dev.perigee.control.dns;

import dev.perigee.control.steer.NodeChoice;
import dev.perigee.control.steer.SteeringSnapshot;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The DNS listeners: for each address one platform thread for UDP, and a {@link DnsTcpListener}.
 * Nothing a packet holds ends a thread.
 */
public final class DnsServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DnsServer.class);
  private static final int MAX_MESSAGE = 65_535;
  private static final int PORTS_TRIED = 20;
  private static final long PAUSE_MILLIS = 100;

  private final DnsConfig config;
  private final DnsPackets packets;
  private final LongSupplier nanos;
  private final Semaphore connections;
  private final List<AutoCloseable> open = new ArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private int port;

  /**
   * A server that is not started.
   *
   * @param nanos a clock that never jumps
   */
  public DnsServer(
      DnsConfig config,
      NodeChoice steering,
      Supplier<SteeringSnapshot> snapshot,
      LongSupplier nanos) {
    this.config = config;
    this.nanos = nanos;
    this.packets = new DnsPackets(new DnsAnswers(config, steering, snapshot));
    this.connections = new Semaphore(config.tcpConnections());
    this.port = config.port();
  }

  /** Binds and answers; {@link BindException} where a port is taken. */
  public void start() throws IOException {
    for (InetAddress address : config.addresses()) {
      // A free port of TCP may be taken in UDP: only a port that was asked for must be had.
      int tries = port == 0 ? PORTS_TRIED : 1;
      while (!isOpened(address, --tries)) {
        LOG.debug("the port is free in one of TCP and UDP only");
      }
    }
  }

  private boolean isOpened(InetAddress address, int triesLeft) throws IOException {
    ServerSocket tcp = new ServerSocket();
    DatagramChannel udp = DatagramChannel.open();
    try {
      tcp.setReuseAddress(true);
      tcp.bind(new InetSocketAddress(address, port));
      udp.bind(new InetSocketAddress(address, tcp.getLocalPort()));
    } catch (IOException e) {
      tcp.close();
      udp.close();
      if (e instanceof BindException && triesLeft > 0) {
        return false;
      }
      throw e;
    }
    port = tcp.getLocalPort();
    DnsTcpListener listener =
        new DnsTcpListener(tcp, packets, config.tcpIdle(), connections, nanos);
    open.add(listener);
    open.add(udp);
    listener.start();
    Thread.ofPlatform().daemon().name("dns-udp").start(() -> serve(udp));
    return true;
  }

  public int port() {
    return port;
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    for (AutoCloseable one : open) {
      try {
        one.close();
      } catch (Exception e) {
        LOG.debug("on closing", e);
      }
    }
  }

  private void serve(DatagramChannel channel) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_MESSAGE);
    while (closed.getCount() > 0) {
      try {
        buffer.clear();
        InetSocketAddress source = (InetSocketAddress) channel.receive(buffer);
        byte[] packet = new byte[buffer.flip().remaining()];
        buffer.get(packet);
        Optional<byte[]> answer = packets.answer(packet, source.getAddress(), true);
        if (answer.isPresent()) {
          send(channel, answer.get(), source);
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
  private static void send(DatagramChannel channel, byte[] answer, InetSocketAddress source) {
    try {
      channel.send(ByteBuffer.wrap(answer), source);
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

package dev.perigee.control.dns;

import dev.perigee.control.steer.NodeChoice;
import dev.perigee.control.steer.SteeringSnapshot;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The DNS listeners: for each address some {@link UdpListener}s, to which the system spreads what
 * arrives, and a {@link DnsTcpListener}. Nothing a packet holds ends a thread.
 */
public final class DnsServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DnsServer.class);
  private static final int PORTS_TRIED = 20;
  private static final int KEY_BYTES = 16;

  private final DnsConfig config;
  private final Zones zones;
  private final Supplier<DnsResponder> responders;
  private final DnsCounters counters = new DnsCounters();
  private final DnsPackets packets;
  private final LongSupplier nanos;
  private final Semaphore connections;
  private final List<AutoCloseable> open = new ArrayList<>();
  private int port;

  /**
   * A server that is not started.
   *
   * @param cookieSecret that all replicas have, from which those of each day come
   * @param nanos a clock that never jumps
   */
  public DnsServer(
      DnsConfig config,
      NodeChoice steering,
      Supplier<SteeringSnapshot> snapshot,
      DnsFacts facts,
      byte[] cookieSecret,
      SecureRandom random,
      InstantSource clock,
      LongSupplier nanos) {
    byte[] secret = cookieSecret.clone();
    byte[] key = new byte[KEY_BYTES];
    random.nextBytes(key);
    this.config = config;
    this.nanos = nanos;
    SipHash hash = SipHash.of(key);
    this.zones = new Zones(config, snapshot, facts::get, hash);
    AbuseGuard.Shared shared =
        new AbuseGuard.Shared(
            config.limits(), new ResponseRates(config.limits(), hash), hash, clock, nanos);
    Signatures signatures = new Signatures(config.signing());
    this.responders =
        () ->
            new DnsResponder(
                config,
                steering,
                zones,
                new AbuseGuard(shared, secret),
                signatures,
                counters,
                clock);
    this.packets = new DnsPackets(responders);
    this.connections = new Semaphore(config.tcpConnections());
    this.port = config.port();
  }

  /** Binds and answers; {@link BindException} where a port is taken. */
  public void start() throws IOException {
    zones.refresh();
    zones.start();
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
    List<UdpListener> udp = new ArrayList<>();
    try {
      tcp.setReuseAddress(true);
      tcp.bind(new InetSocketAddress(address, port));
      for (int i = 0; i < config.threads(); i++) {
        udp.add(bound(new InetSocketAddress(address, tcp.getLocalPort())));
      }
    } catch (IOException e) {
      tcp.close();
      for (UdpListener one : udp) {
        one.close();
      }
      if (e instanceof BindException && triesLeft > 0) {
        return false;
      }
      throw e;
    }
    port = tcp.getLocalPort();
    DnsTcpListener listener =
        new DnsTcpListener(tcp, packets, config.tcpIdle(), connections, nanos);
    open.add(listener);
    listener.start();
    for (UdpListener one : udp) {
      open.add(one);
      one.start();
    }
    return true;
  }

  private UdpListener bound(InetSocketAddress address) throws IOException {
    DnsResponder responder = responders.get();
    return LinuxUdp.isHere()
        ? DnsBatchListener.open(address, config.threads() > 1, config.udpBuffer(), responder)
        : new DnsUdpListener(channel(address), responder);
  }

  private DatagramChannel channel(InetSocketAddress address) throws IOException {
    boolean v4 = address.getAddress() instanceof Inet4Address;
    DatagramChannel channel =
        DatagramChannel.open(v4 ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6);
    try {
      if (config.threads() > 1) {
        if (!channel.supportedOptions().contains(StandardSocketOptions.SO_REUSEPORT)) {
          throw new IOException("this system has no SO_REUSEPORT: --dns-threads must be 1");
        }
        channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
      }
      channel.setOption(StandardSocketOptions.SO_RCVBUF, config.udpBuffer());
      return channel.bind(address);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  public DnsCounters counters() {
    return counters;
  }

  public int port() {
    return port;
  }

  @Override
  public void close() throws IOException {
    zones.close();
    for (AutoCloseable one : open) {
      try {
        one.close();
      } catch (Exception e) {
        LOG.debug("on closing", e);
      }
    }
  }
}

package dev.perigee.control.dns;

import dev.perigee.control.steer.Steering;
import dev.perigee.control.steer.SteeringSnapshot;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/**
 * The DNS listeners: for each address one platform thread for UDP, and a virtual thread for each
 * TCP connection. What is no query is dropped or answered FORMERR; nothing a packet holds ends a
 * thread.
 */
public final class DnsServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DnsServer.class);
  private static final int HEADER = 12;
  private static final int MAX_MESSAGE = 65_535;
  private static final int MAX_CONNECTIONS = 1_000;
  private static final int IDLE_MILLIS = 10_000;
  private static final int QUERIES_PER_CONNECTION = 1_000;
  private static final int LEAST_UDP = 512;
  private static final long ACCEPT_PAUSE_MILLIS = 100;
  private static final long NOT_WRITING = Long.MIN_VALUE;

  private final DnsConfig config;
  private final DnsAnswers answers;
  private final LongSupplier nanos;
  private final Semaphore connections = new Semaphore(MAX_CONNECTIONS);
  private final List<AutoCloseable> open = new ArrayList<>();
  private final Set<Connection> served = ConcurrentHashMap.newKeySet();
  private final CountDownLatch closed = new CountDownLatch(1);
  private int port;

  /**
   * A server that is not started.
   *
   * @param nanos a clock that never jumps
   */
  public DnsServer(
      DnsConfig config,
      Steering steering,
      Supplier<SteeringSnapshot> snapshot,
      LongSupplier nanos) {
    this.config = config;
    this.nanos = nanos;
    this.answers = new DnsAnswers(config, steering, snapshot);
    this.port = config.port();
  }

  /** Binds and answers; {@link java.net.BindException} where a port is taken. */
  public void start() throws IOException {
    for (InetAddress address : config.addresses()) {
      ServerSocket tcp = new ServerSocket();
      open.add(tcp);
      tcp.setReuseAddress(true);
      tcp.bind(new InetSocketAddress(address, port));
      port = tcp.getLocalPort();
      DatagramChannel udp = DatagramChannel.open();
      open.add(udp);
      udp.bind(new InetSocketAddress(address, port));
      Thread.ofPlatform().daemon().name("dns-udp").start(() -> serveUdp(udp));
      Thread.ofVirtual().name("dns-tcp").start(() -> serveTcp(tcp));
    }
    Thread.ofVirtual().name("dns-watch").start(this::watch);
  }

  public int port() {
    return port;
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    served.forEach(Connection::end);
    for (AutoCloseable one : open) {
      try {
        one.close();
      } catch (Exception e) {
        LOG.debug("on closing", e);
      }
    }
  }

  private void serveUdp(DatagramChannel channel) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_MESSAGE);
    while (channel.isOpen()) {
      try {
        buffer.clear();
        InetSocketAddress source = (InetSocketAddress) channel.receive(buffer);
        byte[] packet = new byte[buffer.flip().remaining()];
        buffer.get(packet);
        Optional<byte[]> answer = answer(packet, source.getAddress(), true);
        if (answer.isPresent()) {
          channel.send(ByteBuffer.wrap(answer.get()), source);
        }
      } catch (AsynchronousCloseException e) {
        return;
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException | RuntimeException e) {
        LOG.debug("a packet was dropped", e);
      }
    }
  }

  private void serveTcp(ServerSocket server) {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        if (connections.tryAcquire()) {
          Thread.ofVirtual().name("dns-tcp").start(() -> serve(socket));
        } else {
          socket.close();
        }
      } catch (IOException e) {
        LOG.debug("not accepted", e);
        // Out of file descriptors, perhaps: trying at once would only burn a core.
        pause(ACCEPT_PAUSE_MILLIS);
      }
    }
  }

  private void pause(long millis) {
    try {
      if (closed.await(millis, TimeUnit.MILLISECONDS)) {
        LOG.trace("closed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(Socket socket) {
    Connection connection = new Connection(socket);
    served.add(connection);
    try (socket) {
      socket.setSoTimeout(IDLE_MILLIS);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      for (int i = 0; i < QUERIES_PER_CONNECTION; i++) {
        byte[] packet = new byte[in.readUnsignedShort()];
        in.readFully(packet);
        Optional<byte[]> answer = answer(packet, socket.getInetAddress(), false);
        if (answer.isEmpty()) {
          return;
        }
        connection.write(answer.get());
      }
    } catch (IOException | RuntimeException e) {
      LOG.debug("a connection ended", e);
    } finally {
      served.remove(connection);
      connections.release();
    }
  }

  /** A socket has no time-out for writing: who does not read is cut off by the watch. */
  private void watch() {
    try {
      while (!closed.await(1, TimeUnit.SECONDS)) {
        long now = nanos.getAsLong();
        for (Connection one : served) {
          if (one.isStuck(now)) {
            one.end();
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** One TCP connection and since when it has been writing. */
  private final class Connection {
    private final Socket socket;
    private volatile long writingSince = NOT_WRITING;

    Connection(Socket socket) {
      this.socket = socket;
    }

    void write(byte[] bytes) throws IOException {
      ByteBuffer framed = ByteBuffer.allocate(2 + bytes.length);
      framed.putShort((short) bytes.length).put(bytes);
      writingSince = nanos.getAsLong();
      socket.getOutputStream().write(framed.array());
      writingSince = NOT_WRITING;
    }

    boolean isStuck(long now) {
      long since = writingSince;
      return since != NOT_WRITING && now - since > TimeUnit.MILLISECONDS.toNanos(IDLE_MILLIS);
    }

    void end() {
      try {
        socket.close();
      } catch (IOException e) {
        LOG.debug("on closing", e);
      }
    }
  }

  /** The answer's bytes; empty when the packet deserves none. */
  Optional<byte[]> answer(byte[] packet, InetAddress source, boolean udp) {
    if (packet.length < HEADER || (packet[2] & 0x80) != 0) {
      return Optional.empty();
    }
    Message query;
    try {
      query = new Message(packet);
    } catch (IOException | RuntimeException e) {
      return Optional.of(malformed(packet));
    }
    if (hasOddOpt(query)) {
      return Optional.of(malformed(packet));
    }
    Message response = answers.answer(query, source);
    OPTRecord edns = query.getOPT();
    int room =
        !udp
            ? MAX_MESSAGE
            : edns == null
                ? LEAST_UDP
                : Math.clamp(edns.getPayloadSize(), LEAST_UDP, DnsAnswers.UDP_BYTES);
    byte[] bytes = response.toWire();
    return Optional.of(bytes.length <= room ? bytes : truncated(response));
  }

  /** More than one OPT, or one of a name, is malformed (RFC 6891, section 6.1.1). */
  private static boolean hasOddOpt(Message query) {
    List<Record> found =
        query.getSection(Section.ADDITIONAL).stream()
            .filter(record -> record.getType() == Type.OPT)
            .toList();
    return found.size() > 1 || found.stream().anyMatch(opt -> !opt.getName().equals(Name.root));
  }

  private static byte[] truncated(Message response) {
    response.getHeader().setFlag(Flags.TC);
    response.removeAllRecords(Section.ANSWER);
    response.removeAllRecords(Section.AUTHORITY);
    List<Record> additional = List.copyOf(response.getSection(Section.ADDITIONAL));
    additional.stream()
        .filter(record -> record.getType() != Type.OPT)
        .forEach(record -> response.removeRecord(record, Section.ADDITIONAL));
    return response.toWire();
  }

  private static byte[] malformed(byte[] packet) {
    Header header = new Header((packet[0] & 0xff) << 8 | (packet[1] & 0xff));
    header.setFlag(Flags.QR);
    header.setRcode(Rcode.FORMERR);
    Message response = new Message();
    response.setHeader(header);
    return response.toWire();
  }
}

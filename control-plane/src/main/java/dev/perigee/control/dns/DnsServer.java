package dev.perigee.control.dns;

import dev.perigee.control.steer.Steering;
import dev.perigee.control.steer.SteeringSnapshot;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
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
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Section;

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

  private final DnsConfig config;
  private final DnsAnswers answers;
  private final Semaphore connections = new Semaphore(MAX_CONNECTIONS);
  private final List<AutoCloseable> open = new ArrayList<>();
  private int port;

  public DnsServer(DnsConfig config, Steering steering, Supplier<SteeringSnapshot> snapshot) {
    this.config = config;
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
  }

  public int port() {
    return port;
  }

  @Override
  public void close() throws IOException {
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
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      socket.setSoTimeout(IDLE_MILLIS);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      for (int i = 0; i < QUERIES_PER_CONNECTION; i++) {
        byte[] packet = new byte[in.readUnsignedShort()];
        in.readFully(packet);
        Optional<byte[]> answer = answer(packet, socket.getInetAddress(), false);
        if (answer.isEmpty()) {
          return;
        }
        byte[] bytes = answer.get();
        ByteBuffer framed = ByteBuffer.allocate(2 + bytes.length);
        framed.putShort((short) bytes.length).put(bytes);
        out.write(framed.array());
      }
    } catch (IOException | RuntimeException e) {
      LOG.debug("a connection ended", e);
    } finally {
      connections.release();
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

  private static byte[] truncated(Message response) {
    response.getHeader().setFlag(Flags.TC);
    response.removeAllRecords(Section.ANSWER);
    response.removeAllRecords(Section.AUTHORITY);
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

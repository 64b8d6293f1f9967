package dev.perigee.control.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.steer.Fixtures;
import dev.perigee.control.steer.GeoLocator;
import dev.perigee.control.steer.NearestSteering;
import dev.perigee.control.steer.SteeringSnapshot;
import dev.perigee.control.store.Node;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** Nobody holds a connection of the DNS longer than they may, and no failure burns a core. */
class DnsLimitsIT {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final int CONNECTIONS = 3;
  private static final Duration IDLE = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final AtomicLong nanos = new AtomicLong();
  private final NearestSteering steering =
      new NearestSteering(GeoLocator.unknown(), NearestSteering.DEFAULT_POSITION);
  private final DnsConfig config =
      new DnsConfig(
          List.of(LOOPBACK),
          0,
          "cdn.example",
          false,
          Map.of("ns1.cdn.example", LOOPBACK),
          20,
          CONNECTIONS,
          IDLE);
  private final DnsServer server =
      new DnsServer(
          config,
          steering,
          steering::snapshot,
          DnsFacts.none(),
          new byte[32],
          new SecureRandom(),
          InstantSource.system(),
          nanos::get);
  private final List<Socket> sockets = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    List<InetAddress> many = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      many.add(InetAddress.ofLiteral("198.18." + i / 250 + "." + i % 250));
    }
    Node node = new Node("big-1", "eu", 50, 8, many, 80, 443, false, true);
    steering.swap(new SteeringSnapshot(List.of(Fixtures.serving(node)), List.of(), 1));
    server.start();
  }

  @AfterEach
  void stop() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    server.close();
  }

  private Socket connect(int port) throws IOException {
    Socket socket = new Socket();
    sockets.add(socket);
    socket.setReceiveBufferSize(4_096);
    socket.setSoTimeout((int) PATIENCE.toMillis());
    socket.connect(new InetSocketAddress(LOOPBACK, port));
    return socket;
  }

  private static byte[] query() throws IOException {
    Name name = Name.fromString("big-1.cdn.example.");
    return Message.newQuery(Record.newRecord(name, Type.A, DClass.IN)).toWire();
  }

  private static byte[] framed() throws IOException {
    byte[] packet = query();
    return ByteBuffer.allocate(2 + packet.length)
        .putShort((short) packet.length)
        .put(packet)
        .array();
  }

  private static int ask(Socket socket) throws IOException {
    socket.getOutputStream().write(framed());
    DataInputStream in = new DataInputStream(socket.getInputStream());
    byte[] answer = new byte[in.readUnsignedShort()];
    in.readFully(answer);
    return new Message(answer).getSection(Section.ANSWER).size();
  }

  /** Whether the other side ended the connection; waits for it. */
  private static boolean isEnded(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketException reset) {
      return true;
    }
  }

  @Test
  void oneConnectionMoreThanTheLimitIsClosedAndOneThatEndsMakesRoom() throws IOException {
    List<Socket> all = new ArrayList<>();
    for (int i = 0; i < CONNECTIONS; i++) {
      all.add(connect(server.port()));
      assertEquals(3_000, ask(all.getLast()));
    }
    assertTrue(isEnded(connect(server.port())));
    assertEquals(3_000, ask(all.getFirst()));
    all.getFirst().close();
    Awaitility.await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> ask(connect(server.port())) == 3_000);
  }

  @Test
  void whoSendsNoWholeQueryWithinTheIdleTimeIsCutOff() throws IOException {
    Socket silent = connect(server.port());
    assertEquals(3_000, ask(silent));
    Socket dripping = connect(server.port());
    Socket busy = connect(server.port());
    byte[] query = framed();
    boolean silentEnded = false;
    boolean drippingEnded = false;
    for (int i = 0; i < query.length - 1 && !(silentEnded && drippingEnded); i++) {
      nanos.addAndGet(IDLE.toNanos() / 4);
      assertEquals(3_000, ask(busy), "who asks is served on");
      if (!drippingEnded) {
        drippingEnded = isCutOffOnWriting(dripping, query[i]) || isCutOffSoon(dripping);
      }
      silentEnded = silentEnded || isCutOffSoon(silent);
    }
    assertTrue(silentEnded);
    assertTrue(drippingEnded, "a byte now and then is no query");
  }

  private static boolean isCutOffOnWriting(Socket socket, byte one) {
    try {
      socket.getOutputStream().write(one);
      return false;
    } catch (IOException reset) {
      return true;
    }
  }

  private static boolean isCutOffSoon(Socket socket) throws IOException {
    socket.setSoTimeout(300);
    try {
      return isEnded(socket);
    } catch (SocketTimeoutException stillOpen) {
      return false;
    }
  }

  /** A socket of Java has no time-out for writing. */
  @Test
  void whoDoesNotTakeTheAnswersIsCutOff() throws Exception {
    Socket greedy = connect(server.port());
    OutputStream out = greedy.getOutputStream();
    byte[] query = framed();
    AtomicInteger sent = new AtomicInteger();
    Thread asking =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    while (true) {
                      out.write(query);
                      sent.incrementAndGet();
                    }
                  } catch (IOException cutOff) {
                    sent.set(-1);
                  }
                });
    Awaitility.await()
        .atMost(PATIENCE)
        .until(
            () -> {
              nanos.addAndGet(IDLE.toNanos() / 4);
              return sent.get() == -1;
            });
    asking.join();
    assertEquals(3_000, ask(connect(server.port())));
  }

  @Test
  void whenAcceptingFailsItIsTriedAgainLaterAndLater() throws IOException {
    AtomicInteger failures = new AtomicInteger(4);
    try (ServerSocket failing =
            new ServerSocket(0, 50, LOOPBACK) {
              @Override
              public Socket accept() throws IOException {
                if (failures.getAndDecrement() > 0) {
                  throw new SocketException("Too many open files");
                }
                return super.accept();
              }
            };
        DnsTcpListener listener =
            new DnsTcpListener(
                failing,
                TestZones.packets(config, steering, steering::snapshot),
                IDLE,
                new Semaphore(1),
                nanos::get)) {
      long began = System.nanoTime();
      listener.start();
      assertEquals(3_000, ask(connect(failing.getLocalPort())));
      Duration took = Duration.ofNanos(System.nanoTime() - began);
      assertFalse(took.toMillis() < 50 + 100 + 200 + 400, took.toString());
    }
  }

  @Test
  void aServerThatIsClosedLeavesNoConnection() throws IOException {
    Socket open = connect(server.port());
    assertEquals(3_000, ask(open));
    server.close();
    assertTrue(isEnded(open));
  }

  @Test
  void manyAddressesAreCutOverUdp() throws IOException {
    try (DatagramSocket socket = new DatagramSocket(0, LOOPBACK)) {
      socket.setSoTimeout((int) PATIENCE.toMillis());
      byte[] query = query();
      socket.send(new DatagramPacket(query, query.length, LOOPBACK, server.port()));
      DatagramPacket answer = new DatagramPacket(new byte[65_535], 65_535);
      socket.receive(answer);
      assertTrue(answer.getLength() <= 512, answer.getLength() + " bytes");
    }
  }
}

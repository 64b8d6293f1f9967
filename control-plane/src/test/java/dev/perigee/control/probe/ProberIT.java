package dev.perigee.control.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.fleet.Reach;
import dev.perigee.control.store.Node;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Nodes that answer, end connections, say something else, or nothing. */
final class ProberIT {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String WELL = "HTTP/1.1 204 No Content\r\n\r\n";

  private final List<Node> nodes = new CopyOnWriteArrayList<>();
  private final List<Peer> peers = new CopyOnWriteArrayList<>();
  private final Map<String, Reach> reach = new ConcurrentHashMap<>();
  private final Set<String> ever = ConcurrentHashMap.newKeySet();
  private final Prober prober;

  ProberIT() throws IOException {
    prober =
        new Prober(
            new ProbeConfig(Duration.ofMillis(200), Duration.ofMillis(150), 3),
            () -> nodes,
            this::found,
            new Random(7),
            System::nanoTime);
  }

  private void found(Map<String, Reach> news, boolean timely) {
    reach.putAll(news);
    news.forEach((node, to) -> ever.add(node + " " + to));
  }

  @AfterEach
  void stop() {
    prober.close();
    peers.forEach(Peer::close);
  }

  private static Node node(String name, InetAddress address, int port, boolean enrolled) {
    return new Node(name, "eu", 0, 0, List.of(address), port, 0, false, enrolled);
  }

  private Peer peer(String name, String answer) throws IOException {
    Peer peer = new Peer(0, answer);
    peers.add(peer);
    nodes.add(node(name, peer.socket.getInetAddress(), peer.socket.getLocalPort(), true));
    return peer;
  }

  private void awaitReach(String node, Reach wanted) {
    Awaitility.await(node + " is " + wanted)
        .atMost(SOON)
        .until(() -> reach.getOrDefault(node, Reach.UNKNOWN) == wanted);
  }

  @Test
  void aNodeThatDiesIsDownAndUpAgainWhenItIsBack() throws IOException {
    Peer first = peer("a", WELL);
    prober.start();
    awaitReach("a", Reach.UP);
    int port = first.socket.getLocalPort();
    first.close();
    awaitReach("a", Reach.DOWN);
    peers.add(new Peer(port, WELL));
    awaitReach("a", Reach.UP);
  }

  @Test
  void aNodeThatAcceptsAndSaysNothingIsDown() throws IOException {
    Peer peer = peer("a", WELL);
    prober.start();
    awaitReach("a", Reach.UP);
    peer.answer = "";
    awaitReach("a", Reach.DOWN);
    peer.answer = WELL;
    awaitReach("a", Reach.UP);
  }

  @Test
  void aConnectionServesSomeProbesAndANodeThatEndsThemIsUpAllTheSame() throws IOException {
    Peer keeping = peer("keeps", WELL);
    Peer ending = peer("ends", "HTTP/1.1 421 Misdirected Request\r\nConnection: close\r\n\r\nx");
    prober.start();
    awaitReach("keeps", Reach.UP);
    awaitReach("ends", Reach.UP);
    Awaitility.await().atMost(SOON).until(() -> keeping.probes.get() >= 25);
    assertTrue(keeping.connections.get() >= 3, "a node that accepts no more is to be found out");
    assertTrue(keeping.connections.get() < keeping.probes.get(), "most cost no handshake");
    Awaitility.await().atMost(SOON).until(() -> ending.probes.get() >= 10);
    assertEquals(Reach.UP, reach.get("ends"));
  }

  @Test
  void whatIsNoHttpIsNoAnswer() throws IOException {
    Peer peer = peer("a", WELL);
    prober.start();
    awaitReach("a", Reach.UP);
    peer.answer = "SSH-2.0-OpenSSH_9.2p1\r\n";
    awaitReach("a", Reach.DOWN);
  }

  @Test
  void nodesComeAndGo() throws IOException {
    Peer a = peer("a", WELL);
    nodes.add(node("no", a.socket.getInetAddress(), a.socket.getLocalPort(), false));
    prober.start();
    awaitReach("a", Reach.UP);
    peer("b", WELL);
    awaitReach("b", Reach.UP);
    nodes.removeIf(node -> node.name().equals("a"));
    awaitReach("a", Reach.UNKNOWN);
    Peer elsewhere = new Peer(0, "");
    peers.add(elsewhere);
    nodes.removeIf(node -> node.name().equals("b"));
    nodes.add(node("b", elsewhere.socket.getInetAddress(), elsewhere.socket.getLocalPort(), true));
    awaitReach("b", Reach.UNKNOWN);
    assertTrue(ever.stream().noneMatch(said -> said.startsWith("no ")), "it is not enrolled");
  }

  @Test
  void moreNodesThanConnectionsAreProbedInTurn() throws IOException {
    for (int i = 0; i < 12; i++) {
      peer("n" + i, WELL);
    }
    prober.start();
    for (int i = 0; i < 12; i++) {
      awaitReach("n" + i, Reach.UP);
    }
  }

  /** Something that accepts and, to each request, says always the same. */
  private static final class Peer implements AutoCloseable {
    private final ServerSocket socket = new ServerSocket();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger probes = new AtomicInteger();
    private volatile String answer;

    Peer(int port, String answer) throws IOException {
      this.answer = answer;
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      Thread.ofVirtual().name("peer").start(this::accept);
    }

    private void accept() {
      try {
        while (true) {
          Socket one = socket.accept();
          open.add(one);
          connections.incrementAndGet();
          Thread.ofVirtual().name("peer").start(() -> serve(one));
        }
      } catch (IOException e) {
        // It was closed.
      }
    }

    private void serve(Socket one) {
      try (one) {
        int ends = 0;
        for (int b = one.getInputStream().read(); b >= 0; b = one.getInputStream().read()) {
          boolean end = b == '\r' || b == '\n';
          ends = end ? ends + 1 : 0;
          if (ends == 4) {
            probes.incrementAndGet();
            OutputStream out = one.getOutputStream();
            out.write(answer.getBytes(StandardCharsets.US_ASCII));
            if (answer.contains("close")) {
              return;
            }
          }
        }
      } catch (IOException e) {
        // The other side went.
      } finally {
        open.remove(one);
      }
    }

    @Override
    public void close() {
      try {
        socket.close();
        for (Socket one : open) {
          one.close();
        }
      } catch (IOException e) {
        // It is closed all the same.
      }
    }
  }
}

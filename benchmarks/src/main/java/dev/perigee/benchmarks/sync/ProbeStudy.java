package dev.perigee.benchmarks.sync;

import dev.perigee.control.fleet.Reach;
import dev.perigee.control.probe.ProbeConfig;
import dev.perigee.control.probe.Prober;
import dev.perigee.control.store.Node;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What probes of many nodes cost one control plane: the processor time of the probing thread.
 * Arguments: nodes, seconds. The nodes are ports of one thread here, whose time is not counted.
 */
public final class ProbeStudy {
  private static final int PORTS = 20;
  private static final int WARM_SECONDS = 10;
  private static final byte[] ANSWER =
      "HTTP/1.1 204 No Content\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong accepted = new AtomicLong();
  private final AtomicInteger up = new AtomicInteger();

  private ProbeStudy() {}

  public static void main(String[] args) throws Exception {
    new ProbeStudy().run(Integer.parseInt(args[0]), Integer.parseInt(args[1]));
  }

  private void run(int count, int seconds) throws IOException, InterruptedException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    Selector selector = Selector.open();
    List<Integer> ports = new ArrayList<>();
    for (int i = 0; i < PORTS; i++) {
      ServerSocketChannel server = ServerSocketChannel.open();
      server.bind(new InetSocketAddress(loopback, 0), 4096).configureBlocking(false);
      server.register(selector, SelectionKey.OP_ACCEPT);
      ports.add(server.socket().getLocalPort());
    }
    Thread.ofPlatform().daemon().name("nodes").start(() -> serve(selector));
    List<Node> nodes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int port = ports.get(i % PORTS);
      nodes.add(new Node("n" + i, "eu", 0, 0, List.of(loopback), port, 0, false, true));
    }
    ProbeConfig config = new ProbeConfig(Duration.ofSeconds(1), Duration.ofMillis(800), 16_384);
    try (Prober prober =
        new Prober(
            config,
            () -> nodes,
            (news, timely) -> news.values().forEach(to -> up.addAndGet(to == Reach.UP ? 1 : -1)),
            new Random(1),
            System::nanoTime)) {
      prober.start();
      CountDownLatch never = new CountDownLatch(1);
      never.await(WARM_SECONDS, TimeUnit.SECONDS);
      long cpu = cpuNanos();
      long answers = answered.get();
      long connections = accepted.get();
      long begun = System.nanoTime();
      never.await(seconds, TimeUnit.SECONDS);
      double took = (System.nanoTime() - begun) / 1e9;
      System.out.printf(
          "%d nodes, %d up: %.0f probes/s, %.0f connections/s, %.3f of a core%n",
          count,
          up.get(),
          (answered.get() - answers) / took,
          (accepted.get() - connections) / took,
          (cpuNanos() - cpu) / 1e9 / took);
    }
  }

  private static long cpuNanos() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    for (long id : threads.getAllThreadIds()) {
      if (threads.getThreadInfo(id) != null
          && threads.getThreadInfo(id).getThreadName().equals("probe-nodes")) {
        return threads.getThreadCpuTime(id);
      }
    }
    throw new IllegalStateException("nobody probes");
  }

  private void serve(Selector selector) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
    try {
      while (true) {
        selector.select();
        Iterator<SelectionKey> keys = selector.selectedKeys().iterator();
        while (keys.hasNext()) {
          answer(keys.next(), buffer);
          keys.remove();
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private void answer(SelectionKey key, ByteBuffer buffer) throws IOException {
    if (key.channel() instanceof ServerSocketChannel server) {
      SocketChannel one = server.accept();
      if (one != null) {
        accepted.incrementAndGet();
        one.configureBlocking(false);
        one.register(key.selector(), SelectionKey.OP_READ);
      }
    } else if (key.channel() instanceof SocketChannel one) {
      try {
        if (one.read(buffer.clear()) < 0) {
          one.close();
          return;
        }
        one.write(ByteBuffer.wrap(ANSWER));
        answered.incrementAndGet();
      } catch (IOException e) {
        one.close();
      }
    }
  }
}

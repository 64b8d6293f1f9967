package dev.perigee.benchmarks;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntUnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullMarked;

/**
 * How long hits of hot small objects take while cold ones are read from the disk: an origin and two
 * loads at a steady pace, against an edge that runs already.
 *
 * <pre>{@code
 * java -cp … dev.perigee.benchmarks.HotLatency ORIGIN_ADDRESS ORIGIN_PORT EDGE_ADDRESS EDGE_PORT HOST
 * }</pre>
 *
 * <p>The site's origin must be {@code http://ORIGIN_ADDRESS:ORIGIN_PORT}. A hundred hot objects
 * have 1 KiB each, 60 000 cold ones 16 000 bytes, asked for by Zipf: more than a memory tier of 64
 * MiB holds. Latency counts from when a request was due, not from when it was sent.
 */
@NullMarked
public final class HotLatency {
  private static final int HOT = 100;
  private static final int HOT_BYTES = 1024;
  private static final int COLD = 60_000;
  private static final int COLD_BYTES = 16_000;
  private static final int CONNECTIONS = 16;
  private static final int HOT_PER_SECOND = 2000;
  private static final int COLD_PER_SECOND = 1500;
  private static final int SECONDS = 10;
  private static final int ROUNDS = 3;
  private static final Pattern LENGTH = Pattern.compile("content-length: (\\d+)");
  private static final long SECOND = 1_000_000_000L;

  private final InetSocketAddress edge;
  private final String host;

  private HotLatency(InetSocketAddress edge, String host) {
    this.edge = edge;
    this.host = host;
  }

  /** Fills the edge and measures, a few minutes. */
  public static void main(String[] args) throws IOException, InterruptedException {
    ServerSocket origin =
        new ServerSocket(Integer.parseInt(args[1]), 100, InetAddress.getByName(args[0]));
    Thread.ofPlatform().daemon().start(() -> accept(origin));
    HotLatency load =
        new HotLatency(new InetSocketAddress(args[2], Integer.parseInt(args[3])), args[4]);
    load.fill();
    load.run("warming up", HOT_PER_SECOND, HotLatency::hot);
    for (int round = 0; round < ROUNDS; round++) {
      load.run("hot alone", HOT_PER_SECOND, HotLatency::hot);
      Thread cold =
          Thread.ofPlatform().start(() -> load.run("cold", COLD_PER_SECOND, HotLatency::cold));
      load.run("hot beside cold", HOT_PER_SECOND, HotLatency::hot);
      cold.join();
    }
    origin.close();
  }

  private static int hot(int seed) {
    return -1 - Math.floorMod(seed, HOT);
  }

  private static int cold(int seed) {
    return (int) Math.exp(new Random(seed).nextDouble() * Math.log(COLD)) - 1;
  }

  private void fill() throws InterruptedException {
    AtomicInteger next = new AtomicInteger(-HOT);
    Thread[] threads = new Thread[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
      threads[i] =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try (Connection connection = new Connection()) {
                      for (int n = next.getAndIncrement(); n < COLD; n = next.getAndIncrement()) {
                        // A machine that is busy with filling may be too slow for the origin.
                        while (!connection.get(n).startsWith("http/1.1 200")) {
                          Thread.onSpinWait();
                        }
                      }
                    } catch (IOException e) {
                      throw new UncheckedIOException(e);
                    }
                  });
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /**
   * Asks at a steady pace over several connections and says how long it took.
   *
   * @param object number of an object from a random seed
   */
  private void run(String what, int perSecond, IntUnaryOperator object) {
    long[][] took = new long[CONNECTIONS][SECONDS * perSecond / CONNECTIONS];
    AtomicInteger hits = new AtomicInteger();
    Thread[] threads = new Thread[CONNECTIONS];
    long begin = System.nanoTime() + SECOND / 10;
    for (int i = 0; i < CONNECTIONS; i++) {
      int number = i;
      threads[i] =
          Thread.ofPlatform()
              .start(() -> ask(took[number], begin, perSecond, number, object, hits));
    }
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    long[] all = Arrays.stream(took).flatMapToLong(Arrays::stream).sorted().toArray();
    System.out.printf(
        Locale.ROOT,
        "%-16s %d requests, %d hits; ms: median %.2f, 90%% %.2f, 99%% %.2f, 99.9%% %.2f%n",
        what,
        all.length,
        hits.get(),
        all[all.length / 2] / 1e6,
        all[(int) (all.length * 0.9)] / 1e6,
        all[(int) (all.length * 0.99)] / 1e6,
        all[(int) (all.length * 0.999)] / 1e6);
  }

  private void ask(
      long[] took,
      long begin,
      int perSecond,
      int number,
      IntUnaryOperator object,
      AtomicInteger hits) {
    Random random = new Random(number);
    long gap = SECOND * CONNECTIONS / perSecond;
    long due = begin + gap * number / CONNECTIONS;
    try (Connection connection = new Connection()) {
      for (int i = 0; i < took.length; i++) {
        while (System.nanoTime() < due) {
          LockSupport.parkNanos(due - System.nanoTime());
        }
        if (connection.get(object.applyAsInt(random.nextInt())).contains("; hit")) {
          hits.incrementAndGet();
        }
        took[i] = System.nanoTime() - due;
        due += gap;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One that is kept alive; hot objects have negative numbers. */
  private final class Connection implements AutoCloseable {
    private final Socket socket = new Socket();
    private final InputStream in;
    private final OutputStream out;

    Connection() throws IOException {
      socket.setTcpNoDelay(true);
      socket.connect(edge);
      in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
      out = socket.getOutputStream();
    }

    /** The head of the answer, in lower case; its body is read. */
    String get(int object) throws IOException {
      String request = "GET /object/" + object + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
      out.write(request.getBytes(StandardCharsets.US_ASCII));
      String head = head(in).toLowerCase(Locale.ROOT);
      Matcher length = LENGTH.matcher(head);
      if (!length.find()) {
        throw new IOException(head);
      }
      in.skipNBytes(Integer.parseInt(length.group(1)));
      return head;
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n", Math.max(0, head.length() - 4)) < 0) {
      int next = in.read();
      if (next < 0) {
        throw new EOFException("closed");
      }
      head.append((char) next);
    }
    return head.toString();
  }

  private static void accept(ServerSocket server) {
    while (true) {
      try {
        Socket socket = server.accept();
        Thread.ofVirtual().start(() -> answer(socket));
      } catch (IOException e) {
        return;
      }
    }
  }

  private static void answer(Socket socket) {
    try (socket) {
      socket.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(socket.getInputStream());
      while (true) {
        int length = head(in).startsWith("GET /object/-") ? HOT_BYTES : COLD_BYTES;
        String head = "HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nContent-Length: " + length;
        byte[] start = (head + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        socket.getOutputStream().write(Arrays.copyOf(start, start.length + length));
      }
    } catch (IOException e) {
      // The edge closes what it needs no more.
    }
  }
}

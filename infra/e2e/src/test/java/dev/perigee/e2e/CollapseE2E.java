package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A thousand readers at once of a body of 50 MB that the origin takes ten seconds to send: one
 * fetch, every byte right, the first ones for all together, and the heap of the edge hardly grows.
 * Counts are asserted; times are printed, for machines differ.
 */
class CollapseE2E {
  private static final String HOST = "film.example";
  private static final int CLIENTS = 1000;
  private static final int LENGTH = 50_000_000;
  private static final long SEND_NANOS = Duration.ofSeconds(10).toNanos();
  private static final long HEAD_NANOS = Duration.ofSeconds(1).toNanos();
  private static final long PATIENCE_NANOS = Duration.ofMinutes(4).toNanos();
  private static final Pattern LIVE = Pattern.compile("(?m)^Total +\\d+ +(\\d+)");

  /** A body whose every byte tells where it belongs. */
  private static byte at(long position) {
    return (byte) (position * 31 + (position >> 16));
  }

  @Test
  @Full("1000 readers at once of 50 MB that take the origin ten seconds")
  void aThousandReadersOfOneBodyCostOneFetchAndLittleMemory(@TempDir Path folder) throws Exception {
    try (Network network = new Network(folder);
        SlowOrigin origin = new SlowOrigin(network.originAddress())) {
      network.startControl();
      network.addEdge("film-1", 1, "eu-central", "50.11,8.68", "--cache-size", "256m");
      network.cliOk("site", "add", HOST, "--origin", origin.url());
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> network.get("film-1", HOST, "/small").status() == 200);
      long before = heap(network.pid("film-1"));
      Readers readers = new Readers(new InetSocketAddress(network.address("film-1"), Network.HTTP));
      long[] during = new long[1];
      Thread measure =
          Thread.ofPlatform()
              .start(
                  () -> {
                    LockSupport.parkNanos(SEND_NANOS / 2);
                    during[0] = heap(network.pid("film-1"));
                  });
      readers.run();
      measure.join();
      assertEquals(1, origin.fetches.get());
      System.out.printf(
          "CollapseE2E: first bytes after the first reader's: median %.1f ms, last %.1f ms%n",
          readers.spread(CLIENTS / 2), readers.spread(CLIENTS - 1));
      System.out.printf(
          "CollapseE2E: heap before %d KiB, in the middle %d KiB; all bytes after %.1f s%n",
          before, during[0], readers.seconds());
      assertTrue(during[0] - before < 64 * 1024, before + " KiB before, " + during[0] + " during");
    }
  }

  /** What lives on the heap, in KiB. */
  private static long heap(long pid) {
    Matcher live = LIVE.matcher(jcmd(pid, "GC.class_histogram"));
    assertTrue(live.find());
    return Long.parseLong(live.group(1)) / 1024;
  }

  private static String jcmd(long pid, String command) {
    Path tool = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    try {
      Process process =
          new ProcessBuilder(tool.toString(), Long.toString(pid), command)
              .redirectErrorStream(true)
              .start();
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Sends the body evenly over ten seconds. */
  private static final class SlowOrigin implements AutoCloseable {
    final AtomicInteger fetches = new AtomicInteger();
    private final ServerSocket server;

    SlowOrigin(String address) throws IOException {
      server = new ServerSocket(9000, 50, InetAddress.getByName(address));
      Thread.ofPlatform().daemon().start(this::accept);
    }

    String url() {
      return "http://" + server.getInetAddress().getHostAddress() + ":9000";
    }

    private void accept() {
      while (true) {
        try {
          Socket socket = server.accept();
          Thread.ofPlatform().daemon().start(() -> answer(socket));
        } catch (IOException e) {
          return;
        }
      }
    }

    private void answer(Socket socket) {
      try (socket) {
        InputStream in = socket.getInputStream();
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
          head.append((char) in.read());
        }
        boolean film = head.toString().startsWith("GET /film ");
        int length = film ? LENGTH : 10;
        OutputStream out = socket.getOutputStream();
        if (film) {
          fetches.incrementAndGet();
          // An origin that is slow to begin, so that all readers wait for the same head.
          LockSupport.parkNanos(HEAD_NANOS);
        }
        out.write(
            ("HTTP/1.1 200 OK\r\nConnection: close\r\nCache-Control: max-age=600\r\n"
                    + "Content-Length: "
                    + length
                    + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        send(out, length);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    private static void send(OutputStream out, int length) throws IOException {
      long begun = System.nanoTime();
      byte[] part = new byte[64 * 1024];
      for (int sent = 0; sent < length; ) {
        int count = Math.min(part.length, length - sent);
        for (int i = 0; i < count; i++) {
          part[i] = at(sent + i);
        }
        out.write(part, 0, count);
        sent += count;
        long due = begun + (long) ((double) SEND_NANOS * sent / length);
        LockSupport.parkNanos(length > 10 ? Math.max(0, due - System.nanoTime()) : 0);
      }
      out.flush();
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }

  /** All readers on one thread. */
  private static final class Readers {
    private final InetSocketAddress edge;
    private final long[] firstByte = new long[CLIENTS];
    private long begun;
    private long ended;

    Readers(InetSocketAddress edge) {
      this.edge = edge;
    }

    private static final class Reader {
      final int number;
      long received = -1;
      int newlines;

      Reader(int number) {
        this.number = number;
      }
    }

    void run() throws IOException {
      ByteBuffer request =
          ByteBuffer.wrap(
              ("GET /film HTTP/1.1\r\nHost: " + HOST + "\r\nConnection: close\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
      try (Selector selector = Selector.open()) {
        List<SocketChannel> channels = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
          channels.add(SocketChannel.open(edge));
        }
        begun = System.nanoTime();
        for (int i = 0; i < CLIENTS; i++) {
          SocketChannel channel = channels.get(i);
          channel.write(request.duplicate());
          channel.configureBlocking(false);
          channel.register(selector, SelectionKey.OP_READ, new Reader(i));
        }
        read(selector);
      }
      ended = System.nanoTime();
    }

    private void read(Selector selector) throws IOException {
      ByteBuffer buffer = ByteBuffer.allocateDirect(256 * 1024);
      int open = CLIENTS;
      while (open > 0) {
        selector.select(1000);
        assertTrue(System.nanoTime() - begun < PATIENCE_NANOS, open + " readers have not ended");
        Iterator<SelectionKey> keys = selector.selectedKeys().iterator();
        while (keys.hasNext()) {
          SelectionKey key = keys.next();
          keys.remove();
          Reader reader = (Reader) key.attachment();
          buffer.clear();
          int count = ((SocketChannel) key.channel()).read(buffer);
          if (count < 0) {
            assertEquals(LENGTH, reader.received, "reader " + reader.number);
            key.channel().close();
            open--;
          } else {
            take(reader, buffer.flip());
          }
        }
      }
    }

    private void take(Reader reader, ByteBuffer bytes) {
      while (reader.received < 0 && bytes.hasRemaining()) {
        byte next = bytes.get();
        reader.newlines = next == '\n' ? reader.newlines + 1 : next == '\r' ? reader.newlines : 0;
        if (reader.newlines == 2) {
          reader.received = 0;
        }
      }
      if (!bytes.hasRemaining()) {
        return;
      }
      if (reader.received == 0) {
        firstByte[reader.number] = System.nanoTime();
      }
      // The first and the last of each part: all of 50 GB would measure this loop.
      assertEquals(at(reader.received), bytes.get(bytes.position()));
      long last = reader.received + bytes.remaining() - 1;
      assertEquals(at(last), bytes.get(bytes.limit() - 1));
      reader.received = last + 1;
    }

    /** How long after the first of all the {@code rank}-th reader had its first byte, in ms. */
    double spread(int rank) {
      long[] sorted = firstByte.clone();
      Arrays.sort(sorted);
      return (sorted[rank] - sorted[0]) / 1e6;
    }

    double seconds() {
      return (ended - begun) / 1e9;
    }
  }
}

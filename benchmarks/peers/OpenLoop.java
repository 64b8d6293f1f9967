import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Locale;

/**
 * Requests at a fixed rate over kept connections: {@code OpenLoop ADDRESS PORT HOST PATH RATE
 * CONNECTIONS SECONDS WARM}. A request counts from when it was due: one that had to wait, for a
 * connection or for this program, waited all the same, so that a server that stalls is not spared
 * the requests of its stall (coordinated omission). Prints how many were answered in a second and
 * p50, p90, p99, p99.9 and the longest in microseconds.
 *
 * <p>One thread that never sleeps: it looks for answers and for what is due in turns.
 */
public final class OpenLoop {
  private static final long SECOND = 1_000_000_000L;
  private static final byte[] END = {'\r', '\n', '\r', '\n'};

  private final ByteBuffer request;
  private final Selector selector;
  private final ArrayDeque<Connection> free = new ArrayDeque<>();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
  private final long[] took;
  private int answered;

  /** One connection, with at most one request under way. */
  private static final class Connection {
    final SocketChannel channel;
    long due;
    boolean counts;

    /** Octets of the answer that are still to come; below 0 while its head is read. */
    long left = -1;

    final StringBuilder head = new StringBuilder(512);

    Connection(SocketChannel channel) {
      this.channel = channel;
    }
  }

  private OpenLoop(byte[] request, int most) throws IOException {
    this.request = ByteBuffer.allocateDirect(request.length).put(request);
    this.selector = Selector.open();
    this.took = new long[most];
  }

  public static void main(String[] args) throws IOException {
    InetSocketAddress server = new InetSocketAddress(args[0], Integer.parseInt(args[1]));
    double rate = Double.parseDouble(args[4]);
    int seconds = Integer.parseInt(args[6]);
    int warm = Integer.parseInt(args[7]);
    String head = "GET " + args[3] + " HTTP/1.1\r\nHost: " + args[2] + "\r\n\r\n";
    OpenLoop loop =
        new OpenLoop(head.getBytes(StandardCharsets.US_ASCII), (int) (rate * seconds) + 1);
    for (int i = 0; i < Integer.parseInt(args[5]); i++) {
      SocketChannel channel = SocketChannel.open(server);
      channel.configureBlocking(false);
      channel.setOption(java.net.StandardSocketOptions.TCP_NODELAY, true);
      Connection connection = new Connection(channel);
      channel.register(loop.selector, SelectionKey.OP_READ, connection);
      loop.free.add(connection);
    }
    loop.run(rate, warm, seconds);
    loop.print(seconds);
  }

  private void run(double rate, int warm, int seconds) throws IOException {
    long began = System.nanoTime();
    long all = (long) (rate * (warm + seconds));
    long measured = (long) (rate * warm);
    long next = 0;
    long end = began + (warm + seconds + 5L) * SECOND;
    while (answered < took.length - 1 && System.nanoTime() < end) {
      long now = System.nanoTime();
      while (next < all && !free.isEmpty()) {
        long due = began + (long) (next * (SECOND / rate));
        if (due > now) {
          break;
        }
        ask(free.poll(), due, next >= measured);
        next++;
      }
      if (next == all && free.size() == selector.keys().size()) {
        return;
      }
      selector.selectNow(key -> read((Connection) key.attachment()));
    }
  }

  private void ask(Connection connection, long due, boolean counts) throws IOException {
    connection.due = due;
    connection.counts = counts;
    request.clear();
    if (connection.channel.write(request) < request.capacity()) {
      throw new IOException("the server takes nothing");
    }
  }

  private void read(Connection connection) {
    try {
      buffer.clear();
      int length = connection.channel.read(buffer);
      if (length < 0) {
        throw new IOException("the server ended a connection");
      }
      buffer.flip();
      if (connection.left < 0) {
        head(connection);
      }
      if (connection.left >= 0) {
        connection.left -= buffer.remaining();
        if (connection.left == 0) {
          done(connection);
        }
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Reads up to the end of the head, and from it how long the body is. */
  private void head(Connection connection) throws IOException {
    StringBuilder head = connection.head;
    int matched = 0;
    while (buffer.hasRemaining()) {
      byte octet = buffer.get();
      head.append((char) octet);
      matched = octet == END[matched] ? matched + 1 : octet == END[0] ? 1 : 0;
      if (matched == END.length) {
        String text = head.toString().toLowerCase(Locale.ROOT);
        head.setLength(0);
        int at = text.indexOf("\r\ncontent-length:");
        if (!text.startsWith("http/1.1 200 ") || at < 0) {
          throw new IOException("an answer that is none: " + text);
        }
        int from = text.indexOf(':', at) + 1;
        connection.left = Long.parseLong(text.substring(from, text.indexOf('\r', from)).trim());
        return;
      }
    }
    // Heads here come whole: who sends them in pieces is not compared.
    throw new IOException("a head in pieces");
  }

  private void done(Connection connection) {
    if (connection.counts && answered < took.length) {
      took[answered++] = System.nanoTime() - connection.due;
    }
    connection.left = -1;
    free.add(connection);
  }

  private void print(int seconds) {
    long[] sorted = Arrays.copyOf(took, answered);
    Arrays.sort(sorted);
    System.out.printf(
        "%.0f %.1f %.1f %.1f %.1f %.1f%n",
        answered / (double) seconds,
        at(sorted, 0.5),
        at(sorted, 0.9),
        at(sorted, 0.99),
        at(sorted, 0.999),
        at(sorted, 1));
  }

  private static double at(long[] sorted, double share) {
    int index = (int) Math.min(sorted.length - 1L, (long) (sorted.length * share));
    return sorted.length == 0 ? 0 : sorted[index] / 1000.0;
  }
}

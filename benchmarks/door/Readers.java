import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Readers who ask at a fixed rate, whatever the answers do: {@code Readers PROTOCOL ADDRESS PORT
 * HOST PATH RATE CONNECTIONS SECONDS WARM-SECONDS NET}. A time runs from when the request was due,
 * not from when it could be sent. {@code %} in the path stands for a number that never comes back.
 * Prints what came in the seconds after the warm-up: answers a second with 200 and with 503, all
 * else, and percentiles of the times of the former in milliseconds.
 */
public final class Readers {
  private static final int MOST_EACH = 1 << 20;

  private final String[] args;
  private final int connections;
  private final double rate;
  private final long begin;
  private final long measured;
  private final long end;
  private final AtomicLong number = new AtomicLong(System.nanoTime());
  private final AtomicLong shed = new AtomicLong();
  private final AtomicLong other = new AtomicLong();
  private final long[][] times;

  private Readers(String[] args) {
    this.args = args;
    this.rate = Double.parseDouble(args[5]);
    this.connections = Integer.parseInt(args[6]);
    this.begin = System.nanoTime() + 1_000_000_000;
    this.measured = begin + Long.parseLong(args[8]) * 1_000_000_000;
    this.end = measured + Long.parseLong(args[7]) * 1_000_000_000;
    this.times = new long[connections][];
  }

  public static void main(String[] args) throws InterruptedException {
    new Readers(args).run();
  }

  private void run() throws InterruptedException {
    CountDownLatch over = new CountDownLatch(connections);
    AtomicInteger next = new AtomicInteger();
    for (int i = 0; i < connections; i++) {
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  read(next.getAndIncrement());
                } finally {
                  over.countDown();
                }
              });
    }
    over.await();
    long[] all = Arrays.stream(times).flatMapToLong(Arrays::stream).sorted().toArray();
    double seconds = (end - measured) / 1e9;
    System.out.printf(
        "ok %.0f shed %.0f other %d p50 %.2f p99 %.2f p999 %.2f max %.2f%n",
        all.length / seconds,
        shed.get() / seconds,
        other.get(),
        percentile(all, 0.5),
        percentile(all, 0.99),
        percentile(all, 0.999),
        percentile(all, 1));
  }

  private static double percentile(long[] sorted, double part) {
    return sorted.length == 0
        ? 0
        : sorted[(int) Math.min(sorted.length - 1, part * sorted.length)] / 1e6;
  }

  private void read(int reader) {
    long[] mine = new long[1024];
    int count = 0;
    Wire wire = null;
    for (long turn = 0; ; turn++) {
      long due = begin + (long) ((turn * connections + reader) * 1e9 / rate);
      if (due >= end || count == MOST_EACH) {
        break;
      }
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      try {
        if (wire == null) {
          int port = Integer.parseInt(args[2]);
          wire = Wire.open(args[0], args[1], port, args[3], Integer.parseInt(args[9]), reader);
        }
        String path = args[4].replace("%", "" + number.getAndIncrement());
        int status = wire.get(args[3], path);
        if (due < measured) {
          continue;
        }
        if (status == 200) {
          mine = count == mine.length ? Arrays.copyOf(mine, 2 * count) : mine;
          mine[count++] = System.nanoTime() - due;
        } else if (status == 503) {
          shed.incrementAndGet();
        } else {
          other.incrementAndGet();
        }
      } catch (IOException e) {
        if (other.getAndIncrement() == 0) {
          System.err.println("Readers: " + e);
        }
        wire = null;
      }
    }
    times[reader] = Arrays.copyOf(mine, count);
  }
}

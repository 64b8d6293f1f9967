import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A flood of TLS handshakes: {@code Handshakes ADDRESS PORT HOST AT-ONCE SECONDS}. Each client
 * opens a connection from an address of its own, shakes hands, closes, and begins again. Prints how
 * many there were in a second, and how many came to nothing.
 */
public final class Handshakes {
  private Handshakes() {}

  public static void main(String[] args) throws InterruptedException {
    int port = Integer.parseInt(args[1]);
    long end = System.nanoTime() + Long.parseLong(args[4]) * 1_000_000_000;
    AtomicLong done = new AtomicLong();
    AtomicLong failed = new AtomicLong();
    AtomicInteger client = new AtomicInteger();
    Thread[] threads = new Thread[Integer.parseInt(args[3])];
    for (int i = 0; i < threads.length; i++) {
      threads[i] =
          Thread.ofVirtual()
              .start(
                  () -> {
                    while (System.nanoTime() < end) {
                      int number = client.getAndIncrement();
                      try (Wire wire = Wire.open("https", args[0], port, args[2], 3, number)) {
                        done.incrementAndGet();
                      } catch (IOException e) {
                        failed.incrementAndGet();
                      }
                    }
                  });
    }
    for (Thread thread : threads) {
      thread.join();
    }
    long seconds = Long.parseLong(args[4]);
    System.out.println("handshakes " + done.get() / seconds + " failed " + failed.get() / seconds);
  }
}

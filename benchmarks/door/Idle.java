import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Keeps connections that had one answer each and say nothing more: {@code Idle PROTOCOL ADDRESS
 * PORT HOST COUNT FIRST}. Says {@code open N} once all are there; then, for each line that it
 * reads, {@code alive N} of those that are open still. Ends with its input.
 */
public final class Idle {
  /** Handshakes at once. */
  private static final int AT_ONCE = 32;

  private Idle() {}

  public static void main(String[] args) throws Exception {
    String protocol = args[0];
    int port = Integer.parseInt(args[2]);
    int count = Integer.parseInt(args[4]);
    int first = Integer.parseInt(args[5]);
    List<Wire> open = Collections.synchronizedList(new ArrayList<>());
    AtomicInteger failed = new AtomicInteger();
    Semaphore turns = new Semaphore(AT_ONCE);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < count; i++) {
        int client = first + i;
        turns.acquire();
        threads.execute(
            () -> {
              try {
                Wire wire = Wire.open(protocol, args[1], port, args[3], 1, client);
                if (protocol.equals("h2")) {
                  wire.getFirstOfHttp2(args[3]);
                } else if (wire.get(args[3], "/hit/1") != 200) {
                  throw new IOException("no 200");
                }
                open.add(wire);
              } catch (IOException e) {
                if (failed.getAndIncrement() == 0) {
                  System.out.println("first failure: " + e);
                }
              } finally {
                turns.release();
              }
            });
      }
    }
    System.out.println("open " + open.size() + ", failed " + failed);
    while (System.in.read() >= 0) {
      int alive = 0;
      for (Wire wire : open) {
        alive += wire.isClosed() ? 0 : 1;
      }
      System.out.println("alive " + alive);
    }
  }
}

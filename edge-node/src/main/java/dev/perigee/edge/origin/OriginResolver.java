package dev.perigee.edge.origin;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Names to addresses, looked up off the I/O threads and kept for a while: the platform's resolver
 * says nothing of the records' own time to live, so it is one time for all. An answer older than
 * that is used once more while a new one is fetched, so that a slow resolver stalls nobody whose
 * origin was ever found; where none comes the last one stays.
 */
public final class OriginResolver {
  private static final long TTL_MILLIS = 30_000;
  private static final int MAX_NAMES = 10_000;
  private static final int MAX_LOOKUPS = 256;

  private final Executor lookups;
  private final InstantSource clock;
  private final Map<String, Known> known = new ConcurrentHashMap<>();
  private final AtomicInteger running = new AtomicInteger();

  /**
   * @param lookups may block: a virtual thread each
   */
  public OriginResolver(Executor lookups, InstantSource clock) {
    this.lookups = lookups;
    this.clock = clock;
  }

  /**
   * The addresses of {@code host}; an empty list when it has none.
   *
   * @param thread on which {@code found} is called, unless the answer is at hand
   */
  void resolve(String host, Executor thread, Consumer<List<InetAddress>> found) {
    Known answer = known.get(host);
    long now = clock.millis();
    if (answer != null) {
      if (now - answer.atMillis > TTL_MILLIS) {
        known.replace(host, answer, new Known(answer.addresses, now));
        lookUp(host, addresses -> {});
      }
      found.accept(answer.addresses);
      return;
    }
    lookUp(host, addresses -> thread.execute(() -> found.accept(addresses)));
  }

  private void lookUp(String host, Consumer<List<InetAddress>> found) {
    if (running.incrementAndGet() > MAX_LOOKUPS) {
      running.decrementAndGet();
      found.accept(List.of());
      return;
    }
    lookups.execute(
        () -> {
          List<InetAddress> addresses = List.of();
          try {
            addresses = List.of(InetAddress.getAllByName(bare(host)));
            remember(host, addresses);
          } catch (UnknownHostException e) {
            Known last = known.get(host);
            addresses = last == null ? List.of() : last.addresses;
          } finally {
            running.decrementAndGet();
          }
          found.accept(addresses);
        });
  }

  private void remember(String host, List<InetAddress> addresses) {
    if (known.size() >= MAX_NAMES) {
      known.clear();
    }
    known.put(host, new Known(addresses, clock.millis()));
  }

  private static String bare(String host) {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  private record Known(List<InetAddress> addresses, long atMillis) {}
}

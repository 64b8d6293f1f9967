package dev.perigee.edge.origin;

import dev.perigee.contract.HealthCheck;
import dev.perigee.contract.OriginTransport;
import dev.perigee.edge.origin.pool.CheckResult;
import dev.perigee.edge.origin.pool.OriginTable;
import dev.perigee.edge.origin.pool.ServerPool;
import dev.perigee.edge.origin.pool.ServerState;
import dev.perigee.edge.origin.pool.SitePools;
import dev.perigee.edge.origin.pool.Standing;
import dev.perigee.edge.table.HashTrie;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The health checks of this node: a virtual thread for each server whose pool is checked, as long
 * as it is configured so.
 */
public final class HealthChecks implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HealthChecks.class);

  /** Checks under way at a time. */
  private static final int AT_ONCE = 256;

  /** The first check comes soon, though not all at once. */
  private static final long FIRST_MILLIS = 1_000;

  private static final double PER_CENT = 100;

  private final OriginTable table;
  private final OriginConfig config;
  private final Function<OriginTransport, SSLContext> tls;
  private final InstantSource clock;
  private final LongSupplier nanos;
  private final RandomGenerator random;
  private final Semaphore slots = new Semaphore(AT_ONCE);
  private final Map<ServerState, Watch> watches = new HashMap<>();

  /** What is being checked; guarded by this. */
  private HashTrie<SitePools> checked = HashTrie.empty();

  /**
   * @param tls by how a pool is spoken to
   * @param nanos a clock that never jumps
   */
  public HealthChecks(
      OriginTable table,
      OriginConfig config,
      Function<OriginTransport, SSLContext> tls,
      InstantSource clock,
      LongSupplier nanos,
      RandomGenerator random) {
    this.table = table;
    this.config = config;
    this.tls = tls;
    this.clock = clock;
    this.nanos = nanos;
    this.random = random;
  }

  /** Checks what the table says from now on; to be called after each swap. */
  public synchronized void update() {
    HashTrie<SitePools> pools = table.pools();
    pools.changesSince(
        checked,
        (site, before, after) -> {
          Map<ServerState, Watch> wanted = watches(after);
          for (ServerPool pool : pools(before)) {
            for (int i = 0; i < pool.size(); i++) {
              stop(pool.server(i), wanted.get(pool.server(i)));
            }
          }
          wanted.forEach(this::start);
        });
    checked = pools;
  }

  private static Collection<ServerPool> pools(@Nullable SitePools site) {
    return site == null ? List.of() : site.all();
  }

  private Map<ServerState, Watch> watches(@Nullable SitePools site) {
    Map<ServerState, Watch> wanted = new HashMap<>();
    for (ServerPool pool : pools(site)) {
      for (int i = 0; i < pool.size() && pool.config().check().isPresent(); i++) {
        HealthCheck check = pool.config().check().get();
        wanted.put(pool.server(i), new Watch(pool, i, check));
      }
    }
    return wanted;
  }

  private void stop(ServerState server, @Nullable Watch next) {
    Watch old = watches.get(server);
    if (old != null && (next == null || !next.check.equals(old.check))) {
      old.stop();
      watches.remove(server);
      if (next == null) {
        old.pool.unchecked(old.server, clock.millis());
      }
    }
  }

  private void start(ServerState server, Watch watch) {
    if (watches.putIfAbsent(server, watch) == null) {
      watch.start();
    }
  }

  @Override
  public synchronized void close() {
    watches.values().forEach(Watch::stop);
    watches.clear();
  }

  private double random() {
    synchronized (random) {
      return random.nextDouble();
    }
  }

  /** The checks of one server. */
  private final class Watch {
    private final ServerPool pool;
    private final int server;
    private final HealthCheck check;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Thread thread;

    Watch(ServerPool pool, int server, HealthCheck check) {
      this.pool = pool;
      this.server = server;
      this.check = check;
      this.thread = Thread.ofVirtual().name("check").unstarted(this::watch);
    }

    ServerState state() {
      return pool.server(server);
    }

    void start() {
      thread.start();
    }

    void stop() {
      stopped.countDown();
      thread.interrupt();
    }

    private void watch() {
      try {
        long wait = (long) (random() * Math.min(check.intervalMillis(), FIRST_MILLIS));
        while (!stopped.await(wait, TimeUnit.MILLISECONDS)) {
          slots.acquire();
          try {
            once();
          } finally {
            slots.release();
          }
          wait = jittered();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private long jittered() {
      double jitter = check.jitterPercent() / PER_CENT * (2 * random() - 1);
      return Math.round(check.intervalMillis() * (1 + jitter));
    }

    private void once() {
      OriginTransport transport = pool.config().transport();
      CheckResult result =
          new ServerCheck(
                  pool.url(server),
                  check,
                  transport,
                  config::mayConnect,
                  tls.apply(transport),
                  nanos)
              .run();
      if (stopped.getCount() == 0) {
        return;
      }
      long now = clock.millis();
      boolean before = state().standing(now) != Standing.CHECK_FAILED;
      pool.checked(server, result, now);
      boolean after = state().standing(now) != Standing.CHECK_FAILED;
      if (before != after) {
        LOG.info(
            "site {}, pool {}: {} is {} by its health check: {}",
            pool.site(),
            pool.config().name(),
            pool.url(server),
            after ? "well" : "ill",
            result.sentence());
      }
    }
  }
}

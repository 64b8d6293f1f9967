package dev.perigee.control.stream;

import dev.perigee.contract.Limits;
import dev.perigee.control.store.Replica;
import dev.perigee.control.store.ReplicaStore;
import dev.perigee.control.store.StoreException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which control planes live on the same database. Says every second that this one does. While the
 * database is away nobody can say so: then those that lived before count on.
 */
public final class ReplicaRegistry implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicaRegistry.class);
  private static final long BEAT_MILLIS = 1_000;

  /** After the database was away, everybody gets so long to say again that it lives. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  private final ReplicaStore store;
  private final Optional<Replica> own;
  private final InstantSource clock;
  private final Consumer<List<Replica>> changed;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile List<Replica> living;
  private Instant graceUntil = Instant.MIN;

  /**
   * A registry that nobody is in yet.
   *
   * @param changed told of all that live, after each change
   */
  public ReplicaRegistry(
      ReplicaStore store, Replica own, InstantSource clock, Consumer<List<Replica>> changed) {
    this(store, Optional.of(own), List.of(own), clock, changed);
  }

  private ReplicaRegistry(
      ReplicaStore store,
      Optional<Replica> own,
      List<Replica> living,
      InstantSource clock,
      Consumer<List<Replica>> changed) {
    this.store = store;
    this.own = own;
    this.clock = clock;
    this.changed = changed;
    this.living = living;
  }

  /**
   * One that looks who lives, and enters nobody.
   *
   * @param known who lived when that was last known
   */
  public static ReplicaRegistry watching(
      ReplicaStore store,
      List<Replica> known,
      InstantSource clock,
      Consumer<List<Replica>> changed) {
    return new ReplicaRegistry(store, Optional.empty(), known, clock, changed);
  }

  /** Enters this one; a broken database is an exception. */
  public void start() {
    take(beat());
    run();
  }

  /** Begins with those that lived before, whether or not the database can be asked. */
  public void startFromKnown() {
    graceUntil = Instant.MAX;
    changed.accept(living);
    run();
  }

  private List<Replica> beat() {
    return own.map(store::beat).orElseGet(store::living);
  }

  private void run() {
    Thread.ofVirtual().name("replica-registry").start(this::follow);
  }

  /** Those that live. */
  public List<Replica> living() {
    return living;
  }

  /** Where those that live listen for edges; as many as an edge may be told. */
  public List<String> addresses() {
    return living.stream()
        .map(Replica::address)
        .distinct()
        .sorted()
        .limit(Limits.REPLICAS)
        .toList();
  }

  private void follow() {
    try {
      while (!closed.await(BEAT_MILLIS, TimeUnit.MILLISECONDS)) {
        try {
          take(beat());
        } catch (StoreException e) {
          LOG.debug("not entered", e);
          graceUntil = Instant.MAX;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void take(List<Replica> alive) {
    Instant now = clock.instant();
    if (graceUntil.equals(Instant.MAX)) {
      graceUntil = now.plus(GRACE);
    }
    Map<String, Replica> all = new TreeMap<>();
    if (now.isBefore(graceUntil)) {
      living.forEach(replica -> all.put(replica.id(), replica));
    }
    alive.forEach(replica -> all.put(replica.id(), replica));
    own.ifPresent(one -> all.put(one.id(), one));
    List<Replica> next = List.copyOf(all.values());
    if (!next.equals(living)) {
      living = next;
      LOG.info("control planes: {}", addresses());
      changed.accept(next);
    }
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      own.ifPresent(store::leave);
    } catch (StoreException e) {
      LOG.debug("not left; the others notice in seconds", e);
    }
  }
}

package dev.perigee.control.steer;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.fleet.FleetView;
import dev.perigee.control.steer.SteeringSnapshot.SteeredNode;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.NodeStore;
import dev.perigee.control.store.SiteStore;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the snapshot up to date. What changes in the fleet takes effect at once, from memory: a
 * dead node leaves the answers though the database is dead too. What changes in the log is read
 * from the database on a thread of its own, again and again until it can be read.
 */
public final class SnapshotFeed implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotFeed.class);
  private static final long FIRST_RETRY_MILLIS = 250;
  private static final long LAST_RETRY_MILLIS = 10_000;

  private final SiteStore sites;
  private final NodeStore nodes;
  private final FleetView fleet;
  private final LongSupplier revision;
  private final NearestSteering target;
  private final Semaphore due = new Semaphore(0);
  private final CountDownLatch closed = new CountDownLatch(1);
  private Read read = new Read(List.of(), List.of(), -1);

  /** What the database said last. */
  private record Read(List<Node> nodes, List<SiteConfig> sites, long revision) {}

  /**
   * @param revision the change log's newest number
   */
  public SnapshotFeed(
      SiteStore sites,
      NodeStore nodes,
      FleetView fleet,
      LongSupplier revision,
      NearestSteering target) {
    this.sites = sites;
    this.nodes = nodes;
    this.fleet = fleet;
    this.revision = revision;
    this.target = target;
  }

  /** Builds the first snapshot and follows the fleet; a broken database is an exception. */
  public void start() {
    fleet.onChange(this::changed);
    readAgain();
    Thread.ofVirtual().name("steer-feed").start(this::follow);
  }

  /** Something changed: steers by the fleet as it is now, and reads the rest soon. */
  public void changed() {
    restate();
    due.release();
  }

  private synchronized void restate() {
    List<SteeredNode> states =
        read.nodes().stream()
            .map(node -> new SteeredNode(node, fleet.state(node.name()).isServing()))
            .toList();
    target.swap(new SteeringSnapshot(states, read.sites(), read.revision()));
  }

  private void readAgain() {
    // Read before the rest: what comes in between is read once more, never left out.
    long number = revision.getAsLong();
    List<SiteConfig> known = sitesOf(number).orElseGet(sites::all);
    Read now = new Read(nodes.all(), known, number);
    synchronized (this) {
      read = now;
      restate();
    }
  }

  /** The sites as of this revision, where they were read: without a change they are the same. */
  private synchronized Optional<List<SiteConfig>> sitesOf(long number) {
    return read.revision() == number ? Optional.of(read.sites()) : Optional.empty();
  }

  private void follow() {
    try {
      while (closed.getCount() > 0) {
        due.acquire();
        due.drainPermits();
        readUntilDone();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void readUntilDone() throws InterruptedException {
    long wait = FIRST_RETRY_MILLIS;
    while (closed.getCount() > 0) {
      try {
        readAgain();
        return;
      } catch (RuntimeException e) {
        LOG.warn("steering goes on with the sites and nodes it knew: {}", e.toString());
        if (closed.await(wait, TimeUnit.MILLISECONDS)) {
          return;
        }
        wait = Math.min(2 * wait, LAST_RETRY_MILLIS);
      }
    }
  }

  @Override
  public void close() {
    closed.countDown();
    due.release();
  }
}

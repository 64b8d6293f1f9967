package dev.perigee.control.steer;

import dev.perigee.control.fleet.FleetView;
import dev.perigee.control.steer.SteeringSnapshot.SteeredNode;
import dev.perigee.control.store.NodeStore;
import dev.perigee.control.store.SiteStore;
import dev.perigee.control.store.StoreException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Builds the snapshot anew when the fleet or the change log says so, and swaps it in. */
public final class SnapshotFeed implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotFeed.class);

  private final SiteStore sites;
  private final NodeStore nodes;
  private final FleetView fleet;
  private final LongSupplier revision;
  private final NearestSteering target;
  private final AtomicBoolean due = new AtomicBoolean();
  private final ExecutorService worker =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("steer-feed").factory());

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

  /** Builds the first snapshot and follows the fleet. */
  public void start() {
    fleet.onChange(this::changed);
    refresh();
  }

  /** Something changed: rebuilds soon on another thread; does not block. */
  public void changed() {
    if (due.compareAndSet(false, true)) {
      try {
        worker.execute(this::refreshQuietly);
      } catch (RejectedExecutionException e) {
        LOG.debug("closed", e);
      }
    }
  }

  /** Rebuilds now; a broken database is a {@link StoreException}. */
  public synchronized void refresh() {
    due.set(false);
    long number = revision.getAsLong();
    var all =
        nodes.all().stream()
            .map(node -> new SteeredNode(node, fleet.state(node.name()).isServing()))
            .toList();
    target.swap(new SteeringSnapshot(all, sites.all(), number));
  }

  @Override
  public void close() {
    worker.shutdownNow();
  }

  private void refreshQuietly() {
    try {
      refresh();
    } catch (StoreException e) {
      LOG.warn("steering goes on with what it knew", e);
    }
  }
}

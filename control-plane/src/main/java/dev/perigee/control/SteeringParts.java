package dev.perigee.control;

import dev.perigee.contract.GeoFile;
import dev.perigee.control.fleet.Fleet;
import dev.perigee.control.probe.ProbeConfig;
import dev.perigee.control.probe.Prober;
import dev.perigee.control.steer.AsnDatabase;
import dev.perigee.control.steer.CourseFeed;
import dev.perigee.control.steer.GeoDatabase;
import dev.perigee.control.steer.GeoOverride;
import dev.perigee.control.steer.NearestSteering;
import dev.perigee.control.steer.SnapshotFeed;
import dev.perigee.control.steer.Steering;
import dev.perigee.control.store.ChangeStore;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.StoreException;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Steering with all that feeds it, which every role needs.
 *
 * @param geo the file of cities, where there is one
 * @param geoFiles what edges may be given now
 * @param position of the log that the feed follows
 */
record SteeringParts(
    Options options,
    Stores stores,
    Fleet fleet,
    Running running,
    GeoLayers layers,
    Optional<GeoDatabase> geo,
    Supplier<List<GeoFile>> geoFiles,
    NearestSteering steering,
    SnapshotFeed feed,
    LogPosition position) {
  private static final Logger LOG = LoggerFactory.getLogger(SteeringParts.class);
  private static final long LOOK_MILLIS = 1_000;
  private static final long LOOK_MILLIS_PER_NODE = 1;
  private static final long FOLLOW_PAUSE_MILLIS = 50;

  /**
   * Reads the GeoIP files; of the database nothing yet.
   *
   * @param saidAt when the database said what answers are made of at first
   */
  static SteeringParts of(
      Options options, Stores stores, Fleet fleet, Running running, Instant saidAt)
      throws IOException {
    Optional<GeoDatabase> geo = geo(options, running);
    GeoLayers layers = new GeoLayers(override(options, geo, running), geo);
    Supplier<List<GeoFile>> files = layers.forEdges(asn(options, running));
    NearestSteering steering =
        new NearestSteering(layers.locator(), position(options.steerDefault));
    SnapshotFeed feed =
        running.keep(
            new SnapshotFeed(
                new SnapshotFeed.Ports(
                    stores.sites(),
                    stores.nodes(),
                    stores.zones()::all,
                    fleet,
                    new ChangeStore(stores.database())::after,
                    stores::revision,
                    running.clock()),
                steering));
    return new SteeringParts(
        options,
        stores,
        fleet,
        running,
        layers,
        geo,
        files,
        steering,
        feed,
        new LogPosition(saidAt));
  }

  private static Optional<GeoDatabase> geo(Options options, Running running) throws IOException {
    if (options.geoipDatabase == null) {
      LOG.warn("no --geoip-database: every client counts as being at the default position");
      return Optional.empty();
    }
    return Optional.of(running.keep(new GeoDatabase(options.geoipDatabase, running.clock())));
  }

  private static Optional<GeoOverride> override(
      Options options, Optional<GeoDatabase> geo, Running running) throws IOException {
    return options.geoipOverride == null
        ? Optional.empty()
        : Optional.of(running.keep(new GeoOverride(options.geoipOverride, GeoLayers.usual(geo))));
  }

  private static Optional<AsnDatabase> asn(Options options, Running running) throws IOException {
    return options.geoipAsnDatabase == null
        ? Optional.empty()
        : Optional.of(running.keep(new AsnDatabase(options.geoipAsnDatabase)));
  }

  private static Steering.Position position(String text) throws IOException {
    String[] parts = text.split(",", -1);
    try {
      return new Steering.Position(Double.parseDouble(parts[0]), Double.parseDouble(parts[1]));
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new IOException("--steer-default must be LAT,LON: " + text, e);
    }
  }

  /**
   * Probes the nodes that steering knows, unless they are not to be probed, and works out the
   * courses. The feed has begun.
   *
   * @param answered nodes that answered probes of an earlier run
   */
  void start(Set<String> answered) throws IOException {
    Optional<ProbeConfig> config = options.probes.config();
    if (config.isPresent()) {
      Supplier<List<Node>> nodes =
          () -> steering.snapshot().nodes().stream().map(one -> one.node()).toList();
      Prober prober =
          running.keep(
              new Prober(
                  config.get(), nodes, fleet.probes()::found, running.random(), running.nanos()));
      prober.expect(answered);
      prober.start();
    }
    running.keep(new CourseFeed(steering, layers.files(), running.nanos())).start();
  }

  /** Keeps steering in step with the log. */
  void follow() {
    Thread follower = Thread.ofVirtual().name("follow-log").start(this::followLog);
    running.keep(follower::interrupt);
  }

  /**
   * Reads nodes and sites again with each change; and what is not logged, such as that a node was
   * enrolled, once a second, or of thousands of nodes so much more seldom. A purge is no change.
   */
  private void followLog() {
    LogNumbers numbers = stores.numbers();
    long seen = numbers.generation();
    long revision = -1;
    long readMillis = running.clock().millis();
    long lookedMillis = readMillis;
    try {
      do {
        numbers.await(seen, LOOK_MILLIS);
        seen = numbers.generation();
        long now = newest(revision);
        long time = running.clock().millis();
        long period = Math.max(LOOK_MILLIS, feed.nodes() * LOOK_MILLIS_PER_NODE);
        if (now != revision || Math.abs(time - readMillis) >= period) {
          revision = now;
          readMillis = time;
          lookedMillis = time;
          feed.changed();
        } else if (Math.abs(time - lookedMillis) >= LOOK_MILLIS) {
          lookedMillis = time;
          feed.look();
        }
      } while (!running.isStoppedWithin(FOLLOW_PAUSE_MILLIS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The newest revision, or the one before where the database does not say. */
  private long newest(long before) {
    try {
      long now = stores.revision();
      position.said(now, running.clock().instant());
      return now;
    } catch (StoreException e) {
      LOG.debug("the log is looked at again in a second", e);
      return before;
    }
  }
}

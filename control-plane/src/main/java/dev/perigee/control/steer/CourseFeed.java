package dev.perigee.control.steer;

import dev.perigee.contract.GeoFile;
import dev.perigee.control.steer.NearestSteering.State;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Works out the courses anew when nodes are placed elsewhere, zones change, sites of a new audience
 * come or the GeoIP file is replaced; on a thread of its own. What health and load do needs no new
 * ones.
 */
public final class CourseFeed implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CourseFeed.class);
  private static final long LOOK_MILLIS = 100;

  private final NearestSteering steering;
  private final List<Supplier<Optional<GeoFile>>> layers;
  private final LongSupplier nanos;
  private final CountDownLatch closed = new CountDownLatch(1);
  private GeoTree geo = GeoTree.NONE;
  private List<String> versions = List.of();

  /**
   * One that is not started.
   *
   * @param layers the GeoIP files that locate, the one that is asked first first; until all are
   *     there nothing is worked out
   */
  public CourseFeed(
      NearestSteering steering, List<Supplier<Optional<GeoFile>>> layers, LongSupplier nanos) {
    this.steering = steering;
    this.layers = List.copyOf(layers);
    this.nanos = nanos;
  }

  public void start() {
    Thread.ofPlatform().name("steer-courses").daemon().start(this::follow);
  }

  private void follow() {
    try {
      while (!closed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Works out what is out of date; whether anything was. */
  boolean look() {
    readFiles();
    State now = steering.state();
    Courses before = now.courses();
    boolean current = before != null && before.isCurrent(now, geo);
    if (current || geo.version().isEmpty()) {
      return false;
    }
    long begun = nanos.getAsLong();
    Courses made = Courses.of(now, geo, steering.defaultPosition(), before);
    steering.courses(made);
    LOG.debug("steering worked out in {} ms, {} bytes", millisSince(begun), made.bytes());
    return true;
  }

  /** Reads the files when there are all of them, and another one than before. */
  private void readFiles() {
    List<GeoFile> files = layers.stream().flatMap(layer -> layer.get().stream()).toList();
    List<String> now = files.stream().map(GeoFile::version).toList();
    if (files.isEmpty() || files.size() < layers.size() || now.equals(versions)) {
      return;
    }
    versions = now;
    long begun = nanos.getAsLong();
    try {
      GeoTree all = GeoTree.of(files.getLast());
      for (GeoFile file : files.subList(0, files.size() - 1).reversed()) {
        all = GeoTree.of(file).before(all);
      }
      geo = all;
      LOG.info(
          "GeoIP networks read in {} ms: {} places, {} bytes",
          millisSince(begun),
          geo.places().size(),
          geo.networks().bytes());
    } catch (IOException e) {
      LOG.error("GeoIP networks cannot be worked out: {}", e.getMessage());
    }
  }

  private long millisSince(long begun) {
    return TimeUnit.NANOSECONDS.toMillis(nanos.getAsLong() - begun);
  }

  @Override
  public void close() {
    closed.countDown();
  }
}

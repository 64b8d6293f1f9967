package dev.perigee.control.steer;

import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoKind;
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
  private final Supplier<List<GeoFile>> files;
  private final LongSupplier nanos;
  private final CountDownLatch closed = new CountDownLatch(1);
  private GeoTree geo = GeoTree.NONE;
  private String refused = "";

  /**
   * One that is not started.
   *
   * @param files the GeoIP files that serve; until there is one, nothing is worked out
   */
  public CourseFeed(NearestSteering steering, Supplier<List<GeoFile>> files, LongSupplier nanos) {
    this.steering = steering;
    this.files = files;
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
    readFile();
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

  private void readFile() {
    Optional<GeoFile> file =
        files.get().stream().filter(one -> one.kind() == GeoKind.CITY).findFirst();
    String version = file.map(GeoFile::version).orElse("");
    if (file.isEmpty() || version.equals(geo.version()) || version.equals(refused)) {
      return;
    }
    long begun = nanos.getAsLong();
    try {
      geo = GeoTree.of(file.get());
      LOG.info(
          "GeoIP networks of {} read in {} ms: {} places, {} bytes",
          version.substring(0, 12),
          millisSince(begun),
          geo.places().size(),
          geo.networks().bytes());
    } catch (IOException e) {
      refused = version;
      LOG.error("GeoIP networks of {} cannot be worked out: {}", version, e.getMessage());
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

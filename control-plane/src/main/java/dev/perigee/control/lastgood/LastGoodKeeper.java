package dev.perigee.control.lastgood;

import dev.perigee.control.store.OutageLog;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the file up to date: written when answers change, but no more often than is wished, and
 * once a minute for what else it holds. Where it cannot be written the one before stays.
 */
public final class LastGoodKeeper implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LastGoodKeeper.class);
  private static final OutageLog OUTAGE = new OutageLog(LOG, "what was last good is not kept");
  private static final long LOOK_MILLIS = 250;
  private static final Duration ANYWAY = Duration.ofMinutes(1);

  private final LastGoodFile file;
  private final Supplier<LastGood> now;
  private final Duration pause;
  private final InstantSource clock;
  private final CountDownLatch closed = new CountDownLatch(1);
  private @Nullable LastGood kept;
  private Instant tried = Instant.MIN;
  private volatile Instant writtenAt;

  /**
   * A keeper that is not started.
   *
   * @param now all that answers are made of now; cheap where nothing changed
   * @param pause between two times that the file is written
   * @param began when what is answered from at first was put together
   */
  public LastGoodKeeper(
      LastGoodFile file,
      Supplier<LastGood> now,
      Duration pause,
      Instant began,
      InstantSource clock) {
    this.file = file;
    this.now = now;
    this.pause = pause;
    this.writtenAt = began;
    this.clock = clock;
  }

  public void start() {
    Thread.ofVirtual().name("last-good").start(this::follow);
  }

  private void follow() {
    try {
      do {
        look();
      } while (!closed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Writes the file where it is time. */
  void look() {
    Instant time = clock.instant();
    LastGood before = kept;
    if (before != null && tried.plus(pause).isAfter(time)) {
      return;
    }
    LastGood next = now.get();
    if (before != null && !tried.plus(ANYWAY).isBefore(time) && next.answersLike(before)) {
      return;
    }
    tried = time;
    try {
      file.write(next);
      writtenAt = time;
    } catch (IOException | RuntimeException e) {
      OUTAGE.failed(e);
    }
    kept = next;
  }

  /** When the file was written last. */
  public Instant writtenAt() {
    return writtenAt;
  }

  @Override
  public void close() {
    closed.countDown();
  }
}

package dev.perigee.edge.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * How well the node is in step with the control plane, and so how much it may serve. Written by the
 * sync stream, read for each request. The time of the last contact survives a restart; a clock that
 * is set while the node runs changes nothing, as the time since is that of one that never jumps.
 */
public final class ServingState implements Supplier<Serving> {
  private final Duration serveUnsynced;
  private final LongSupplier lastPurge;
  private final InstantSource clock;
  private final LongSupplier nanos;
  private final Path contactFile;

  // Written by the sync thread alone.
  private volatile boolean connected;
  private volatile long headPurge;
  private volatile long lastContactMillis;

  /** By the clock that never jumps; before the start where the last contact was. */
  private volatile long lastContactNanos;

  /**
   * Begins disconnected, with the contact noted in {@code contactFile}.
   *
   * @param serveUnsynced how long to serve without contact; zero: never
   * @param lastPurge number of the last purge in force
   * @param nanos a clock that never jumps
   */
  public ServingState(
      Duration serveUnsynced,
      LongSupplier lastPurge,
      InstantSource clock,
      LongSupplier nanos,
      Path contactFile) {
    this.serveUnsynced = serveUnsynced;
    this.lastPurge = lastPurge;
    this.clock = clock;
    this.contactFile = contactFile;
    this.nanos = nanos;
    this.lastContactMillis = readContact(contactFile);
    long before = Math.max(0, clock.millis() - lastContactMillis);
    this.lastContactNanos = nanos.getAsLong() - TimeUnit.MILLISECONDS.toNanos(before);
  }

  private void contact() {
    lastContactMillis = clock.millis();
    lastContactNanos = nanos.getAsLong();
  }

  @Override
  public Serving get() {
    if (!connected && isOverdue()) {
      return Serving.NOTHING;
    }
    return headPurge > lastPurge.getAsLong() ? Serving.NO_HITS : Serving.EVERYTHING;
  }

  /** Whether the control plane is being heard. */
  public boolean isConnected() {
    return connected;
  }

  /** The stream's first answer came: this purge must be in force before the next hit. */
  void welcomed(long newHeadPurge) {
    headPurge = newHeadPurge;
    contact();
    connected = true;
  }

  /** A purge of this number exists: no hit before it is in force. */
  void purgeKnown(long number) {
    headPurge = Math.max(headPurge, number);
  }

  /** The stream ended. */
  void disconnected() {
    if (connected) {
      contact();
      connected = false;
    }
  }

  /** Notes the contact on disk, so that a restart knows how long it was away. */
  void noteContact() throws IOException {
    if (connected) {
      contact();
    }
    if (lastContactMillis > 0) {
      StateFile.replace(
          contactFile, Long.toString(lastContactMillis).getBytes(StandardCharsets.US_ASCII));
    }
  }

  private boolean isOverdue() {
    long away = TimeUnit.NANOSECONDS.toMillis(nanos.getAsLong() - lastContactNanos);
    return serveUnsynced.isZero() || away >= serveUnsynced.toMillis();
  }

  private static long readContact(Path file) {
    try {
      return Files.exists(file) ? Long.parseLong(Files.readString(file).strip()) : 0;
    } catch (IOException | NumberFormatException e) {
      return 0; // as if there had never been one
    }
  }
}

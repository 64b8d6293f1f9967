package dev.perigee.control.dns;

import dev.perigee.control.steer.SteeringSnapshot;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The zone as of now. A thread of its own makes the next one as soon as there is news, so that no
 * query waits for the names of 100 000 sites; who is chosen does not wait for it.
 */
final class Zones implements Supplier<Zone>, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Zones.class);
  private static final long LOOK_MILLIS = 50;

  private final DnsConfig config;
  private final Supplier<SteeringSnapshot> snapshot;
  private final Supplier<ZoneFacts> facts;
  private final SipHash hash;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile Zone current;

  /**
   * @param hash with a key that nobody knows
   */
  Zones(
      DnsConfig config,
      Supplier<SteeringSnapshot> snapshot,
      Supplier<ZoneFacts> facts,
      SipHash hash) {
    this.config = config;
    this.snapshot = snapshot;
    this.facts = facts;
    this.hash = hash;
    this.current = Zone.of(config, snapshot.get(), facts.get(), hash, null);
  }

  @Override
  public Zone get() {
    return current;
  }

  /** Looks for news, from now on again and again. */
  void start() {
    Thread.ofPlatform().daemon().name("dns-zone").start(this::follow);
  }

  /** Looks for news now. */
  synchronized void refresh() {
    SteeringSnapshot now = snapshot.get();
    ZoneFacts known = facts.get();
    if (!current.isOf(now, known)) {
      current = Zone.of(config, now, known, hash, current);
    }
  }

  private void follow() {
    try {
      while (!closed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        try {
          refresh();
        } catch (RuntimeException e) {
          LOG.warn("the zone stays as it was: {}", e.toString());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed.countDown();
  }
}

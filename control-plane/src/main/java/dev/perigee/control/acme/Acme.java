package dev.perigee.control.acme;

import dev.perigee.control.fleet.Fleet;
import dev.perigee.control.store.AcmeSite;
import dev.perigee.control.store.AcmeSites;
import dev.perigee.control.store.AcmeStore;
import dev.perigee.control.store.DnsChallengeStore;
import dev.perigee.control.store.DnsReaders;
import dev.perigee.control.store.NodeStore;
import dev.perigee.control.store.Organisation;
import dev.perigee.control.store.OutageLog;
import dev.perigee.control.store.PostgresCertificateStore;
import dev.perigee.control.store.StoreException;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks again and again which sites need a certificate, and orders it. All control planes look;
 * each order is one's, and what one leaves unfinished another begins anew.
 */
public final class Acme implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Acme.class);
  private static final OutageLog OUTAGE =
      new OutageLog(LOG, "orders of certificates wait for the database");

  /** Orders that run here at one time. */
  private static final int AT_ONCE = 4;

  /** How many orders the authority is asked for by all organisations together. */
  private static final AcmeStore.Limit ALL = new AcmeStore.Limit(150, Duration.ofHours(3));

  private static final Duration DAY = Duration.ofDays(1);

  /** After which a site that could not begin is looked at again. */
  private static final Duration PUT_OFF = Duration.ofMinutes(10);

  /** After which an order is ended. */
  private static final Duration LONGEST = Duration.ofMinutes(20);

  /** Certificates of sites that are gone, which ended so long ago, go. */
  private static final Duration ENDED = Duration.ofDays(7);

  private final AcmeConfig config;
  private final Stores stores;
  private final OrderRun.Parts parts;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final Semaphore free = new Semaphore(AT_ONCE);
  private final Thread thread = Thread.ofVirtual().name("acme").unstarted(this::run);

  /** What it reads and writes. */
  public record Stores(
      AcmeStore orders,
      AcmeSites sites,
      PostgresCertificateStore certificates,
      DnsChallengeStore challenges,
      DnsReaders readers,
      NodeStore nodes) {}

  /**
   * Nothing is ordered yet.
   *
   * @throws IOException where the file of trusted certificates cannot be read
   */
  public Acme(
      AcmeConfig config, Stores stores, Fleet fleet, SecureRandom random, InstantSource clock)
      throws IOException {
    this.config = config;
    this.stores = stores;
    this.parts =
        new OrderRun.Parts(
            new AcmeClient(config, stores.orders(), random, clock),
            stores.orders(),
            stores.certificates(),
            stores.challenges(),
            stores.readers(),
            new TokenReach(stores.nodes(), fleet),
            new RenewalPolicy(config.firstPause()),
            clock,
            stopping);
  }

  /** Begins to look. */
  public void start() {
    thread.start();
  }

  private void run() {
    try {
      do {
        look();
      } while (!stopping.await(config.look().toMillis(), TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() throws InterruptedException {
    try {
      Instant now = parts.clock().instant();
      stores.sites().sweep(ENDED);
      for (AcmeSite site : stores.sites().all()) {
        if (isDue(site, now)) {
          begin(site.id());
        }
      }
    } catch (StoreException e) {
      OUTAGE.failed(e);
    } catch (RuntimeException e) {
      LOG.error("what certificates are due is not known", e);
    }
  }

  private boolean isDue(AcmeSite site, Instant now) {
    return !site.running()
        && switch (parts.policy().due(site, now)) {
          case RenewalPolicy.Due.At(Instant time) -> !time.isAfter(now);
          case RenewalPolicy.Due.Covered covered -> false;
        };
  }

  /** Begins one that is still due once there is room: until then its site may change, or go. */
  private void begin(String id) throws InterruptedException {
    free.acquire();
    boolean begun = false;
    try {
      Optional<AcmeSite> due =
          stores.sites().find(id).filter(site -> isDue(site, parts.clock().instant()));
      begun = due.isPresent() && isBegun(due.get());
    } finally {
      if (!begun) {
        free.release();
      }
    }
  }

  private boolean isBegun(AcmeSite site) {
    Optional<AcmeStore.Limit> own =
        site.organisation().equals(Organisation.FIRST)
            ? Optional.empty()
            : Optional.of(new AcmeStore.Limit(config.ordersPerDay(), DAY));
    Instant now = parts.clock().instant();
    // Of this run alone: what this process began before has lost its lease, and does not go on.
    String run = UUID.randomUUID().toString();
    return switch (stores.orders().begin(site, run, OrderRun.LEASE, own, ALL, now)) {
      case AcmeStore.Begun.Yes yes -> {
        Thread order =
            Thread.ofVirtual().name("acme-" + site.id()).unstarted(() -> order(site, run));
        order.start();
        Thread.ofVirtual().name("acme-end").start(() -> bound(order, site));
        yield true;
      }
      case AcmeStore.Begun.Taken taken -> false;
      case AcmeStore.Begun.Limited(String why) -> {
        stores.orders().putOff(site, now.plus(PUT_OFF), why);
        yield false;
      }
    };
  }

  private void order(AcmeSite site, String run) {
    try {
      new OrderRun(parts, run, site).run();
    } catch (StoreException e) {
      OUTAGE.failed(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      free.release();
    }
  }

  /** An authority that falls silent in the middle of an answer keeps no place for ever. */
  private void bound(Thread order, AcmeSite site) {
    try {
      if (!order.join(LONGEST)) {
        LOG.warn("the order of {} takes more than {} and is ended", site.id(), LONGEST);
        order.interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    stopping.countDown();
    thread.interrupt();
  }
}

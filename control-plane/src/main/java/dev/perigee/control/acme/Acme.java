package dev.perigee.control.acme;

import dev.perigee.contract.AcmeChallenge;
import dev.perigee.control.store.AcmeAccounts;
import dev.perigee.control.store.AcmeSite;
import dev.perigee.control.store.AcmeSites;
import dev.perigee.control.store.AcmeStore;
import dev.perigee.control.store.DnsChallengeStore;
import dev.perigee.control.store.DnsReaders;
import dev.perigee.control.store.Organisation;
import dev.perigee.control.store.OutageLog;
import dev.perigee.control.store.OwnCertificates;
import dev.perigee.control.store.PostgresCertificateStore;
import dev.perigee.control.store.StoreException;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
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
  /** So long after a start what is not known yet may be on its way. */
  private static final Duration FIRST_REPORTS = Duration.ofSeconds(15);

  private static final Logger LOG = LoggerFactory.getLogger(Acme.class);
  private static final OutageLog OUTAGE =
      new OutageLog(LOG, "orders of certificates wait for the database");

  /** Orders that run here at one time. */
  private static final int AT_ONCE = 4;

  /** How many orders the authority is asked for by all organisations together. */
  private static final AcmeStore.Limit ALL = new AcmeStore.Limit(150, Duration.ofHours(3));

  private static final Duration DAY = Duration.ofDays(1);

  /** After which a site that could not begin, as there were too many, is looked at again. */
  private static final Duration PUT_OFF = Duration.ofMinutes(10);

  /** After which an order is ended. */
  private static final Duration LONGEST = Duration.ofMinutes(20);

  private final Instant began;
  private final AcmeConfig config;
  private final AcmeStore orders;
  private final Subjects subjects;
  private final OrderRun.Parts parts;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final Semaphore free = new Semaphore(AT_ONCE);
  private final Thread thread = Thread.ofVirtual().name("acme").unstarted(this::run);

  /**
   * What all orders read and write.
   *
   * @param orders of these subjects
   */
  public record Stores(
      AcmeAccounts accounts, AcmeStore orders, DnsChallengeStore challenges, DnsReaders readers) {}

  private Acme(
      AcmeConfig config, Stores stores, Subjects subjects, SecureRandom random, InstantSource clock)
      throws IOException {
    this.config = config;
    this.began = clock.instant();
    this.orders = stores.orders();
    this.subjects = subjects;
    this.parts =
        new OrderRun.Parts(
            new AcmeClient(config, stores.accounts(), random, clock),
            orders,
            subjects,
            stores.challenges(),
            stores.readers(),
            new RenewalPolicy(config.firstPause()),
            clock,
            stopping);
  }

  /**
   * Orders those of the sites; nothing is ordered yet.
   *
   * @throws IOException where the file of trusted certificates cannot be read
   */
  public static Acme ofSites(
      AcmeConfig config,
      Stores stores,
      AcmeSites sites,
      PostgresCertificateStore certificates,
      TokenReach reach,
      SecureRandom random,
      InstantSource clock)
      throws IOException {
    return new Acme(config, stores, new SiteSubjects(sites, certificates, reach), random, clock);
  }

  /**
   * Orders those of control planes' own ports; nothing is ordered yet.
   *
   * @param ports the hosts of each
   * @throws IOException where the file of trusted certificates cannot be read
   */
  public static Acme ofPorts(
      AcmeConfig config,
      Stores stores,
      OwnCertificates certificates,
      List<List<String>> ports,
      AcmeChallenge challenge,
      SecureRandom random,
      InstantSource clock)
      throws IOException {
    Subjects subjects = new OwnSubjects(certificates, ports, challenge, clock);
    return new Acme(config, stores, subjects, random, clock);
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
      subjects.sweep();
      parts.challenges().sweepTexts();
      for (AcmeSite site : subjects.all()) {
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
          subjects.find(id).filter(site -> isDue(site, parts.clock().instant()));
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
    Optional<Instant> paused = parts.client().pausedUntil(now);
    if (paused.isPresent()) {
      putOff(site, paused.get(), "the authority asked to wait, after too many orders");
      return false;
    }
    Optional<String> obstacle = obstacle(site);
    if (obstacle.isPresent()) {
      // Nodes and control planes report within moments of a start.
      if (now.isAfter(began.plus(FIRST_REPORTS)) || now.isBefore(began)) {
        putOff(site, now.plus(config.firstPause()), obstacle.get());
      }
      return false;
    }
    // Of this run alone: what this process began before has lost its lease, and does not go on.
    String run = UUID.randomUUID().toString();
    return switch (orders.begin(site, run, OrderRun.LEASE, own, ALL, now)) {
      case AcmeStore.Begun.Yes yes -> {
        Thread order =
            Thread.ofVirtual().name("acme-" + site.id()).unstarted(() -> order(site, run));
        order.start();
        Thread.ofVirtual().name("acme-end").start(() -> bound(order, site));
        yield true;
      }
      case AcmeStore.Begun.Taken taken -> false;
      case AcmeStore.Begun.Limited(String why) -> {
        putOff(site, now.plus(PUT_OFF), why);
        yield false;
      }
    };
  }

  private void putOff(AcmeSite site, Instant until, String why) {
    orders.putOff(site, until, why);
    if (site.tried().filter(tried -> tried.problem().equals(why)).isEmpty()) {
      LOG.warn("{} is ordered no certificate before {}: {}", site.id(), until, why);
    }
  }

  /** What this network lacks: an authority counts what is ordered in vain. */
  private Optional<String> obstacle(AcmeSite site) {
    if (site.challenge() != AcmeChallenge.DNS_01) {
      return subjects.obstacle(site);
    }
    if (parts.readers().through().isEmpty()) {
      return Optional.of("no control plane answers DNS: give one the duty dns");
    }
    return site.hosts().stream()
        .flatMap(host -> parts.challenges().unanswered(Proof.Dns.name(host)).stream())
        .findFirst()
        .or(() -> subjects.obstacle(site));
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

package dev.perigee.control.acme;

import dev.perigee.contract.AcmeToken;
import dev.perigee.control.store.AcmeSite;
import dev.perigee.control.store.AcmeStore;
import dev.perigee.control.store.CertificateStore;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.DnsChallengeStore;
import dev.perigee.control.store.DnsReaders;
import dev.perigee.control.store.StoreException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One order of one site, from its begin to its end, whatever that is. */
final class OrderRun implements Proving {
  /** An order that says nothing for so long is another control plane's to begin anew. */
  static final Duration LEASE = Duration.ofMinutes(5);

  private static final Logger LOG = LoggerFactory.getLogger(OrderRun.class);
  private static final Duration NODES_PATIENCE = Duration.ofMinutes(1);
  private static final long LOOK_MILLIS = 100;
  private static final int TEXT_TTL = 1;

  private final Parts parts;
  private final String by;
  private final AcmeSite site;
  private final List<Proof.Dns> texts = new ArrayList<>();

  /**
   * What an order works on.
   *
   * @param stopping is counted down when the process ends
   */
  record Parts(
      AcmeClient client,
      AcmeStore store,
      Subjects subjects,
      DnsChallengeStore challenges,
      DnsReaders readers,
      RenewalPolicy policy,
      InstantSource clock,
      CountDownLatch stopping) {}

  /**
   * An order that was begun.
   *
   * @param by a UUID of this run, by which it holds the site
   */
  OrderRun(Parts parts, String by, AcmeSite site) {
    this.parts = parts;
    this.by = by;
    this.site = site;
  }

  /** Runs an order that was begun. */
  void run() throws InterruptedException {
    try {
      Ordered ordered = parts.client().order(site.hosts(), site.challenge(), this);
      if (ordered instanceof Ordered.Failed && parts.stopping().getCount() == 0) {
        parts.store().release(site.id(), by); // another one begins it anew
      } else {
        end(ordered);
      }
    } catch (StoreException e) {
      throw e;
    } catch (RuntimeException e) {
      LOG.error("the order of {} failed", site.id(), e);
      fail("the control plane failed at it: its log says more", Optional.empty());
    } finally {
      texts.forEach(this::remove);
    }
  }

  private void remove(Proof.Dns one) {
    try {
      parts.challenges().removeText(site.organisation(), one.name(), one.text());
    } catch (StoreException e) {
      LOG.warn("the text of {} stays in the DNS: {}", one.name(), e.getMessage());
    }
  }

  private void end(Ordered ordered) {
    switch (ordered) {
      case Ordered.Issued(String chain, String key) -> {
        switch (parts.subjects().issued(site, chain, key)) {
          case Change.Committed<CertificateStore.CertificateSummary>(var got, long _) ->
              issued(got);
          case Change.Invalid<?>(var problems) ->
              fail("what was issued is not sound: " + problems, Optional.empty());
          case Change.Conflict<?>(var problem) -> fail(problem.reason(), Optional.empty());
          case Change.Stale<?> stale -> fail("the site changed", Optional.empty());
          case Change.Limited<?> limited -> fail("too much at once", Optional.empty());
          case Change.Unknown<?> gone -> fail("the site is gone", Optional.empty());
        }
      }
      case Ordered.Failed(String reason, Optional<Instant> after) -> {
        after.ifPresent(
            time -> parts.client().pause(site.organisation(), time, parts.clock().instant()));
        fail(reason, after);
      }
    }
  }

  /**
   * What names other hosts is kept, but it is not what was asked for. In no case the next order
   * begins at once, whatever clocks say: renewals come later than at half of a life.
   */
  private void issued(CertificateStore.CertificateSummary got) {
    if (!Set.copyOf(got.hosts()).equals(Set.copyOf(site.hosts()))) {
      fail("the authority named other hosts: " + got.hosts(), Optional.empty());
      return;
    }
    Instant now = parts.clock().instant();
    Instant pause = parts.policy().again(site.id(), 1, Optional.empty(), now);
    Instant half = now.plus(Duration.between(got.notBefore(), got.notAfter()).dividedBy(2));
    // By this clock it would be due at once: the clock is wrong, and the authority counts.
    boolean isDue =
        !parts.policy().renewal(site.id(), got.notBefore(), got.notAfter()).isAfter(now);
    Instant next = half.isBefore(pause) || isDue ? half : pause;
    parts.store().succeeded(site.id(), by, next);
    LOG.info("{} has a new certificate for {}", site.id(), site.hosts());
  }

  private void fail(String reason, Optional<Instant> retryAfter) {
    int failures =
        1
            + site.tried()
                .filter(tried -> tried.hosts().equals(site.hosts()))
                .map(AcmeSite.Tried::failures)
                .orElse(0);
    Instant next = parts.policy().again(site.id(), failures, retryAfter, parts.clock().instant());
    parts.store().failed(site.id(), by, failures, next, retryAfter, reason);
    LOG.warn("{} has no new certificate, again at {}: {}", site.id(), next, reason);
  }

  @Override
  public void show(List<Proof> proofs) throws Stopped, InterruptedException {
    List<AcmeToken> tokens = new ArrayList<>();
    for (Proof proof : proofs) {
      switch (proof) {
        case Proof.Http(AcmeToken token) -> tokens.add(token);
        case Proof.Dns dns -> show(dns);
      }
    }
    if (!tokens.isEmpty()) {
      showAtEdges(tokens);
    }
    if (!texts.isEmpty()) {
      awaitDns();
    }
  }

  private void showAtEdges(List<AcmeToken> tokens) throws Stopped, InterruptedException {
    Optional<Long> number = parts.store().publish(site.id(), tokens);
    if (number.isEmpty()) {
      throw new Stopped("edges answer as many tokens as they may: again once those are done with");
    }
    Instant until = parts.clock().instant().plus(NODES_PATIENCE);
    TokenReach.Reached reached = parts.subjects().reached(site, number.get());
    while (!reached.isWhole()) {
      if (parts.clock().instant().isAfter(until)) {
        throw new Stopped(reached.sentence());
      }
      waits(reached.sentence(), LOOK_MILLIS);
      reached = parts.subjects().reached(site, number.get());
    }
  }

  private void show(Proof.Dns dns) throws Stopped {
    Optional<String> problem = parts.challenges().addText(site, dns.name(), dns.text(), TEXT_TTL);
    if (problem.isPresent()) {
      throw new Stopped(problem.get());
    }
    texts.add(dns);
  }

  /** Until each process that answers DNS has read the texts. */
  private void awaitDns() throws Stopped, InterruptedException {
    Instant shown = parts.readers().now();
    Instant until = parts.clock().instant().plus(NODES_PATIENCE);
    List<Instant> through = parts.readers().through();
    while (through.isEmpty() || !through.stream().allMatch(shown::isBefore)) {
      if (parts.clock().instant().isAfter(until)) {
        throw new Stopped(
            through.isEmpty()
                ? "no control plane answers DNS: give one the duty dns"
                : "not all control planes with the duty dns took the texts");
      }
      waits("waits for all control planes that answer DNS", LOOK_MILLIS);
      through = parts.readers().through();
    }
  }

  @Override
  public void waits(String step, long millis) throws Stopped, InterruptedException {
    if (!parts.store().goesOn(site.id(), by, LEASE, step)) {
      throw new Stopped("another control plane went on with it");
    }
    if (parts.stopping().await(millis, TimeUnit.MILLISECONDS)) {
      throw new Stopped("the control plane stopped");
    }
  }
}

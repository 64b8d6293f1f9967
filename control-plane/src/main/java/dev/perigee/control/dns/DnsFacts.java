package dev.perigee.control.dns;

import dev.perigee.control.store.CertificateStore;
import dev.perigee.control.store.DnsChallenge;
import dev.perigee.control.store.DnsChallengeStore;
import dev.perigee.control.store.DnsKey;
import dev.perigee.control.store.DnsKeyStore;
import dev.perigee.control.store.DnsReaders;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.Published;
import dev.perigee.control.store.StoreException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the zone holds beside sites and nodes, as the database said last. While that cannot be
 * asked, everything stays as it was.
 */
public final class DnsFacts implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DnsFacts.class);
  private static final long NEVER = -1;
  private static final long LOOK_MILLIS = 1_000;
  private static final long PAUSE_MILLIS = 50;

  private final Supplier<List<DnsChallenge>> challenges;
  private final Supplier<List<String>> certificates;
  private final Supplier<List<DnsKey>> keys;
  private final Function<DnsKey, Instant> known;
  private final LongSupplier revision;
  private final InstantSource clock;
  private final CountDownLatch closed = new CountDownLatch(1);
  private long readAt = NEVER;
  private boolean isAway;
  private Published published = Published.NOTHING;
  private volatile ZoneFacts facts = ZoneFacts.NONE;
  private volatile Optional<Teller> teller = Optional.empty();

  /**
   * Nothing yet.
   *
   * @param certificates hosts that the edges have one for, read anew with each revision
   * @param keys that sign the zone
   * @param known from when on the parent may be told of a key
   * @param revision the newest
   */
  DnsFacts(
      Supplier<List<DnsChallenge>> challenges,
      Supplier<List<String>> certificates,
      Supplier<List<DnsKey>> keys,
      Function<DnsKey, Instant> known,
      LongSupplier revision,
      InstantSource clock) {
    this.challenges = challenges;
    this.certificates = certificates;
    this.keys = keys;
    this.known = known;
    this.revision = revision;
    this.clock = clock;
  }

  /** Of a zone that is not signed. */
  DnsFacts(
      Supplier<List<DnsChallenge>> challenges,
      Supplier<List<String>> certificates,
      LongSupplier revision) {
    this(
        challenges,
        certificates,
        List::of,
        DnsKey::publishedAt,
        revision,
        InstantSource.fixed(Instant.EPOCH));
  }

  /** What these hold. */
  public static DnsFacts of(
      DnsChallengeStore challenges,
      CertificateStore certificates,
      DnsKeyStore keys,
      LongSupplier revision,
      InstantSource clock) {
    return new DnsFacts(
        challenges::all,
        () ->
            certificates.all().stream()
                .filter(one -> one.notAfter().isAfter(clock.instant()))
                .flatMap(one -> one.hosts().stream())
                .toList(),
        keys::all,
        keys.policy()::known,
        revision,
        clock);
  }

  /** Nothing, ever. */
  static DnsFacts none() {
    return new DnsFacts(List::of, List::of, () -> 0);
  }

  /** Asks the database now, then after each commit and once a second. */
  public void start(LogNumbers numbers) {
    refresh();
    Thread.ofVirtual().name("dns-facts").start(() -> follow(numbers));
  }

  /** Begins with what was known before, and asks the database as soon as that answers. */
  public void startFrom(Published known, LogNumbers numbers) {
    take(known);
    Thread.ofVirtual().name("dns-facts").start(() -> follow(numbers));
  }

  /** Who is told, as which process; when it was told last. */
  private record Teller(DnsReaders readers, String id, AtomicLong toldMillis) {}

  /**
   * Says from now on up to when this process answers by all that the database has: each second, and
   * when there are other texts.
   *
   * @param id which process this is
   */
  public void tell(DnsReaders readers, String id) {
    teller = Optional.of(new Teller(readers, id, new AtomicLong()));
  }

  private void refreshAndTell() {
    Optional<Teller> now = teller;
    Published before = published();
    try {
      Optional<Instant> began = now.map(one -> one.readers().now());
      refresh();
      if (now.isPresent() && !isAway()) {
        tell(now.get(), began.orElseThrow(), !published().equals(before));
      }
    } catch (StoreException e) {
      LOG.debug("nobody is told up to when the zone's texts are answered", e);
    }
  }

  private void tell(Teller whom, Instant through, boolean changed) {
    long millis = clock.millis();
    if (changed || Math.abs(millis - whom.toldMillis().get()) >= LOOK_MILLIS) {
      whom.readers().answers(whom.id(), through);
      whom.toldMillis().set(millis);
    }
  }

  private synchronized boolean isAway() {
    return isAway;
  }

  private void follow(LogNumbers numbers) {
    long seen = numbers.generation();
    try {
      do {
        numbers.await(seen, LOOK_MILLIS);
        seen = numbers.generation();
        refreshAndTell();
      } while (!closed.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed.countDown();
  }

  /** Asks the database; blocks. */
  synchronized void refresh() {
    try {
      // Read before the hosts: what comes in between is read once more, never left out.
      long now = revision.getAsLong();
      Set<String> hosts =
          now == readAt ? published.certificates() : new HashSet<>(certificates.get());
      take(new Published(challenges.get(), hosts, keys.get()));
      readAt = now;
      isAway = false;
    } catch (RuntimeException e) {
      if (!isAway) {
        LOG.warn("the zone's texts, certificates and keys stay as they were: {}", e.toString());
      }
      isAway = true;
    }
  }

  private synchronized void take(Published next) {
    Map<String, Texts> texts = new HashMap<>();
    for (DnsChallenge one : next.challenges()) {
      texts.put(one.name(), new Texts(one.ttlSeconds(), one.texts()));
    }
    ZoneFacts made = new ZoneFacts(next.certificates(), texts, keys(next.keys()));
    facts = made.equals(facts) ? facts : made;
    published = next.equals(published) ? published : next;
  }

  /** What the database said last; the same as before, while that changes nothing. */
  public synchronized Published published() {
    return published;
  }

  /** What the database says now; an exception where it says nothing. */
  public Published read() {
    return new Published(challenges.get(), new HashSet<>(certificates.get()), keys.get());
  }

  private ZoneKeys keys(List<DnsKey> all) {
    ZoneKeys.Told told = ZoneKeys.Told.NOTHING;
    for (DnsKey key : all) {
      if (key.state() == DnsKey.State.SIGNING) {
        if (key.dsGone().isPresent()) {
          told = ZoneKeys.Told.REMOVAL;
        } else if (!clock.instant().isBefore(known.apply(key))) {
          told = ZoneKeys.Told.KEY;
        }
      }
    }
    return ZoneKeys.of(all, told, facts.keys());
  }

  ZoneFacts get() {
    return facts;
  }
}

package dev.perigee.control;

import dev.perigee.contract.Bytes;
import dev.perigee.control.dns.DnsFacts;
import dev.perigee.control.fleet.Fleet;
import dev.perigee.control.fleet.LastHeard;
import dev.perigee.control.lastgood.LastGood;
import dev.perigee.control.lastgood.LastGoodFile;
import dev.perigee.control.lastgood.LastGoodKeeper;
import dev.perigee.control.pki.ControlIdentity;
import dev.perigee.control.pki.EdgeAuthority;
import dev.perigee.control.pki.FleetTrust;
import dev.perigee.control.store.Database;
import dev.perigee.control.store.DnsReaders;
import dev.perigee.control.store.KeyRing;
import dev.perigee.control.store.LogNews;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.OutageLog;
import dev.perigee.control.store.Provisioned;
import dev.perigee.control.store.ReplicaStore;
import dev.perigee.control.store.StoreException;
import dev.perigee.control.stream.ReplicaLinks;
import dev.perigee.control.stream.ReplicaRegistry;
import dev.perigee.keys.SealingKeys.SealedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A control plane without the API: it answers, from what the database says and the other control
 * planes hear, and from the last good of both where those are away, also when it starts. The other
 * half of the composition root.
 */
final class DnsReplica {
  private static final Logger LOG = LoggerFactory.getLogger(DnsReplica.class);
  private static final OutageLog WAITING =
      new OutageLog(LOG, "nothing is answered before the database is");

  /** For so long a database is waited for where there is something else to begin with. */
  private static final long FIRST_MILLIS = 2_000;

  private static final long RETRY_MILLIS = 500;
  private static final long SWEEP_MILLIS = 250;
  private static final long AUTHORITY_LOOK_MILLIS = 5_000;
  private static final List<String> NAMES = List.of("localhost");
  private static final OutageLog UNREAD = new OutageLog(LOG, "edge CAs stay as they were");

  private final String id;
  private final Options options;
  private final Running running;
  private final Stores stores;
  private final ReplicaStore registered;
  private final LastGoodFile file;
  private final DnsFacts facts;

  /** The edge CAs whose control planes are believed. */
  private volatile List<X509Certificate> trusted = List.of();

  /**
   * One that is not started.
   *
   * @param id which control plane this is
   */
  DnsReplica(String id, Options options, Running running) throws IOException {
    this.id = id;
    this.options = options;
    this.running = running;
    if (options.databaseUrl == null) {
      throw new IOException(
          "a process without the role api has no database of its own: give it --database-url");
    }
    Path state = Files.createDirectories(options.stateDir);
    KeyRing keys = options.keys(running.random());
    Database database =
        running.keep(
            Database.attach(
                options.database.config(options.databaseUrl, "", options.databasePassword)));
    stores =
        Stores.over(database, keys, options.dns.zone(), options, running.clock(), running.random());
    registered = new ReplicaStore(database);
    file = new LastGoodFile(state.resolve("last-good-answers"), keys);
    facts = running.keep(stores.facts(running.clock()));
  }

  /** Starts it; gives the line that says so. */
  String start() throws IOException {
    LastGood first = first();
    running.keep(new LogNews(stores.database(), stores.numbers(), id)).start();
    Fleet fleet = new Fleet(running.clock(), List::of);
    SteeringParts parts = SteeringParts.of(options, stores, fleet, running, first.savedAt());
    EdgeAuthority.Identity own =
        EdgeAuthority.Identity.of(first.identity().key(), first.identity().chain());
    trusted = List.of(own.chain().getLast());
    ControlIdentity identity = new ControlIdentity(own, running.clock());
    running.every("edge-authority", AUTHORITY_LOOK_MILLIS, () -> look(identity));
    ReplicaLinks links =
        running.keep(
            new ReplicaLinks(
                id,
                identity,
                new FleetTrust(() -> trusted, running.clock()),
                fleet,
                (node, demands) -> {},
                running.clock()));
    fleet.quorumSince(links::hearsQuorumSince);
    LastHeard heard = new LastHeard(fleet, links::isAnyHeard, links::countOthers, running.clock());
    heard.begin(first.health());
    ReplicaRegistry registry =
        running.keep(
            ReplicaRegistry.watching(registered, first.replicas(), running.clock(), links::follow));
    registry.startFromKnown();
    parts.feed().startFrom(first.provisioned());
    if (options.has(Duty.DNS)) {
      facts.tell(new DnsReaders(stores.database()), id);
    }
    facts.startFrom(first.published(), stores.numbers());
    parts.start(first.probed());
    running.every(
        "sweep-fleet",
        SWEEP_MILLIS,
        () -> {
          fleet.sweep();
          heard.look();
        });
    parts.follow();
    LastGoodKeeper keeper =
        running.keep(
            new LastGoodKeeper(
                file,
                () -> now(first, identity.get(), parts, registry, heard, fleet),
                options.dns.lastGoodEvery(),
                first.savedAt(),
                running.clock()));
    keeper.start();
    Metering metering = Metering.of(options, running);
    metering.steering(parts);
    metering.lastGood(keeper);
    OwnCertificateParts ownPorts = OwnCertificateParts.start(options, stores, running);
    Answering answering = new Answering(options, parts, facts, ownPorts, running, metering);
    String answers = answering.start(first.cookieSecret().toArray()) + ownPorts.openPlain();
    return "control plane ready" + answers + metering.start();
  }

  /** What to begin with: the database's word, or what was last good where it says nothing. */
  private LastGood first() throws IOException {
    Optional<LastGood> kept = kept();
    try {
      while (true) {
        FutureTask<LastGood> asked = new FutureTask<>(() -> ask(kept));
        Thread asking = Thread.ofVirtual().name("first-read").start(asked);
        try {
          return kept.isPresent() ? asked.get(FIRST_MILLIS, TimeUnit.MILLISECONDS) : asked.get();
        } catch (ExecutionException | TimeoutException e) {
          asking.interrupt();
          Throwable problem =
              e.getCause() == null ? new IOException("no answer in time") : e.getCause();
          if (problem.getCause() instanceof SealedException sealed) {
            throw new IOException(sealed.getMessage(), sealed);
          }
          if (kept.isPresent()) {
            LOG.warn(
                "answers are those of {}, from {}, until the database answers: {}",
                kept.get().savedAt(),
                file,
                problem.getMessage());
            return kept.get();
          }
          WAITING.failed(problem);
        }
        if (running.isStoppedWithin(RETRY_MILLIS)) {
          throw new IOException("stopped before the database answered");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("stopped before the database answered", e);
    }
  }

  private Optional<LastGood> kept() throws IOException {
    try {
      return file.read(options.dns.zone());
    } catch (IOException e) {
      LOG.error("{}", e.getMessage());
      LOG.debug("of it", e);
      return Optional.empty();
    }
  }

  /** Reads all of it from the database; health and probes are as they were kept. */
  private LastGood ask(Optional<LastGood> kept) throws IOException {
    // Read before the rest: what comes in between is read once more, never left out.
    long revision = stores.revision();
    Provisioned provisioned =
        new Provisioned(
            stores.nodes().all(), stores.sites().steered(), stores.zones().all(), revision);
    EdgeAuthority.Identity identity = authority().controlIdentity(NAMES);
    return new LastGood(
        options.dns.zone(),
        running.clock().instant(),
        provisioned,
        facts.read(),
        Bytes.copyOf(stores.cookieSecret(running)),
        new LastGood.Identity(identity.keyBytes(), identity.chainBytes()),
        registered.living(),
        kept.map(LastGood::health).orElse(List.of()),
        kept.map(LastGood::probed).orElse(Set.of()));
  }

  private EdgeAuthority authority() {
    return EdgeAuthority.open(stores.authorities(), running.clock(), running.random());
  }

  /** One CA may have taken the place of another. */
  private void look(ControlIdentity identity) {
    try {
      EdgeAuthority authority = authority();
      trusted = authority.trusted();
      identity.look(authority, NAMES);
    } catch (StoreException e) {
      UNREAD.failed(e);
    }
  }

  /** All that answers are made of now. */
  private LastGood now(
      LastGood first,
      EdgeAuthority.Identity identity,
      SteeringParts parts,
      ReplicaRegistry registry,
      LastHeard heard,
      Fleet fleet) {
    Provisioned provisioned = parts.feed().provisioned();
    return new LastGood(
        first.zone(),
        running.clock().instant(),
        provisioned,
        facts.published(),
        first.cookieSecret(),
        new LastGood.Identity(identity.keyBytes(), identity.chainBytes()),
        registry.living(),
        heard.states(),
        answered(provisioned, first.probed(), fleet.probes().nodes()));
  }

  /**
   * The nodes that answered a probe, now or in an earlier run: what is dead already when this one
   * starts answers none, and must be found dead all the same, by the next one too.
   */
  private static Set<String> answered(
      Provisioned provisioned, Set<String> before, Set<String> now) {
    return provisioned.nodes().stream()
        .map(Node::name)
        .filter(name -> before.contains(name) || now.contains(name))
        .collect(Collectors.toUnmodifiableSet());
  }
}

package dev.perigee.control.steer;

import dev.perigee.control.fleet.FleetView;
import dev.perigee.control.fleet.FleetView.NodeState;
import dev.perigee.control.steer.Roster.Said;
import dev.perigee.control.steer.SteeringSnapshot.SteeredNode;
import dev.perigee.control.store.ChangeStore.LoggedChange;
import dev.perigee.control.store.CoverageZone;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.NodeStore;
import dev.perigee.control.store.Provisioned;
import dev.perigee.control.store.SiteStore;
import dev.perigee.control.store.SiteStore.Steered;
import dev.perigee.control.store.ZoneStore;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the snapshot up to date. What changes in the fleet takes effect at once, from memory: a
 * dead node leaves the answers though the database is dead too. It does so on a thread of its own,
 * since who reports such a change is a node's call and must not wait until all nodes were looked
 * at; of a fleet that moves all the time it looks so often that it is busy for a tenth of the time.
 * What changes in the log is read from the database on another thread, again and again until it can
 * be read; of the sites only those that changed.
 */
public final class SnapshotFeed implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotFeed.class);
  private static final long FIRST_RETRY_MILLIS = 250;
  private static final long LAST_RETRY_MILLIS = 10_000;

  /** More changes than this are not read one by one: all sites are. */
  private static final int MAX_CHANGES = 5_000;

  /** After a look at the fleet it rests for so many times as long as that took. */
  private static final int REST = 9;

  private static final long LONGEST_REST_MILLIS = 500;

  /** How long nodes may take for a change before they are passed over for lack of it. */
  static final Duration SETTLING = Duration.ofSeconds(10);

  private final Ports ports;
  private final NearestSteering target;
  private final HoldDown holdDown = new HoldDown();
  private final Shedding shedding = new Shedding();
  private final Semaphore due = new Semaphore(0);
  private final Semaphore moved = new Semaphore(0);
  private final CountDownLatch closed = new CountDownLatch(1);
  private Read read = new Read(List.of(), SiteTable.EMPTY, ZoneList.NONE, -1);
  private long settled;
  private long settling = -1;
  private Instant settlingSince = Instant.MIN;
  private Provisioned told = new Provisioned(List.of(), List.of(), List.of(), -1);
  private Read toldOf = read;

  /** Whether what it goes on from was read elsewhere: then all is read once. */
  private volatile boolean remembered;

  /** Reads the change log: what changed after a revision, ascending. */
  public interface Changes {
    List<LoggedChange> after(long revision, int limit);
  }

  /** Reads the coverage zones. */
  public interface Zones {
    List<CoverageZone> all();
  }

  /**
   * What it reads.
   *
   * @param revision the change log's newest number
   */
  public record Ports(
      SiteStore sites,
      NodeStore nodes,
      Zones zones,
      FleetView fleet,
      Changes changes,
      LongSupplier revision,
      InstantSource clock) {}

  /** What the database said last. */
  private record Read(List<Node> nodes, SiteTable sites, ZoneList zones, long revision) {}

  public SnapshotFeed(Ports ports, NearestSteering target) {
    this.ports = ports;
    this.target = target;
  }

  /** Builds the first snapshot and follows the fleet; a broken database is an exception. */
  public void start() {
    ports.fleet().onChange(moved::release);
    readAgain();
    run();
  }

  /** Begins with what was known before, and reads the database as soon as it can be read. */
  public void startFrom(Provisioned known) {
    ports.fleet().onChange(moved::release);
    remembered = true;
    ZoneList zones = new ZoneList(known.zones());
    SiteTable sites = SiteTable.EMPTY.with(entries(known.sites()), List.of());
    take(new Read(known.nodes(), sites, zones, known.revision()));
    due.release();
    run();
  }

  private void run() {
    Thread.ofVirtual().name("steer-feed").start(this::follow);
    Thread.ofVirtual().name("steer-fleet").start(this::followFleet);
  }

  /** The log may have changed: steers by the fleet as it is now, and reads the rest soon. */
  public void changed() {
    restate();
    due.release();
  }

  /** Time has passed: what depends on it alone takes effect soon. */
  public void look() {
    moved.release();
  }

  /** What the database said last; the same as before, while that changes nothing. */
  public synchronized Provisioned provisioned() {
    if (!read.equals(toldOf)) {
      toldOf = read;
      told =
          new Provisioned(
              read.nodes(), read.sites().steered(), read.zones().zones(), read.revision());
    }
    return told;
  }

  /** How many nodes there are. */
  public int nodes() {
    return target.snapshot().nodes().size();
  }

  private synchronized void restate() {
    Instant now = ports.clock().instant();
    Map<String, NodeState> states = new HashMap<>();
    read.nodes().forEach(node -> states.put(node.name(), ports.fleet().state(node.name())));
    Set<String> serving = ports.fleet().serving(states);
    List<SteeredNode> nodes =
        read.nodes().stream().map(node -> steered(node, serving, now)).toList();
    holdDown.keep(states.keySet());
    SteeringSnapshot before = target.snapshot();
    boolean same =
        before.nodes().equals(nodes)
            && before.table() == read.sites()
            && before.revision() == read.revision();
    settle(now);
    target.swap(
        same ? before : new SteeringSnapshot(nodes, read.sites(), read.revision()),
        said(states, now),
        settled);
  }

  private SteeredNode steered(Node node, Set<String> serving, Instant now) {
    return new SteeredNode(node, holdDown.counts(node.name(), serving.contains(node.name()), now));
  }

  private Map<String, Said> said(Map<String, NodeState> states, Instant now) {
    Map<String, Double> loads = new HashMap<>();
    states.forEach(
        (name, state) -> {
          if (state.isServing()) {
            loads.put(name, state.load());
          }
        });
    Map<String, Shedding.Share> shares = shedding.shares(loads, target.state().placement(), now);
    Map<String, Said> said = new HashMap<>();
    states.forEach(
        (name, state) -> {
          Shedding.Share share = shares.getOrDefault(name, Shedding.Share.ALL);
          Set<String> refused =
              state.refusals().stream().map(one -> one.resource()).collect(Collectors.toSet());
          said.put(
              name,
              new Said(state.load(), share.kept(), share.hasRoom(), state.revision(), refused));
        });
    return said;
  }

  /** A revision is settled once it has been known for a while. */
  private void settle(Instant now) {
    if (settling >= 0 && !settlingSince.plus(SETTLING).isAfter(now)) {
      settled = settling;
      settling = -1;
    }
    if (settling < 0 && read.revision() > settled) {
      settling = read.revision();
      settlingSince = now;
    }
  }

  private void readAgain() {
    // Read before the rest: what comes in between is read once more, never left out.
    long number = ports.revision().getAsLong();
    Read before = lastRead();
    Optional<List<LoggedChange>> since =
        remembered ? Optional.empty() : changesSince(before.revision(), number);
    SiteTable sites =
        since
            .map(changes -> changed(before.sites(), changes))
            .orElseGet(() -> SiteTable.EMPTY.with(entries(ports.sites().steered()), List.of()));
    boolean sameZones =
        since
            .filter(all -> all.stream().noneMatch(one -> one.kind().equals(ZoneStore.KIND)))
            .isPresent();
    ZoneList zones = sameZones ? before.zones() : new ZoneList(ports.zones().all());
    take(new Read(ports.nodes().all(), sites, zones, number));
    remembered = false;
  }

  private synchronized void take(Read now) {
    read = now;
    target.zones(now.zones());
    restate();
  }

  private synchronized Read lastRead() {
    return read;
  }

  /** What changed from one revision to another; empty where everything is to be read. */
  private Optional<List<LoggedChange>> changesSince(long from, long to) {
    if (from == to) {
      return Optional.of(List.of());
    } else if (from < 0 || from > to) {
      return Optional.empty();
    }
    List<LoggedChange> changes =
        ports.changes().after(from, MAX_CHANGES + 1).stream()
            .filter(change -> change.revision() <= to)
            .toList();
    boolean whole = !changes.isEmpty() && changes.getFirst().revision() == from + 1;
    return whole && changes.size() <= MAX_CHANGES ? Optional.of(changes) : Optional.empty();
  }

  private SiteTable changed(SiteTable before, List<LoggedChange> changes) {
    Set<String> ids =
        changes.stream()
            .filter(change -> change.kind().equals("site"))
            .map(LoggedChange::resource)
            .collect(Collectors.toSet());
    if (ids.isEmpty()) {
      return before;
    }
    List<Steered> now = ports.sites().steered(ids);
    Set<String> removed = new HashSet<>(ids);
    now.forEach(one -> removed.remove(one.site().id()));
    return before.with(entries(now), removed);
  }

  private static List<SiteTable.Entry> entries(List<Steered> sites) {
    return sites.stream()
        .map(one -> new SiteTable.Entry(one.site(), Audience.of(one.site()), one.revision()))
        .toList();
  }

  private void follow() {
    try {
      while (closed.getCount() > 0) {
        due.acquire();
        due.drainPermits();
        readUntilDone();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void followFleet() {
    try {
      while (closed.getCount() > 0) {
        moved.acquire();
        moved.drainPermits();
        long begun = ports.clock().millis();
        restate();
        long rest = REST * (ports.clock().millis() - begun);
        closed.await(Math.clamp(rest, 0, LONGEST_REST_MILLIS), TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void readUntilDone() throws InterruptedException {
    long wait = FIRST_RETRY_MILLIS;
    while (closed.getCount() > 0) {
      try {
        readAgain();
        return;
      } catch (RuntimeException e) {
        LOG.warn("steering goes on with the sites and nodes it knew: {}", e.toString());
        if (closed.await(wait, TimeUnit.MILLISECONDS)) {
          return;
        }
        wait = Math.min(2 * wait, LAST_RETRY_MILLIS);
      }
    }
  }

  @Override
  public void close() {
    closed.countDown();
    due.release();
    moved.release();
  }
}

package dev.perigee.control.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.OriginHealth;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.fleet.FleetView;
import dev.perigee.control.fleet.Probed;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.ChangeStore.LoggedChange;
import dev.perigee.control.store.CoverageZone;
import dev.perigee.control.store.Edit;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.NodeStore;
import dev.perigee.control.store.SiteStore;
import dev.perigee.control.store.SiteStore.Steered;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Steering follows the fleet at once, and the database as soon as it can be read. */
class SnapshotFeedTest {
  private final List<Node> nodes =
      new CopyOnWriteArrayList<>(
          List.of(Fixtures.node("fra-1", "eu", 50, 8), Fixtures.node("iad-1", "us", 39, -77)));
  private final Set<String> serving = ConcurrentHashMap.newKeySet();
  private final Set<String> unreached = ConcurrentHashMap.newKeySet();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final Map<String, Steered> sites = new ConcurrentHashMap<>();
  private final List<LoggedChange> changes = new CopyOnWriteArrayList<>();
  private final Map<String, Long> revisions = new ConcurrentHashMap<>();
  private final List<CoverageZone> zones = new CopyOnWriteArrayList<>();
  private final List<String> sitesRead = new CopyOnWriteArrayList<>();
  private final AtomicLong head = new AtomicLong(7);
  private volatile Instant now = Instant.ofEpochSecond(1_000_000);
  private volatile boolean databaseDown;
  private final NearestSteering steering =
      new NearestSteering(Fixtures.at(50, 8, 24), NearestSteering.DEFAULT_POSITION);
  private final SnapshotFeed feed =
      new SnapshotFeed(
          new SnapshotFeed.Ports(
              new Sites(),
              new Nodes(),
              () -> zones,
              new Fleet(),
              this::changes,
              head::get,
              () -> now),
          steering);

  private String chosen() {
    return chosen(Optional.empty());
  }

  private String chosen(String site) {
    return chosen(Optional.of(site));
  }

  private String chosen(Optional<String> site) {
    return steering
        .explain(Fixtures.CLIENT, site)
        .chosen()
        .map(Steering.Candidate::node)
        .orElse("none");
  }

  /** The story: with PostgreSQL down, a node that died stayed in the answers of the DNS. */
  @Test
  void aNodeThatDiesLeavesAtOnceWhileTheDatabaseIsDown() {
    serving.addAll(List.of("fra-1", "iad-1"));
    feed.start();
    assertEquals("fra-1", chosen());
    databaseDown = true;
    serving.remove("fra-1");
    listeners.forEach(Runnable::run);
    Awaitility.await().until(() -> chosen().equals("iad-1"));
    feed.close();
  }

  @Test
  void aChangeIsReadOnceTheDatabaseIsBack() {
    serving.addAll(List.of("fra-1", "iad-1", "ber-1"));
    feed.start();
    databaseDown = true;
    nodes.add(Fixtures.node("ber-1", "eu", 50, 8.1));
    nodes.removeIf(node -> node.name().equals("fra-1"));
    feed.changed();
    assertEquals("fra-1", chosen());
    databaseDown = false;
    Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> chosen().equals("ber-1"));
    assertEquals(7, steering.snapshot().revision());
    feed.close();
  }

  @Test
  void aDatabaseThatCannotBeReadAtStartIsAnError() {
    databaseDown = true;
    assertThrows(IllegalStateException.class, feed::start);
  }

  /** An error, not an exception: the feed takes exceptions for a database that is down. */
  private static AssertionError notForTheFeed() {
    return new AssertionError("the feed reads nodes, sites and their states, nothing else");
  }

  private List<LoggedChange> changes(long after, int limit) {
    requireUp();
    return changes.stream().filter(change -> change.revision() > after).limit(limit).toList();
  }

  private void change(String site, boolean exists, String... hosts) {
    head.incrementAndGet();
    changes.add(new LoggedChange(head.get(), "site", site));
    sites.remove(site);
    if (exists) {
      sites.put(site, new Steered(Fixtures.site(site, List.of(hosts)), head.get()));
    }
  }

  /** The story: with 100 000 sites each change read them all. */
  @Test
  void onlyTheSitesThatChangedAreReadAgain() {
    for (int i = 0; i < 3_000; i++) {
      sites.put("s" + i, new Steered(Fixtures.site("s" + i, List.of(i + ".example")), 1));
    }
    feed.start();
    assertEquals(3_000, steering.snapshot().sites().size());
    assertEquals(List.of("all"), sitesRead);
    change("s7", true, "seven.example");
    change("s8", false);
    change("new", true, "*.new.example");
    head.incrementAndGet();
    changes.add(new LoggedChange(head.get(), "certificate", "c"));
    feed.changed();
    Awaitility.await().until(() -> steering.snapshot().revision() == head.get());
    assertEquals(List.of("all", "new s7 s8"), sitesRead);
    assertEquals(3_000, steering.snapshot().sites().size());
    assertEquals(Optional.empty(), steering.snapshot().siteOfHost("7.example"));
    assertEquals(Optional.empty(), steering.snapshot().siteOfHost("8.example"));
    assertEquals("s7", steering.snapshot().siteOfHost("seven.example").orElseThrow().id());
    assertEquals("new", steering.snapshot().siteOfHost("x.new.example").orElseThrow().id());
    assertEquals(Optional.empty(), steering.snapshot().siteOfHost("y.x.new.example"));
    feed.close();
  }

  @Test
  void aZoneIsInForceOnceTheLogHasIt() {
    serving.addAll(List.of("fra-1", "iad-1"));
    feed.start();
    zones.add(new CoverageZone(AddressRange.of("192.0.2.0/24"), List.of("us")));
    feed.changed();
    assertEquals("fra-1", chosen());
    head.incrementAndGet();
    changes.add(new LoggedChange(head.get(), "zones", "zones"));
    feed.changed();
    Awaitility.await().until(() -> chosen().equals("iad-1"));
    Steering.Explanation why = steering.explain(Fixtures.CLIENT, Optional.empty());
    assertEquals(Optional.of("192.0.2.0/24: us"), why.zone());
    assertEquals(
        "Chosen: the zone 192.0.2.0/24 names it; it is serving.",
        why.candidates().getFirst().reason());
    feed.close();
  }

  @Test
  void aLogThatDoesNotReachBackHasEverythingReadAnew() {
    feed.start();
    change("a", true, "a.example");
    change("b", true, "b.example");
    changes.removeFirst();
    feed.changed();
    Awaitility.await().until(() -> steering.snapshot().revision() == head.get());
    assertEquals(List.of("all", "all"), sitesRead);
    assertEquals(2, steering.snapshot().sites().size());
    feed.close();
  }

  @Test
  void aNodeThatComesAndGoesEverySecondIsLostOnce() {
    serving.addAll(List.of("fra-1", "iad-1"));
    feed.start();
    List<String> answers = new ArrayList<>();
    for (int second = 0; second < 120; second++) {
      now = now.plusSeconds(1);
      if (!serving.remove("fra-1")) {
        serving.add("fra-1");
      }
      feed.changed();
      if (answers.isEmpty() || !answers.getLast().equals(chosen())) {
        answers.add(chosen());
      }
    }
    assertEquals(List.of("iad-1"), answers);
    serving.add("fra-1");
    feed.changed();
    now = now.plus(HoldDown.LONGEST);
    feed.changed();
    assertEquals("fra-1", chosen());
    feed.close();
  }

  /** The story: its stream lived while no reader came through to it. */
  @Test
  void aNodeThatSaysItIsWellAndIsNotReachedIsOutAndHeldDown() {
    serving.addAll(List.of("fra-1", "iad-1"));
    feed.start();
    assertEquals("fra-1", chosen());
    unreached.add("fra-1");
    feed.changed();
    assertEquals("iad-1", chosen());
    unreached.clear();
    feed.changed();
    assertEquals("iad-1", chosen(), "not before it has been there for a while");
    now = now.plus(HoldDown.FIRST);
    feed.changed();
    assertEquals("fra-1", chosen());
    feed.close();
  }

  @Test
  void aNodeWithoutASitesNewestSettingsIsPassedOverOnceItHadTimeForThem() {
    serving.addAll(List.of("fra-1", "iad-1"));
    feed.start();
    revisions.put("iad-1", 8L);
    revisions.put("fra-1", 7L);
    change("a", true, "a.example");
    feed.changed();
    Awaitility.await().until(() -> steering.snapshot().revision() == head.get());
    assertEquals("fra-1", chosen("a"));
    // Twice: the revision before it had to settle first.
    now = now.plus(SnapshotFeed.SETTLING);
    feed.changed();
    now = now.plus(SnapshotFeed.SETTLING);
    feed.changed();
    assertEquals("iad-1", chosen("a"));
    revisions.put("fra-1", 8L);
    feed.changed();
    assertEquals("fra-1", chosen("a"));
    feed.close();
  }

  private void requireUp() {
    if (databaseDown) {
      throw new IllegalStateException("the database is down");
    }
  }

  private final class Nodes implements NodeStore {
    @Override
    public List<Node> all() {
      requireUp();
      return List.copyOf(nodes);
    }

    @Override
    public Change<Node> add(Node node) {
      throw notForTheFeed();
    }

    @Override
    public Change<Node> replace(Node node) {
      throw notForTheFeed();
    }

    @Override
    public Change<Node> setDraining(String name, boolean draining) {
      throw notForTheFeed();
    }

    @Override
    public Change<Node> setShield(String name, boolean shield) {
      throw notForTheFeed();
    }

    @Override
    public Change<Node> remove(String name) {
      throw notForTheFeed();
    }

    @Override
    public Optional<Node> byName(String name) {
      throw notForTheFeed();
    }
  }

  private final class Sites implements SiteStore {
    @Override
    public List<SiteConfig> all() {
      throw notForTheFeed();
    }

    @Override
    public List<Steered> steered() {
      requireUp();
      sitesRead.add("all");
      return List.copyOf(sites.values());
    }

    @Override
    public List<Steered> steered(Set<String> ids) {
      requireUp();
      sitesRead.add(String.join(" ", new TreeSet<>(ids)));
      return ids.stream().filter(sites::containsKey).map(sites::get).toList();
    }

    @Override
    public Change<SiteConfig> add(SiteConfig site, String organisation, Edit edit) {
      throw notForTheFeed();
    }

    @Override
    public Change<SiteConfig> replace(SiteConfig site, Edit edit) {
      throw notForTheFeed();
    }

    @Override
    public Change<SiteConfig> remove(String id, Edit edit) {
      throw notForTheFeed();
    }

    @Override
    public Change<SiteConfig> rollBack(String id, long revision, Edit edit) {
      throw notForTheFeed();
    }

    @Override
    public OptionalLong revision(String id) {
      throw notForTheFeed();
    }

    @Override
    public Optional<SiteConfig> byId(String id) {
      throw notForTheFeed();
    }

    @Override
    public Optional<SiteConfig> byHost(String host) {
      throw notForTheFeed();
    }
  }

  private final class Fleet implements FleetView {
    @Override
    public NodeState state(String node) {
      boolean up = serving.contains(node);
      return new NodeState(
          node,
          up,
          up,
          "",
          "",
          revisions.getOrDefault(node, head.get()),
          0,
          0,
          0,
          0,
          Optional.empty(),
          List.of(),
          List.of());
    }

    @Override
    public Probed probed(String node) {
      throw notForTheFeed();
    }

    @Override
    public Set<String> serving(Map<String, NodeState> nodes) {
      return nodes.keySet().stream()
          .filter(node -> serving.contains(node) && !unreached.contains(node))
          .collect(Collectors.toSet());
    }

    @Override
    public void onChange(Runnable listener) {
      listeners.add(listener);
    }

    @Override
    public Map<String, OriginHealth> origins(String site) {
      throw notForTheFeed();
    }
  }
}

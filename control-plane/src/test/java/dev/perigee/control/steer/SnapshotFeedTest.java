package dev.perigee.control.steer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.perigee.contract.OriginHealth;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.fleet.FleetView;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.Edit;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.NodeStore;
import dev.perigee.control.store.SiteStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Steering follows the fleet at once, and the database as soon as it can be read. */
class SnapshotFeedTest {
  private final List<Node> nodes =
      new CopyOnWriteArrayList<>(
          List.of(Fixtures.node("fra-1", "eu", 50, 8), Fixtures.node("iad-1", "us", 39, -77)));
  private final Set<String> serving = ConcurrentHashMap.newKeySet();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private volatile boolean databaseDown;
  private final NearestSteering steering =
      new NearestSteering(Fixtures.at(50, 8, 24), NearestSteering.DEFAULT_POSITION);
  private final SnapshotFeed feed =
      new SnapshotFeed(new Sites(), new Nodes(), new Fleet(), () -> 7, steering);

  private String chosen() {
    return steering
        .explain(Fixtures.CLIENT, Optional.empty())
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
    assertEquals("iad-1", chosen());
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
    return new AssertionError("the feed reads all nodes, all sites and their states, nothing else");
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
      requireUp();
      return List.of();
    }

    @Override
    public Change<SiteConfig> add(SiteConfig site, Edit edit) {
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
          node, up, up, "", "", 0, 0, 0, 0, 0, Optional.empty(), List.of(), List.of());
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

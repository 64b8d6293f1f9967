package dev.perigee.edge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.FromControl.Update;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.routing.Routed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The last good configuration survives, and what was refused is never on the disk: whatever
 * snapshots, changes, refusals, full disks, crashes at any step, torn ends and new bases come in
 * whatever order, a start finds what was acknowledged last (or what was under way when the process
 * ended), and nothing where that is damaged. Repeat a run with {@code -Dperigee.seed}.
 */
class LastGoodModelTest {
  private static final int STEPS = Boolean.getBoolean("perigee.full") ? 6_000 : 600;
  private static final LastGoodStore.Limits SMALL = new LastGoodStore.Limits(1_500, 50, 3, 12);
  private static final String LOG = "log";

  @TempDir Path folder = Path.of("");

  private final Deque<Runnable> compactions = new ArrayDeque<>();
  private Random random = new Random();
  private String seed = "";
  private Path file = Path.of("");
  private FaultyFiles files = new FaultyFiles(Path.of("x"), () -> {});
  private LastGoodStore store = new LastGoodStore(Path.of("x"));
  private ActiveConfig active = new ActiveConfig("fra-1", ConfigState.empty(), c -> {}, s -> {});
  private long head;
  private boolean full;
  private int bases;
  private int crashes;

  /** What is acknowledged. */
  private Model model = Model.EMPTY;

  /** What is being noted. */
  private Optional<Model> underWay = Optional.empty();

  /** What should be in force. */
  private record Model(
      Map<String, SiteConfig> sites,
      Map<String, PeerConfig> peers,
      String zone,
      Set<String> refused,
      long revision) {
    static final Model EMPTY = new Model(Map.of(), Map.of(), "", Set.of(), 0);

    /** A start knows nothing of what was refused: it asks for everything. */
    Model restarted() {
      return new Model(sites, peers, zone, Set.of(), refused.isEmpty() ? revision : 0);
    }

    boolean is(ConfigState found) {
      return found.sites().equals(sites)
          && found.peers().equals(peers)
          && found.zone().equals(zone)
          && found.refused().keySet().equals(refused)
          && found.revision() == revision;
    }

    /** The model's own reading of an update. */
    Model after(Update update) {
      boolean snapshot = update.isSnapshot();
      Map<String, SiteConfig> next = new TreeMap<>(snapshot ? Map.of() : sites);
      Map<String, PeerConfig> nodes = new TreeMap<>(snapshot ? Map.of() : peers);
      Set<String> bad = new HashSet<>(snapshot ? Set.of() : refused);
      update.removedSites().forEach(next::remove);
      update.removedSites().forEach(bad::remove);
      for (SiteConfig site : update.sites()) {
        bad.remove(site.id());
        if (!site.origins().isEmpty()) {
          next.put(site.id(), site);
          continue;
        }
        bad.add(site.id());
        if (sites.containsKey(site.id())) {
          next.put(site.id(), sites.get(site.id()));
        }
      }
      update.peers().forEach(peer -> nodes.put(peer.name(), peer));
      return new Model(next, nodes, update.zone(), bad, update.revision());
    }
  }

  @BeforeEach
  void begin() throws IOException {
    long number = Long.getLong("perigee.seed", System.nanoTime());
    seed = "seed " + number;
    System.out.println("LastGoodModelTest " + seed);
    random = new Random(number);
    file = folder.resolve("last-good");
    start();
  }

  private void start() throws IOException {
    files.closeAll();
    compactions.clear();
    files = new FaultyFiles(file, this::meanwhile);
    store = new LastGoodStore(files, SMALL, compactions::add);
    ConfigState found = store.recover().orElseGet(ConfigState::empty);
    active = new ActiveConfig("fra-1", found, c -> {}, s -> {});
  }

  private void restart() throws IOException {
    start();
    model = model.restarted();
    check();
  }

  /** While a new base is written the next changes come. */
  private void meanwhile() {
    bases++;
    try {
      for (int changes = full ? 0 : random.nextInt(3); changes > 0; changes--) {
        change();
      }
    } catch (IOException e) {
      throw new AssertionError(seed, e);
    }
  }

  private SiteConfig site(boolean good) {
    String id = "site-" + random.nextInt(12);
    List<String> hosts = new ArrayList<>();
    for (int i = random.nextInt(4); i >= 0; i--) {
      hosts.add(id + "-" + i + ".example");
    }
    OriginUrl origin = new OriginUrl("http", "origin.example", 1 + random.nextInt(9));
    return new SiteConfig(
        id, hosts, good ? List.of(origin) : List.of(), Set.of(), random.nextBoolean(), false);
  }

  private Update update() {
    boolean snapshot = model.revision == 0 || random.nextInt(12) == 0;
    Map<String, SiteConfig> brought = new HashMap<>();
    Set<String> removed = new HashSet<>();
    for (int i = random.nextInt(snapshot ? 14 : 3); i >= 0; i--) {
      SiteConfig site = site(random.nextInt(6) > 0);
      if (snapshot || random.nextInt(4) > 0) {
        brought.put(site.id(), site);
      } else {
        removed.add(site.id());
      }
    }
    removed.removeAll(brought.keySet());
    PeerConfig peer =
        new PeerConfig("n" + random.nextInt(3), "eu", List.of("192.0.2.7"), 8444, false);
    head++;
    return new Update(
        "n" + head,
        head,
        snapshot ? 0 : model.revision,
        0,
        true,
        List.copyOf(brought.values()),
        List.copyOf(removed),
        List.of(),
        List.of(),
        random.nextInt(9) == 0 ? "other.test" : "cdn.test",
        random.nextInt(5) == 0 ? List.of(peer) : List.of(),
        List.of());
  }

  private ConfigState decide(Update update) {
    return switch (UpdatePolicy.apply(active.state(), LOG, update)) {
      case Applied.Accepted(ConfigState state, var refusals) -> state;
      case Applied.Rejected(long number, List<String> problems) ->
          throw new AssertionError(seed + ": " + problems);
    };
  }

  private void change() throws IOException {
    Update update = update();
    ConfigState next = decide(update);
    Model after = model.after(update);
    underWay = Optional.of(after);
    store.save(next);
    underWay = Optional.empty();
    active.swap(next);
    model = after;
  }

  /** What is in force, and served, is what the model says. */
  private void check() {
    assertTrue(model.is(active.state()), () -> seed + ": " + active.state() + " is not " + model);
    for (SiteConfig site : model.sites.values()) {
      for (String host : site.hosts()) {
        assertEquals(new Routed.Matched(site, host), active.get().routes().route(host), seed);
      }
    }
    assertEquals(model.sites.size(), active.get().routes().size());
  }

  @Test
  void aStartFindsWhatWasAcknowledgedLast() throws IOException {
    for (int step = 0; step < STEPS; step++) {
      int dice = random.nextInt(100);
      if (dice < 70) {
        change();
        check();
      } else if (dice < 78) {
        Optional.ofNullable(compactions.poll()).ifPresent(Runnable::run);
      } else if (dice < 82) {
        fillDisk();
      } else if (dice < 88) {
        store.close();
        restart();
      } else if (dice < 94) {
        crash();
      } else if (dice < 98) {
        tear();
      } else {
        damage();
      }
    }
    assertTrue(bases > STEPS / 200, bases + " new bases, " + seed);
    assertTrue(crashes > STEPS / 60, crashes + " crashes, " + seed);
  }

  /** Nothing is lost, and nothing of what could not be noted is found. */
  private void fillDisk() throws IOException {
    ConfigState next = decide(update());
    full = true;
    files.room(random.nextInt(20));
    assertThrows(IOException.class, () -> store.save(next), seed);
    Optional.ofNullable(compactions.poll()).ifPresent(Runnable::run);
    files.room(Long.MAX_VALUE);
    full = false;
    if (random.nextBoolean()) {
      restart();
    }
  }

  /** The process ends at any step of a change, or of writing a new base. */
  private void crash() throws IOException {
    crashes++;
    files.crashIn(random.nextInt(25));
    try {
      change();
      for (Runnable compaction = compactions.poll(); compaction != null; ) {
        compaction.run();
        compaction = compactions.poll();
      }
    } catch (FaultyFiles.Crash e) {
      // As it is meant to.
    }
    start();
    if (underWay.isPresent() && underWay.get().restarted().is(active.state())) {
      model = underWay.get(); // it was on the disk, though nobody was told
    }
    underWay = Optional.empty();
    model = model.restarted();
    check();
  }

  private Path journal() throws IOException {
    return files.journal(Digest.read(Files.readAllBytes(file)));
  }

  /** Behind what was synced lies what a crash tore. */
  private void tear() throws IOException {
    change();
    store.close();
    byte[] before = Files.readAllBytes(journal());
    byte[] after = Arrays.copyOf(before, before.length + random.nextInt(200));
    if (random.nextBoolean()) {
      for (int i = before.length; i < after.length; i++) {
        after[i] = (byte) random.nextInt();
      }
    }
    Files.write(journal(), after);
    restart();
  }

  /** A bit, or the end, of what was synced. */
  private void damage() throws IOException {
    change();
    store.close();
    Path target = random.nextBoolean() ? journal() : file;
    byte[] bytes = Files.readAllBytes(target);
    int at = random.nextInt(bytes.length);
    if (random.nextBoolean()) {
      bytes[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(target, bytes);
    } else {
      Files.write(target, Arrays.copyOf(bytes, at));
    }
    start();
    assertEquals(ConfigState.empty(), active.state(), seed);
    model = Model.EMPTY;
    change();
  }
}

package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/**
 * Changes and purges by way of any control plane, and what must be true of them in the end: every
 * confirmed one is there and applied, none twice, none out of order.
 *
 * <p>A purge that was confirmed everywhere makes the next request a miss, and the one after that a
 * hit: one that is lost shows as a hit too early, one that is applied twice as a miss too late.
 */
final class ReplicaModel {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int OBJECTS = 20;
  private static final Pattern ID = Pattern.compile("\"id\":\"([0-9a-f-]{36})\"");
  private static final Pattern NUMBER = Pattern.compile("\"number\":([0-9]+)");

  private final ReplicaNetwork network;
  private final List<Integer> controls;
  private final List<String> edges;
  private final String host;
  private final String origin;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Future<?>> running = new ArrayList<>();

  /** Numbers of confirmed purges by their idempotency keys. */
  private final Map<String, Long> purges = new ConcurrentHashMap<>();

  /** Keys of purges before this run. */
  private final Set<String> others = ConcurrentHashMap.newKeySet();

  private final Set<String> sites = ConcurrentHashMap.newKeySet();
  private final Set<String> removed = ConcurrentHashMap.newKeySet();
  private final AtomicInteger turn = new AtomicInteger();

  ReplicaModel(
      ReplicaNetwork network,
      List<Integer> controls,
      List<String> edges,
      String host,
      String origin) {
    this.network = network;
    this.controls = List.copyOf(controls);
    this.edges = List.copyOf(edges);
    this.host = host;
    this.origin = origin;
  }

  /** One purge of a URL, confirmed as applied everywhere; gives its number. */
  static long purge(
      ReplicaNetwork network, List<Integer> controls, String site, String host, String target) {
    return purge(network, controls, UUID.randomUUID().toString(), purgeOf(site, host, target));
  }

  static String purgeOf(String site, String host, String target) {
    return "{\"site\":\"%s\",\"url\":\"http://%s%s\"}".formatted(site, host, target);
  }

  /** The same, confirmed as issued. */
  static void issue(
      ReplicaNetwork network, List<Integer> controls, String site, String host, String target) {
    String body = purgeOf(site, host, target);
    String key = UUID.randomUUID().toString();
    untilDone(network, controls, "POST", "/v1/purges", body, key, Set.of());
  }

  private static long purge(
      ReplicaNetwork network, List<Integer> controls, String key, String body) {
    String confirmed = untilDone(network, controls, "POST", "/v1/purges", body, key, Set.of());
    String id = find(ID, confirmed);
    Awaitility.await("purge " + id + " is applied everywhere")
        .atMost(PATIENCE)
        .until(
            () ->
                untilDone(
                        network, controls, "GET", "/v1/purges/" + id + "?wait=5s", "", "", Set.of())
                    .contains("\"complete\":true"));
    return Long.parseLong(find(NUMBER, confirmed));
  }

  static ReplicaNetwork.Answer addSite(
      ReplicaNetwork network, int control, String id, String host, String origin)
      throws IOException, InterruptedException {
    return network.ask(control, "POST", "/v1/sites", siteOf(id, host, origin), "");
  }

  private static String siteOf(String id, String host, String origin) {
    return "{\"id\":\"%s\",\"hosts\":[\"%s\"],\"origins\":[\"%s\"]}".formatted(id, host, origin);
  }

  static void requireDone(ReplicaNetwork.Answer answer) {
    assertTrue(answer.isDone(), answer.toString());
  }

  /** Asks one after the other until one confirms it, or says what shows that it was done before. */
  private static String untilDone(
      ReplicaNetwork network,
      List<Integer> controls,
      String method,
      String path,
      String body,
      String key,
      Set<Integer> doneBefore) {
    String last = "";
    for (int attempt = 0; attempt < 1_000; attempt++) {
      int control = controls.get(attempt % controls.size());
      try {
        ReplicaNetwork.Answer answer = network.ask(control, method, path, body, key);
        if (answer.isDone() || (attempt > 0 && doneBefore.contains(answer.status()))) {
          return answer.body();
        }
        assertTrue(answer.status() >= 500, method + " " + path + " gave " + answer);
        last = answer.toString();
      } catch (IOException e) {
        last = e.toString(); // it is dead: the next one
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
      pause();
    }
    throw new AssertionError(method + " " + path + " is never confirmed: " + last);
  }

  private static void pause() {
    try {
      new CountDownLatch(1).await(100, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String find(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    assertTrue(matcher.find(), text);
    return matcher.group(1);
  }

  /** The control planes, each time beginning with another. */
  private List<Integer> anyOrder() {
    int first = turn.getAndIncrement() % controls.size();
    List<Integer> order = new ArrayList<>(controls.subList(first, controls.size()));
    order.addAll(controls.subList(0, first));
    return order;
  }

  void begin() throws SQLException {
    others.addAll(keys().keySet());
    for (int i = 0; i < OBJECTS; i++) {
      fill("/m/" + i);
    }
    running.add(threads.submit(this::purgeAgainAndAgain));
    running.add(threads.submit(this::changeAgainAndAgain));
  }

  private void fill(String target) {
    edges.forEach(edge -> network.get(edge, host, target));
    edges.forEach(edge -> assertTrue(network.get(edge, host, target).isSpared(), target));
  }

  private void purgeAgainAndAgain() {
    for (int i = 0; stopping.getCount() > 0; i++) {
      String target = "/m/" + i % OBJECTS;
      String key = UUID.randomUUID().toString();
      long number = purge(network, anyOrder(), key, purgeOf("shop", host, target));
      assertEquals(null, purges.put(key, number));
      for (String edge : edges) {
        Fetch.Answer first = network.get(edge, host, target);
        assertTrue(first.isMiss(), edge + " lost purge " + number);
        Fetch.Answer again = network.get(edge, host, target);
        String both = first.field("Cache-Status") + " | " + again.field("Cache-Status");
        assertTrue(again.isSpared(), edge + " purged twice: " + number + ", " + both);
      }
    }
  }

  private void changeAgainAndAgain() {
    for (int i = 0; stopping.getCount() > 0; i++) {
      String id = "s-" + i;
      // The first attempt may have been committed by one that died before it said so.
      untilDone(
          network,
          anyOrder(),
          "POST",
          "/v1/sites",
          siteOf(id, id + ".example", origin),
          "",
          Set.of(409));
      sites.add(id);
      if (i % 3 == 2) {
        String gone = "s-" + (i - 1);
        untilDone(network, anyOrder(), "DELETE", "/v1/sites/" + gone, "", "", Set.of(404));
        sites.remove(gone);
        removed.add(gone);
      }
      pause();
    }
  }

  /** No more changes; what was begun is confirmed. */
  void end() throws Exception {
    stopping.countDown();
    for (Future<?> one : running) {
      one.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
    threads.shutdown();
    System.out.println(
        purges.size() + " purges and " + (sites.size() + 2 * removed.size()) + " changes");
  }

  void check() throws Exception {
    assertFalse(purges.isEmpty() || sites.isEmpty() || removed.isEmpty());
    Map<String, Long> known = keys();
    known.keySet().removeAll(others);
    assertEquals(new TreeMap<>(purges), known);
    assertEquals(List.of(), gaps(network));
    Set<String> wanted = new TreeSet<>(sites);
    wanted.add("shop");
    assertEquals(wanted, known());
    for (String edge : edges) {
      for (String id : sites) {
        awaitStatus(edge, id, 200);
      }
      for (String id : removed) {
        awaitStatus(edge, id, 421);
      }
      for (int i = 0; i < OBJECTS; i++) {
        assertTrue(network.get(edge, host, "/m/" + i).isHit(), edge + " purged /m/" + i + " twice");
      }
      assertFalse(network.edge(edge).output().contains("is missing"), "a gap in the purges");
    }
  }

  private void awaitStatus(String edge, String id, int status) {
    Awaitility.await(edge + " answers for " + id + " with " + status)
        .atMost(PATIENCE)
        .until(() -> network.get(edge, id + ".example", "/x/1").status() == status);
  }

  /** The purges that the database has with a key. */
  private Map<String, Long> keys() throws SQLException {
    Map<String, Long> all = new TreeMap<>();
    try (Connection connection = network.database();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT idempotency_key, number FROM purge WHERE idempotency_key IS NOT NULL")) {
      while (rows.next()) {
        all.put(rows.getString(1), rows.getLong(2));
      }
    }
    return all;
  }

  private Set<String> known() throws SQLException {
    Set<String> all = new TreeSet<>();
    try (Connection connection = network.database();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT s.id FROM site s JOIN site_host h ON h.site = s.id"
                    + " WHERE s.removed_at IS NULL")) {
      while (rows.next()) {
        all.add(rows.getString(1));
      }
    }
    return all;
  }

  /** What is half: numbers without a row, rows without their parts. */
  static List<String> gaps(ReplicaNetwork network) throws SQLException {
    List<String> gaps = new ArrayList<>();
    try (Connection connection = network.database();
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT 'purge ' || n FROM log_head, generate_series(1, purge) n"
                    + " WHERE n NOT IN (SELECT number FROM purge)"
                    + " UNION ALL SELECT 'revision ' || n"
                    + " FROM log_head, generate_series(1, revision) n"
                    + " WHERE n NOT IN (SELECT revision FROM change_log)"
                    + " UNION ALL SELECT 'site ' || id FROM site WHERE removed_at IS NULL"
                    + " AND id NOT IN (SELECT site FROM site_host)"
                    + " UNION ALL SELECT 'host ' || host FROM site_host JOIN site ON site = id"
                    + " WHERE removed_at IS NOT NULL")) {
      while (rows.next()) {
        gaps.add(rows.getString(1));
      }
    }
    return gaps;
  }
}

package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.FromEdge;
import dev.perigee.contract.WarmUrl;
import dev.perigee.control.store.WarmUpStore.NodeProgress;
import dev.perigee.control.store.WarmUpStore.Order;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Warm-ups are kept where every control plane sees them, for an hour, and not without end. */
final class WarmUpStoreIT {
  private TestPostgres postgres;
  private PostgresWarmUpStore store;

  @BeforeEach
  void start() {
    postgres = TestPostgres.fresh();
    store = new PostgresWarmUpStore(postgres.database(), new LogNumbers(postgres.database()));
  }

  @AfterEach
  void stop() {
    postgres.close();
  }

  private static Order order(int urls, String... nodes) {
    List<WarmUrl> all =
        IntStream.range(0, urls)
            .mapToObj(i -> new WarmUrl("https", "shop.example", "/" + i + "?a=b%20c"))
            .toList();
    return new Order(
        "shop", all, Map.of("Accept-Encoding", "gzip, br"), 10, Set.of(nodes), List.of("far-1"));
  }

  private static FromEdge.Warmed warmed(String id, int through, int stored, String... failures) {
    return new FromEdge.Warmed(id, through, 0, stored, 0, failures.length, List.of(failures));
  }

  @Test
  void whatWasOrderedIsWhatIsKept() {
    Order order = order(25, "fra-1", "iad-1");
    WarmUpStore.Progress begun = store.begin(order).orElseThrow();
    assertEquals(Optional.of(begun), store.progress(Purview.ALL, begun.id()));
    assertEquals(25, begun.urls());
    assertEquals(List.of("far-1"), begun.absent());
    assertEquals(Set.of("fra-1", "iad-1"), begun.nodes().keySet());
    assertEquals(List.of(begun.id()), store.kept());
    assertEquals(
        Optional.of(new WarmUpStore.Job(begun.id(), "shop", order.urls(), order.fields(), 10)),
        store.job(begun.id()));
    assertEquals(Optional.empty(), store.progress(Purview.ALL, "no-id"));
    assertEquals(Optional.empty(), store.through(begun.id(), "sin-1"));
  }

  @Test
  void aStepIsNotedOnceWhoeverSaysIt() {
    String id = store.begin(order(20, "fra-1")).orElseThrow().id();
    assertTrue(store.note("fra-1", 0, warmed(id, 10, 9, "https://shop.example/3: status 500")));
    assertFalse(store.note("fra-1", 0, warmed(id, 10, 10)), "another control plane was faster");
    assertEquals(Optional.of(10), store.through(id, "fra-1"));
    WarmUpStore.Progress progress = store.progress(Purview.ALL, id).orElseThrow();
    assertEquals(Map.of("fra-1", new NodeProgress(0, 9, 0, 1)), progress.nodes());
    assertEquals(List.of("fra-1: https://shop.example/3: status 500"), progress.failures());
    assertFalse(progress.isComplete());
    assertTrue(store.note("fra-1", 10, warmed(id, 20, 10)));
    assertTrue(store.progress(Purview.ALL, id).orElseThrow().isComplete());
  }

  @Test
  void someOfTheFailuresAreKept() {
    String id = store.begin(order(60, "fra-1")).orElseThrow().id();
    for (int i = 0; i < 10; i++) {
      store.note("fra-1", i * 3, warmed(id, i * 3 + 3, 0, "a", "b", "c"));
    }
    assertEquals(20, store.progress(Purview.ALL, id).orElseThrow().failures().size());
  }

  @Test
  void anOrganisationLeavesRoomForOthers() throws SQLException {
    postgres.execute(
        "INSERT INTO site (id, origins, regions, scheme_in_key, port_in_key, organisation)"
            + " VALUES ('shop', '{}', '{}', false, false, 'acme'),"
            + " ('acme-2', '{}', '{}', false, false, 'acme'),"
            + " ('other', '{}', '{}', false, false, 'other')");
    for (int i = 0; i < WarmUpStore.MAX_URLS_OF_ONE / 5_000; i++) {
      assertTrue(store.begin(order(5_000, "fra-1")).isPresent());
    }
    assertEquals(Optional.empty(), store.begin(order(1, "fra-1")));
    assertEquals(Optional.empty(), store.begin(of("acme-2")));
    assertTrue(store.begin(of("other")).isPresent());
  }

  private static Order of(String site) {
    Order one = order(1, "fra-1");
    return new Order(site, one.urls(), one.fields(), 10, one.nodes(), one.absent());
  }

  @Test
  void urlsOfAllWarmUpsAreLimitedAndForgottenAfterAnHour() throws SQLException {
    String first = store.begin(order(5_000, "fra-1")).orElseThrow().id();
    for (int i = 1; i < WarmUpStore.MAX_URLS / 5_000; i++) {
      assertTrue(store.begin(order(5_000, "fra-1")).isPresent());
    }
    assertEquals(Optional.empty(), store.begin(order(1, "fra-1")));
    postgres.execute("UPDATE warm_up SET issued_at = issued_at - interval '61 minutes'");
    assertEquals(Optional.empty(), store.progress(Purview.ALL, first));
    assertEquals(Optional.empty(), store.job(first));
    assertEquals(List.of(), store.kept());
    assertTrue(store.begin(order(1, "fra-1")).isPresent());
    assertEquals(1, store.kept().size());
  }
}

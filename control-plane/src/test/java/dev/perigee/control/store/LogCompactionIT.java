package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The logs keep the newest numbers and say where they begin. */
final class LogCompactionIT {
  private TestPostgres postgres;
  private PostgresPurgeStore purges;
  private ChangeStore changes;

  @BeforeEach
  void start() {
    postgres = TestPostgres.fresh();
    LogNumbers numbers = new LogNumbers(postgres.database());
    purges = new PostgresPurgeStore(postgres.database(), numbers, PurgeLimits.DEFAULT);
    changes = new ChangeStore(postgres.database());
    PostgresSiteStore sites =
        new PostgresSiteStore(
            postgres.database(),
            numbers,
            "cdn.example",
            OriginAddressPolicy.PUBLIC,
            new SiteHistory(postgres.database(), SiteHistory.USUAL_KEPT));
    for (int i = 1; i <= 5; i++) {
      PostgresStoresIT.committed(sites.add(PostgresStoresIT.site("s-" + i, i + ".example")));
      PostgresStoresIT.committed(
          purges.issue(
              Optional.empty(), new PurgeScope.Everything(), false, Optional.of("key-" + i)));
    }
  }

  @AfterEach
  void stop() {
    postgres.close();
  }

  private void compact(long keep) {
    try (LogCompaction compaction = new LogCompaction(postgres.database(), keep, 1)) {
      compaction.compact();
    }
  }

  private List<Long> numbers() {
    return purges.after(0, 10).stream().map(Purge::number).toList();
  }

  private List<Long> revisions() {
    return changes.after(0, 10).stream().map(ChangeStore.LoggedChange::revision).toList();
  }

  @Test
  void theNewestNumbersStay() {
    compact(10);
    assertEquals(5, numbers().size());
    compact(2);
    assertEquals(List.of(4L, 5L), numbers());
    assertEquals(List.of(4L, 5L), revisions());
    assertEquals(3, purges.floor());
    assertEquals(5, purges.head());
  }

  @Test
  void aLogOfWhichNothingIsLeftReachesBackToItsHeadAlone() throws SQLException {
    assertEquals(0, purges.floor());
    postgres.execute("DELETE FROM purge");
    assertEquals(5, purges.floor());
  }

  @Test
  void aLogThatKeepsNothingIsRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> new LogCompaction(postgres.database(), 0, 1));
  }
}

package dev.perigee.control.changelog;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.PostgresNodeStore;
import dev.perigee.control.store.PostgresPurgeStore;
import dev.perigee.control.store.PostgresRolloutStore;
import dev.perigee.control.store.PostgresSiteStore;
import dev.perigee.control.store.PostgresWarmUpStore;
import dev.perigee.control.store.PurgeLimits;
import dev.perigee.control.store.PurgeStore;
import dev.perigee.control.store.Purview;
import dev.perigee.control.store.SiteHistory;
import dev.perigee.control.store.TestPostgres;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What one reader of the logs keeps for all streams. */
final class LogReaderIT {
  private static final int PURGES = 40;

  private TestPostgres postgres;
  private LogNumbers numbers;
  private PostgresPurgeStore purges;

  @BeforeEach
  void start() {
    postgres = TestPostgres.fresh();
    numbers = new LogNumbers(postgres.database());
    purges = new PostgresPurgeStore(postgres.database(), numbers, PurgeLimits.DEFAULT);
  }

  @AfterEach
  void stop() {
    postgres.close();
  }

  private LogReader reader(PurgeStore log) {
    PostgresSiteStore sites =
        new PostgresSiteStore(
            postgres.database(),
            numbers,
            "cdn.example",
            OriginAddressPolicy.PUBLIC,
            new SiteHistory(postgres.database(), SiteHistory.USUAL_KEPT));
    return new LogReader(
        new LogReader.Sources(
            numbers,
            log,
            new PostgresNodeStore(postgres.database(), numbers),
            new PostgresRolloutStore(postgres.database(), numbers, sites),
            new PostgresWarmUpStore(postgres.database(), numbers)),
        1 << 20,
        InstantSource.system());
  }

  private void purge() {
    purges.issue(Optional.empty(), new PurgeScope.Everything(), false, Optional.empty());
  }

  @Test
  void aPurgeThatIsCommittedWhileOthersAreReadEmptiesNoWindow() {
    purge();
    try (LogReader reader = reader(new Busy())) {
      reader.start();
      for (int i = 1; i < PURGES; i++) {
        purge();
        long issued = numbers.head().purge();
        Awaitility.await().until(() -> reader.purges().newest() >= issued);
      }

      assertEquals(
          Optional.of(reader.purges().newest()),
          reader.purges().after(0).map(PurgeWindow.Run::through),
          "streams that have no purge yet find all of them in memory");
    }
  }

  /** The log while others write to it: with each look there is one more than was known of. */
  private final class Busy implements PurgeStore {
    @Override
    public List<EncodedPurge> encodedAfter(long number, int limit) {
      purge();
      return purges.encodedAfter(number, limit);
    }

    @Override
    public Change<IssuedPurge> issue(
        Purview purview,
        Optional<String> site,
        PurgeScope scope,
        boolean soft,
        Optional<String> idempotencyKey) {
      return purges.issue(purview, site, scope, soft, idempotencyKey);
    }

    @Override
    public Optional<IssuedPurge> byId(Purview purview, String id) {
      return purges.byId(purview, id);
    }

    @Override
    public List<IssuedPurge> newest(
        Purview purview, Optional<String> site, long before, int limit) {
      return purges.newest(purview, site, before, limit);
    }

    @Override
    public List<Purge> after(long number, int limit) {
      return purges.after(number, limit);
    }

    @Override
    public long head() {
      return purges.head();
    }

    @Override
    public long floor() {
      return purges.floor();
    }
  }
}

package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.store.EnrolmentStore.Renewal;
import dev.perigee.testkit.NothingLeaks;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Which certificates of a node are good, and which are refused by all from when it is removed. */
@ExtendWith(NothingLeaks.class)
final class EnrolmentStoreIT {
  private static final Instant NOW = Instant.parse("2026-11-27T10:00:00Z");

  private final TestPostgres postgres = TestPostgres.fresh();
  private final Database database = postgres.database();
  private final EnrolmentStore store = new EnrolmentStore(database);
  private final PostgresNodeStore nodes = new PostgresNodeStore(database, new LogNumbers(database));
  private final AuthorityStore authorities =
      new AuthorityStore(database, new SettingStore(database));

  @BeforeEach
  void provision() {
    PostgresStoresIT.committed(nodes.add(PostgresNodeStoreIT.node("fra-1", "eu")));
    enrol("a1");
  }

  @AfterEach
  void stop() {
    postgres.close();
  }

  private void enrol(String serial) {
    assertTrue(store.keepToken("fra-1", serial, NOW, NOW.plusSeconds(60)));
    assertTrue(store.enrol("fra-1", serial, NOW, serial));
  }

  private Set<String> revoked() {
    return Set.copyOf(authorities.revoked());
  }

  @Test
  void allThatANodeWasGivenIsRevokedWhenItIsRemovedNotTheNewestAlone() {
    assertEquals(Renewal.NOTED, store.renew("fra-1", "a1", "a2"));
    assertEquals(Renewal.NOTED, store.renew("fra-1", "a2", "a3"));
    assertEquals(Renewal.NOTED, store.renew("fra-1", "a2", "a4"));
    assertEquals(Set.of(), revoked());

    PostgresStoresIT.committed(nodes.remove("fra-1"));

    assertEquals(Set.of("a1", "a2", "a3", "a4"), revoked());
  }

  @Test
  void aNodeThatIsEnrolledAnewLosesWhatWasItsBeforeAndKeepsWhatIsNew() {
    assertEquals(Renewal.NOTED, store.renew("fra-1", "a1", "a2"));
    enrol("b1");
    assertEquals(Set.of("a1", "a2"), revoked());
    assertEquals(Renewal.NOT_CURRENT, store.renew("fra-1", "a2", "a5"));
    assertEquals(Renewal.NOTED, store.renew("fra-1", "b1", "b2"));
    assertEquals(Set.of("a1", "a2"), revoked());
  }

  @Test
  void whoeverHasANodesKeyMakesNoCertificatesWithoutEnd() throws Exception {
    for (int i = 1; i < EnrolmentStore.MOST_A_DAY; i++) {
      assertEquals(Renewal.NOTED, store.renew("fra-1", "a1", "more" + i));
    }
    assertEquals(Renewal.TOO_OFTEN, store.renew("fra-1", "a1", "late"));
    String last = "more" + (EnrolmentStore.MOST_A_DAY - 1);
    postgres.execute("UPDATE issued_certificate SET issued_at = now() - interval '2 days'");
    assertEquals(Renewal.NOTED, store.renew("fra-1", last, "tomorrow"), "it is current still");
  }
}

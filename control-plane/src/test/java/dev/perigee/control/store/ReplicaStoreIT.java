package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Who lives among the control planes on one database. */
final class ReplicaStoreIT {
  private static Replica replica(String address) {
    return new Replica(UUID.randomUUID().toString(), address, "1.0");
  }

  @Test
  void aReplicaIsThereFromItsFirstWordUntilItLeavesOrSaysNothingForFiveSeconds()
      throws SQLException {
    try (TestPostgres postgres = TestPostgres.fresh()) {
      ReplicaStore store = new ReplicaStore(postgres.database());
      Replica one = replica("10.0.0.1:7443");
      Replica two = replica("10.0.0.2:7443");
      assertEquals(List.of(one), store.beat(one));
      assertEquals(Set.of(one, two), Set.copyOf(store.beat(two)));
      postgres.execute("UPDATE replica SET seen_at = seen_at - interval '6 seconds'");
      assertEquals(List.of(two), store.beat(two), "the other one said nothing");
      assertEquals(Set.of(one, two), Set.copyOf(store.beat(one)));
      store.leave(two);
      assertEquals(List.of(one), store.beat(one));
    }
  }

  @Test
  void whoWasNotHeardForAnHourIsForgotten() throws SQLException {
    try (TestPostgres postgres = TestPostgres.fresh()) {
      ReplicaStore store = new ReplicaStore(postgres.database());
      store.beat(replica("10.0.0.1:7443"));
      postgres.execute("UPDATE replica SET seen_at = seen_at - interval '2 hours'");
      Replica other = replica("10.0.0.2:7443");
      store.beat(other);
      long rows =
          postgres
              .database()
              .read(
                  handle ->
                      handle.createQuery("SELECT count(*) FROM replica").mapTo(Long.class).one());
      assertEquals(1, rows);
    }
  }
}

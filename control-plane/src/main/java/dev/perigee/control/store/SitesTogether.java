package dev.perigee.control.store;

import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;

/** Several sites of one organisation, changed in one transaction: all of them or none. */
public final class SitesTogether {
  private final Database database;
  private final LogNumbers numbers;

  public SitesTogether(Database database, LogNumbers numbers) {
    this.database = database;
    this.numbers = numbers;
  }

  /**
   * Runs a call, on this thread, in one transaction, in which nobody else changes a site of the
   * organisation. Whoever has the log's number waits for nothing else: so all that one site's
   * change would lock before it takes that number is locked first, in the same order.
   *
   * @param kept whether what was done is to stay, by the answer
   */
  public <T> T during(String organisation, Supplier<T> work, Predicate<T> kept) {
    T answer =
        database.together(
            handle -> {
              lock(handle, organisation);
              // Each site that changes has a row of its own.
              AuditLog.unchanged();
              return work.get();
            },
            kept);
    numbers.wake();
    return answer;
  }

  private static void lock(Handle handle, String organisation) {
    OrganisationStore.lockNames(handle);
    OrganisationStore.holdAlone(handle, organisation);
    handle
        .createQuery(
            "SELECT id FROM site WHERE organisation = ? AND removed_at IS NULL ORDER BY id"
                + " FOR UPDATE")
        .bind(0, organisation)
        .mapTo(String.class)
        .list();
    HostClaims.lock(handle);
  }
}

package dev.perigee.control.store;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The numbered log of purges. Calls block; a broken database is a {@link StoreException}. */
public interface PurgeStore {
  /**
   * Commits a purge and gives it the next number: in commit order, without gaps.
   *
   * @param site id of an existing site; empty only for everything of every site
   * @param idempotencyKey the same purge with the same key is the first one again; another purge
   *     with it is a conflict, until the key has expired
   * @param purview of who issues it: keys of one site say nothing of another's, where not all is in
   *     view
   * @return limited where the site's owner purges faster than it may
   */
  Change<IssuedPurge> issue(
      Purview purview,
      Optional<String> site,
      PurgeScope scope,
      boolean soft,
      Optional<String> idempotencyKey);

  /** The same, by an operator. */
  default Change<IssuedPurge> issue(
      Optional<String> site, PurgeScope scope, boolean soft, Optional<String> idempotencyKey) {
    return issue(Purview.ALL, site, scope, soft, idempotencyKey);
  }

  /** One that is within view: of a site there, or any. */
  Optional<IssuedPurge> byId(Purview purview, String id);

  /**
   * The newest purges within purview, newest first.
   *
   * @param site whose; empty: of all
   * @param before number of a purge, which and all after which are left out
   */
  List<IssuedPurge> newest(Purview purview, Optional<String> site, long before, int limit);

  /** Purges with numbers above {@code number}, ascending, at most {@code limit}. */
  List<Purge> after(long number, int limit);

  /**
   * The same, encoded as they were issued: what a newer build put into them stays in them.
   *
   * @throws IllegalStateException where one of them cannot be read
   */
  List<EncodedPurge> encodedAfter(long number, int limit);

  /** Number of the newest purge; 0 when there was none. */
  long head();

  /** The smallest number that {@link #after} can still start from. */
  long floor();

  /**
   * A purge in the form in which edges journal it.
   *
   * @param message as {@link dev.perigee.contract.SyncCodec#toBytes} writes it
   */
  record EncodedPurge(long number, Bytes message) {}

  /**
   * A purge with its receipt's key.
   *
   * @param id a UUID
   */
  record IssuedPurge(String id, Purge purge, Instant issuedAt) {}
}

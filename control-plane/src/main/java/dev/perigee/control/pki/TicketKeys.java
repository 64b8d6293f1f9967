package dev.perigee.control.pki;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.TicketKey;
import dev.perigee.control.store.OutageLog;
import dev.perigee.control.store.StoreException;
import dev.perigee.control.store.TicketKeyStore;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys that all nodes seal TLS session tickets with, so that a reader who comes back to another
 * node resumes there: made and rotated here for all of them. Whoever runs it looks again at least
 * every minute.
 */
public final class TicketKeys {
  private static final Logger LOG = LoggerFactory.getLogger(TicketKeys.class);

  private final OutageLog unread = new OutageLog(LOG, "the keys of session tickets stay");
  private final TicketKeyStore store;
  private final TicketKeyPolicy policy;
  private final InstantSource clock;
  private final SecureRandom random;
  private final Runnable changed;
  private volatile List<TicketKey> keys = List.of();

  /**
   * Keys that are not read yet.
   *
   * @param changed run when there are others
   */
  public TicketKeys(
      TicketKeyStore store, InstantSource clock, SecureRandom random, Runnable changed) {
    this.store = store;
    this.policy = TicketKeyPolicy.USUAL;
    this.clock = clock;
    this.random = random;
    this.changed = changed;
  }

  /** Those that nodes are to have, the one that began first, first. */
  public List<TicketKey> keys() {
    return keys;
  }

  /**
   * Makes what is due, and takes what another control plane made; a broken database changes
   * nothing.
   */
  public void look() {
    try {
      // As the database keeps it.
      Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
      List<TicketKey> known = store.all();
      List<TicketKey> due =
          policy.next(known, now, this::make).equals(known)
              ? known
              : store.change(before -> policy.next(before, now, this::make));
      if (!due.equals(keys)) {
        keys = due;
        changed.run();
      }
    } catch (StoreException e) {
      unread.failed(e);
    }
  }

  private TicketKey make(Instant begins, Instant expires) {
    return new TicketKey(
        bytes(TicketKey.NAME_BYTES), bytes(TicketKey.SECRET_BYTES), begins, expires);
  }

  private Bytes bytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return Bytes.copyOf(bytes);
  }
}

package dev.perigee.edge.listener.tls;

import dev.perigee.contract.TicketKey;
import java.security.GeneralSecurityException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the names that were asked for lately need for a handshake, made when a name is asked for
 * first. Of a hundred thousand names few are asked for in a minute, and each costs memory; the one
 * that was not asked for the longest goes first.
 */
final class TlsCache {
  private final int most;
  private final Maker maker;

  // Both guarded by this; the least lately used first.
  private final LinkedHashMap<NamedTls.Which, NamedTls> names =
      new LinkedHashMap<>(16, 0.75f, true);
  private List<TicketKey> keys = List.of();

  /** Makes what a name needs. */
  @FunctionalInterface
  interface Maker {
    NamedTls make(NamedTls.Which which) throws GeneralSecurityException;
  }

  /**
   * An empty one.
   *
   * @param most names that are kept
   */
  TlsCache(int most, Maker maker) {
    this.most = most;
    this.maker = maker;
  }

  /** An engine for a connection; who wants one waits for no other's. */
  NamedTls.Made engine(NamedTls.Which which) throws GeneralSecurityException {
    NamedTls held = held(which);
    try {
      return held.engine();
    } finally {
      held.letGo();
    }
  }

  private synchronized NamedTls held(NamedTls.Which which) throws GeneralSecurityException {
    NamedTls known = names.get(which);
    if (known == null) {
      known = maker.make(which);
      known.tickets(keys);
      names.put(which, known);
      trim();
    }
    known.hold();
    return known;
  }

  private void trim() {
    while (names.size() > most) {
      Map.Entry<NamedTls.Which, NamedTls> oldest = names.pollFirstEntry();
      oldest.getValue().letGo();
    }
  }

  /** Tickets are made and read with other keys from now on. */
  synchronized void tickets(List<TicketKey> others) {
    keys = List.copyOf(others);
    names.values().forEach(name -> name.tickets(keys));
  }

  synchronized int size() {
    return names.size();
  }
}

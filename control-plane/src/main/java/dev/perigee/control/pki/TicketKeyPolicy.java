package dev.perigee.control.pki;

import dev.perigee.contract.TicketKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiFunction;

/**
 * When keys of session tickets come and go. Each is known to all nodes a period before tickets are
 * sealed with it, is sealed with for a period, and is read with for one more: so no node meets a
 * ticket of a key that it does not know, whatever its clock says within a period.
 *
 * @param period for which a key is in force
 */
record TicketKeyPolicy(Duration period) {
  /** Half a day bounds what one key that leaks gives away. */
  static final TicketKeyPolicy USUAL = new TicketKeyPolicy(Duration.ofHours(12));

  /**
   * The keys that there are to be.
   *
   * @param maker makes one of when it begins and when it expires
   */
  List<TicketKey> next(
      List<TicketKey> keys, Instant now, BiFunction<Instant, Instant, TicketKey> maker) {
    List<TicketKey> next =
        new ArrayList<>(keys.stream().filter(key -> now.isBefore(key.expires())).toList());
    Instant newest =
        next.stream().map(TicketKey::begins).max(Comparator.naturalOrder()).orElse(Instant.MIN);
    if (newest.isBefore(now.minus(period))) {
      newest = now; // none in force: the nodes seal with their own until they have it
      next.add(maker.apply(newest, newest.plus(period.multipliedBy(2))));
    }
    if (!newest.isAfter(now)) {
      Instant begins = newest.plus(period);
      next.add(maker.apply(begins, begins.plus(period.multipliedBy(2))));
    }
    return List.copyOf(next);
  }
}

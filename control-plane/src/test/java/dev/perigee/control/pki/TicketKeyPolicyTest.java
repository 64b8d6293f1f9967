package dev.perigee.control.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.Limits;
import dev.perigee.contract.TicketKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When keys of session tickets come and go. */
class TicketKeyPolicyTest {
  private static final Instant START = Instant.parse("2026-11-26T12:00:00Z");
  private static final Duration PERIOD = TicketKeyPolicy.USUAL.period();
  private int made;

  private TicketKey make(Instant begins, Instant expires) {
    byte[] name = new byte[TicketKey.NAME_BYTES];
    name[0] = (byte) ++made;
    return new TicketKey(
        Bytes.copyOf(name), Bytes.copyOf(new byte[TicketKey.SECRET_BYTES]), begins, expires);
  }

  private List<TicketKey> next(List<TicketKey> keys, Instant now) {
    return TicketKeyPolicy.USUAL.next(keys, now, this::make);
  }

  @Test
  void aKeyIsKnownForAPeriodBeforeItSealsAndIsReadForOneAfterwards() {
    List<TicketKey> keys = List.of();
    Instant at = START;
    for (int minutes = 0; minutes < 5 * PERIOD.toMinutes(); minutes++) {
      List<TicketKey> before = keys;
      keys = next(keys, at);
      assertTrue(keys.size() <= Limits.TICKET_KEYS);
      Instant now = at;
      for (TicketKey key : keys) {
        boolean isFresh = !before.contains(key) && !before.isEmpty();
        assertTrue(!isFresh || Duration.between(now, key.begins()).equals(PERIOD), "known before");
        assertEquals(key.begins().plus(PERIOD.multipliedBy(2)), key.expires());
      }
      assertEquals(
          1,
          keys.stream()
              .filter(k -> !k.begins().isAfter(now) && now.isBefore(k.begins().plus(PERIOD)))
              .count(),
          "one seals");
      at = at.plus(Duration.ofMinutes(1));
    }
    assertEquals(6, made);
  }

  @Test
  void afterALongStandstillANewKeySealsAtOnce() {
    List<TicketKey> keys = next(List.of(), START);
    Instant later = START.plus(Duration.ofDays(10));
    List<TicketKey> fresh = next(keys, later);
    assertEquals(2, fresh.size());
    assertEquals(later, fresh.getFirst().begins());
    assertTrue(fresh.stream().noneMatch(keys::contains));
  }
}

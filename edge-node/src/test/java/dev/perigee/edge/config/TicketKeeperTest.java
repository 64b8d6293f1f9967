package dev.perigee.edge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.TicketKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which keys tickets are sealed and read with, by the node's own clock. */
class TicketKeeperTest {
  private static final Instant START = Instant.parse("2026-11-26T12:00:00Z");
  private static final Duration PERIOD = Duration.ofHours(12);

  private Instant now = START;
  private List<TicketKey> inForce = List.of();
  @TempDir Path folder;

  private TicketKeeper started() {
    TicketKeeper keeper =
        new TicketKeeper(
            folder.resolve("ticket-keys"),
            StateKeys.none(),
            () -> now,
            new SecureRandom(),
            this::use);
    keeper.start();
    return keeper;
  }

  private void use(List<TicketKey> keys) {
    inForce = keys;
  }

  /** One that begins so many periods after the start. */
  private static TicketKey key(int periods) {
    Instant begins = START.plus(PERIOD.multipliedBy(periods));
    byte[] name = new byte[TicketKey.NAME_BYTES];
    name[0] = (byte) periods;
    return new TicketKey(
        Bytes.copyOf(name),
        Bytes.copyOf(new byte[TicketKey.SECRET_BYTES]),
        begins,
        begins.plus(PERIOD.multipliedBy(2)));
  }

  @Test
  void theNextKeyIsReadWithBeforeItSealsAndTheOneBeforeAfterwards() {
    TicketKeeper keeper = started();
    keeper.take(new FromControl.TicketKeys(List.of(key(-1), key(0), key(1))));
    assertEquals(key(0), inForce.getFirst());
    assertTrue(inForce.containsAll(List.of(key(-1), key(1))));
    now = now.plus(PERIOD);
    keeper.look();
    assertEquals(key(1), inForce.getFirst());
    assertTrue(inForce.contains(key(0)));
    assertFalse(inForce.contains(key(-1)), "it expired");
  }

  @Test
  void withoutAKeyOfTheFleetTheNodeSealsWithItsOwnAndChangesIt() {
    TicketKeeper keeper = started();
    TicketKey own = inForce.getFirst();
    now = now.plus(PERIOD);
    keeper.look();
    assertFalse(inForce.contains(own));
    TicketKey next = inForce.getFirst();
    keeper.take(new FromControl.TicketKeys(List.of(key(1))));
    assertEquals(List.of(key(1), next), inForce, "its own tickets are read on");
    now = now.plus(PERIOD.multipliedBy(2));
    keeper.look();
    assertEquals(1, inForce.size());
    assertFalse(inForce.contains(key(1)), "it expired, and none came after it");
    assertFalse(inForce.contains(next));
  }

  @Test
  void aStartWithoutTheControlPlaneGoesOnWithTheLastKeys() throws Exception {
    TicketKeeper keeper = started();
    keeper.take(new FromControl.TicketKeys(List.of(key(0), key(1))));
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(
            Files.getPosixFilePermissions(folder.resolve("ticket-keys"))));
    inForce = List.of();
    started();
    assertEquals(List.of(key(0), key(1)), inForce);
  }

  @Test
  void aFileThatIsNoneCostsNothingButTheKeys() throws Exception {
    Files.write(folder.resolve("ticket-keys"), new byte[] {9, 9, 9});
    started();
    assertEquals(1, inForce.size());
  }

  @Test
  void aKeySaysNothingOfItsSecret() {
    started();
    assertFalse(inForce.toString().contains(inForce.getFirst().secret().toHex()));
  }
}

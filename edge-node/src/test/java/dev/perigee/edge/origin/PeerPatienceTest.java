package dev.perigee.edge.origin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.OriginPool;
import dev.perigee.contract.OriginTimeouts;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PoolServer;
import dev.perigee.contract.RetryPolicy;
import dev.perigee.edge.request.PeerTier;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who stands nearer to the origin gives up first, and says why. */
class PeerPatienceTest {
  private static final PeerPatience USUAL =
      new PeerPatience(Duration.ofSeconds(3), Duration.ofSeconds(30), Duration.ofMillis(3_500));

  private static OriginPool pool(OriginTimeouts timeouts, int attempts) {
    PoolServer server = PoolServer.of(new OriginUrl("http", "origin.example", 80));
    OriginPool usual = OriginPool.of(OriginPool.NAME, List.of(server));
    return new OriginPool(
        usual.name(),
        usual.servers(),
        usual.balance(),
        usual.check(),
        usual.ejection(),
        usual.slowStartMillis(),
        new RetryPolicy(attempts, List.of(), 0, 20, 3),
        timeouts,
        usual.breakers(),
        usual.transport());
  }

  private static long shield(OriginTimeouts timeouts, int attempts) {
    OriginPool pool = pool(timeouts, attempts);
    long shield = USUAL.millis(pool, PeerTier.SHIELD);
    assertTrue(USUAL.millis(pool, PeerTier.OWNER) > shield, "an owner waits for a shield");
    return shield;
  }

  @Test
  void aNodeMayTakeWhatItsOriginMayTakeAndAHop() {
    assertEquals(63_500, shield(OriginTimeouts.DEFAULT, 2), "the total of all attempts");
    assertEquals(39_500, shield(OriginTimeouts.DEFAULT, 0), "the only attempt");
    assertEquals(111_500, shield(new OriginTimeouts(0, 0, 0, 0), 2), "no total: all attempts");
  }

  /** The story: a site with an origin that takes minutes had its shield thought dead. */
  @Test
  void aSiteWithASlowOriginIsWaitedForAsItsOwnerSays() {
    assertEquals(209_500, shield(new OriginTimeouts(0, 200_000, 0, 60_000), 0));
    assertEquals(8_700, shield(new OriginTimeouts(100, 5_000, 0, 0), 0));
  }
}

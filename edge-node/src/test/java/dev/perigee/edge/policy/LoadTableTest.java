package dev.perigee.edge.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class LoadTableTest {
  private static final long RATE = 100_000;
  private static final long SECOND = 1_000_000_000;

  private final AtomicLong now = new AtomicLong(SECOND);
  private final SiteConfig site =
      new SiteConfig(
          "shop",
          List.of("shop.example"),
          List.of(new OriginUrl("http", "origin.example", 80)),
          Set.of(),
          false,
          false);

  private LoadTable table(long nodes) {
    return new LoadTable(new LoadConfig(10, 10, 10, nodes), now::get);
  }

  private static SiteLoad ask(LoadTable table, SiteConfig site) {
    SiteLoad load = table.ask(site, true).orElseThrow();
    load.asked();
    return load;
  }

  @Test
  void aSiteThatSaysNothingHasWhatTheNodeLetsItHave() {
    assertFalse(ask(table(0), site).isPaced());
    SiteLoad load = ask(table(RATE), site);
    assertTrue(load.isPaced());
    assertEquals(0, load.send(2 * RATE));
    assertEquals(2 * SECOND - SECOND / 4, load.send(1));
  }

  @Test
  void aSitesOwnBandwidthGoesBeforeThatOfTheNode() {
    SiteLoad load = ask(table(RATE), site.withBandwidth(2 * RATE));

    assertEquals(0, load.send(2 * RATE));
    assertEquals(SECOND - SECOND / 4, load.send(1));
  }

  /** Nobody holds a place of the node for a turn that comes in hours. */
  @Test
  void aSiteWhoseReadersWaitTooLongTakesNoMoreOfThem() {
    LoadTable table = table(RATE);
    assertEquals(0, ask(table, site).send(10 * RATE));
    assertTrue(ask(table, site).send(1) > 9 * SECOND);
    assertTrue(table.ask(site, true).isEmpty());
    assertTrue(table.ask(site, false).isPresent(), "another node's readers wait there");
    assertEquals(1, table.refusedRequests());
    now.addAndGet(SECOND);
    assertTrue(table.ask(site, true).isPresent());
  }

  @Test
  void aBandwidthHoldsAcrossRequestsAndIsNotBegunAnew() {
    LoadTable table = table(0);
    SiteConfig paced = site.withBandwidth(RATE);
    assertEquals(0, ask(table, paced).send(2 * RATE));

    table.sweep();

    assertTrue(ask(table, paced).send(1) > SECOND);
    assertEquals(1, table.heldBack());
  }

  @Test
  void aChangeOfTheSiteIsInForceWithItsNextRequest() {
    LoadTable table = table(0);
    assertEquals(0, ask(table, site.withBandwidth(RATE)).send(2 * RATE));

    assertFalse(ask(table, site).isPaced());
    assertEquals(0, ask(table, site.withBandwidth(3 * RATE)).send(3 * RATE));
    assertEquals(SECOND - SECOND / 4, ask(table, site.withBandwidth(3 * RATE)).send(1));
  }
}

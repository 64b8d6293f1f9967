package dev.perigee.edge.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.TierPolicy;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.PeerTier;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Which way a miss goes, and that no way leads round. */
class WayPolicyTest {
  private static final List<PeerConfig> NETWORK =
      List.of(
          peer("edge-1", "eu", 0, false),
          peer("pop-1", "eu", 8444, false),
          peer("pop-2", "eu", 8444, false),
          peer("pop-3", "eu", 8444, false),
          peer("far-1", "ap", 8444, false),
          peer("shield-1", "us", 8444, true),
          peer("shield-2", "eu", 8444, true),
          peer("drained", "us", 0, true));

  private static PeerConfig peer(String name, String region, int port, boolean shield) {
    return new PeerConfig(name, region, List.of("192.0.2.1"), port, shield);
  }

  private static SiteConfig site(boolean shield, boolean popShare, String... regions) {
    return new SiteConfig(
            "shop",
            List.of("www.shop.example"),
            List.of(new OriginUrl("http", "origin.example", 80)),
            Set.of(regions),
            false,
            false)
        .withTiers(new TierPolicy(shield, popShare));
  }

  private static List<Way.Step> steps(
      String self, SiteConfig site, String target, Optional<PeerTier> cameAs) {
    CacheKey key = CacheKey.of("shop", "www.shop.example", target);
    return WayPolicy.way(PeerTable.of(self, NETWORK), site, key, cameAs).steps();
  }

  private static List<String> names(List<Way.Step> steps) {
    return steps.stream().map(step -> step.peer().name()).toList();
  }

  @Test
  void anEdgeAsksAShieldThatIsNotDrainedAndThenTheNext() {
    List<String> asked = names(steps("edge-1", site(true, false), "/a", Optional.empty()));
    assertEquals(Set.of("shield-1", "shield-2"), new HashSet<>(asked));
    assertEquals(2, asked.size());
    for (String target : List.of("/b", "/c", "/d")) {
      assertEquals(asked, names(steps("far-1", site(true, false), target, Optional.empty())));
    }
  }

  @Test
  void aSiteMayDoWithoutAndAShieldElsewhereDoesNotServeIt() {
    assertEquals(List.of(), steps("edge-1", site(false, false), "/a", Optional.empty()));
    assertEquals(
        List.of("shield-2"),
        names(steps("edge-1", site(true, false, "eu"), "/a", Optional.empty())));
  }

  @Test
  void aShieldAsksOnlyThoseThatAreAskedBeforeIt() {
    List<String> order = names(steps("edge-1", site(true, false), "/a", Optional.empty()));
    assertEquals(List.of(), steps(order.get(0), site(true, false), "/a", Optional.empty()));
    assertEquals(
        List.of(order.get(0)),
        names(steps(order.get(1), site(true, false), "/a", Optional.empty())));
  }

  @Test
  void aMissGoesToTheOwnerInItsRegionAndThenToAShield() {
    List<Way.Step> way = steps("edge-1", site(true, true), "/a", Optional.empty());
    assertEquals(
        List.of(PeerTier.OWNER, PeerTier.OWNER, PeerTier.SHIELD, PeerTier.SHIELD),
        way.stream().map(Way.Step::tier).toList());
    way.stream()
        .filter(step -> step.tier() == PeerTier.OWNER)
        .forEach(step -> assertEquals("eu", step.peer().region()));
    String owner = way.getFirst().peer().name();
    assertTrue(
        steps(owner, site(true, true), "/a", Optional.empty()).stream()
            .noneMatch(step -> step.tier() == PeerTier.OWNER),
        "the owner asks no owner");
    assertEquals(List.of(), steps("far-1", site(false, true), "/a", Optional.empty()));
  }

  /** Whoever is asked, and as what: what follows is asked as something later. */
  @Property(tries = 300)
  void everyWayEndsAtTheOrigin(@ForAll int number) {
    SiteConfig site = site(true, true);
    for (PeerConfig first : NETWORK) {
      follow(first.name(), site, "/" + number, Optional.empty(), 0);
    }
  }

  private static void follow(
      String node, SiteConfig site, String target, Optional<PeerTier> cameAs, int passed) {
    assertTrue(passed <= 2, "leaf, owner, shield, origin");
    for (Way.Step step : steps(node, site, target, cameAs)) {
      assertFalse(step.peer().name().equals(node), "nobody asks itself");
      follow(step.peer().name(), site, target, Optional.of(step.tier()), passed + 1);
    }
  }

  @Test
  void whoIsDrainedMayAskAndIsNotAsked() {
    PeerTable table = PeerTable.of("edge-1", NETWORK);
    assertTrue(table.knows("drained"));
    assertFalse(table.knows("stranger"));
    assertTrue(table.isAt("shield-1", "192.0.2.1", 8444));
    assertFalse(table.isAt("shield-1", "192.0.2.2", 8444));
    assertFalse(table.isAt("drained", "192.0.2.1", 8444));
    assertFalse(table.isAt("stranger", "192.0.2.1", 8444));
  }
}

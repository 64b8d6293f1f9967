package dev.perigee.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.RateRule.Action;
import dev.perigee.contract.RateRule.Algorithm;
import dev.perigee.contract.RateRule.By;
import dev.perigee.contract.RateRule.Scope;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Rate limits: what they count, how they travel, and what they may not be. */
final class RateRuleTest {
  private static RateRule rule(
      Algorithm algorithm, long requests, long seconds, long burst, By by, String field) {
    return new RateRule(
        "api",
        List.of("/api/*", "*.json", "/one"),
        List.of("GET", "POST"),
        algorithm,
        requests,
        seconds,
        burst,
        by,
        field,
        56,
        Action.LOG,
        Scope.NODE,
        true,
        true);
  }

  private static final RateRule SOUND = rule(Algorithm.TOKEN_BUCKET, 5, 60, 9, By.HEADER, "X-Key");

  private static List<String> problems(RateRule... rules) {
    return RateRuleValidator.problems(List.of(rules)).stream().map(Problem::field).toList();
  }

  @Test
  void rulesComeBackAsTheyWereWritten() {
    RateRule window = rule(Algorithm.SLIDING_WINDOW, 5, 60, 5, By.TOKEN, "");
    assertEquals(
        List.of(SOUND, window), RateRuleCodec.of(RateRuleCodec.toBytes(List.of(SOUND, window))));
    assertEquals(List.of(), RateRuleCodec.of(new byte[0]));
    assertEquals(List.of(), problems(SOUND));
  }

  private static SiteConfig site(long bandwidth) {
    return new SiteConfig(
            "shop",
            List.of("shop.example"),
            List.of(new OriginUrl("https", "origin.example", 443)),
            Set.of(),
            false,
            false)
        .withBandwidth(bandwidth);
  }

  @Test
  void aBandwidthComesBackAsItWasWritten() {
    assertEquals(site(1 << 20), SyncCodec.decode(SyncCodec.encode(site(1 << 20))));
    assertEquals(site(0), SyncCodec.decode(SyncCodec.encode(site(0))));
  }

  @Test
  void aBandwidthIsNoneOrWhatGoesAtOnceAtLeast() {
    for (long bandwidth : List.of(0L, 65_536L, 1L << 40)) {
      assertEquals(List.of(), SiteValidator.problems(site(bandwidth)));
    }
    for (long bandwidth : List.of(-1L, 1L, 65_535L, (1L << 40) + 1)) {
      Problem problem = SiteValidator.problems(site(bandwidth)).getFirst();
      assertEquals("bandwidth", problem.field());
      assertEquals("must be 0, or 65536 to 1099511627776 bytes a second", problem.reason());
    }
  }

  @Test
  void aKindThatThisBuildDoesNotKnowIsLeftOut() {
    dev.perigee.contract.sync.v1.RateRule later =
        RateRuleCodec.encode(SOUND).toBuilder().setBy("moon-phase").build();
    assertEquals(List.of(SOUND), RateRuleCodec.decode(List.of(later, RateRuleCodec.encode(SOUND))));
  }

  @Test
  void whatFitsPathAndMethodCounts() {
    assertTrue(SOUND.appliesTo("GET", "/api/x?y=1"));
    assertTrue(SOUND.appliesTo("POST", "/x.json?y"));
    assertTrue(SOUND.appliesTo("GET", "/one"));
    assertFalse(SOUND.appliesTo("PUT", "/one"));
    assertFalse(SOUND.appliesTo("GET", "/one/more"));
    assertFalse(SOUND.appliesTo("GET", "/x?a=.json"));
    assertFalse(SOUND.appliesTo("GET", "/api"));
  }

  @Test
  void whatCannotBeIsNamed() {
    assertEquals(
        List.of("limits[0].requests", "limits[0].windowSeconds", "limits[0].burst"),
        problems(rule(Algorithm.TOKEN_BUCKET, 0, 0, 0, By.ALL, "")));
    assertEquals(
        List.of("limits[0].burst"),
        problems(rule(Algorithm.TOKEN_BUCKET, 1, 86_400, 1_000, By.ALL, "")));
    assertEquals(
        List.of("limits[0].burst", "limits[0].field"),
        problems(rule(Algorithm.SLIDING_WINDOW, 5, 60, 6, By.COOKIE, "")));
    assertEquals(List.of("limits[1].name"), problems(SOUND, SOUND));
    RateRule[] many = Collections.nCopies(21, SOUND).toArray(RateRule[]::new);
    assertEquals("limits", problems(many).getFirst());
  }

  @Test
  void demandsAndSharesAreReadStrictly() {
    FromEdge.Demands demands =
        new FromEdge.Demands(List.of(new FromEdge.Demand(-7, 2.5, 10, 3, 1)));
    assertEquals(demands, SyncCodec.decode(SyncCodec.encode(demands)));
    FromControl.Shares shares =
        new FromControl.Shares(3, List.of(new FromControl.Share(-7, 0.5, 1)));
    assertEquals(shares, SyncCodec.decode(SyncCodec.encode(shares)));
    Stream<Runnable> broken =
        Stream.of(
            () -> new FromEdge.Demand(0, 1, 1, 1, 1),
            () -> new FromEdge.Demand(1, Double.NaN, 1, 1, 1),
            () -> new FromEdge.Demand(1, 1, 0, 1, 1),
            () -> new FromEdge.Demand(1, 1, 1, Double.POSITIVE_INFINITY, 1),
            () -> new FromEdge.Demand(1, 1, 1, -1, 1),
            () -> new FromEdge.Demands(Collections.nCopies(513, demands.demands().getFirst())),
            () -> new FromControl.Share(1, 0, 1),
            () -> new FromControl.Share(1, 1, Double.NaN),
            () -> new FromControl.Shares(0, List.of()),
            () -> new FromControl.Welcome("l", 1, 1, 0, java.time.Duration.ZERO, key(15)));
    broken.forEach(one -> assertThrows(IllegalArgumentException.class, one::run));
  }

  private static Bytes key(int length) {
    return Bytes.copyOf(new byte[length]);
  }
}

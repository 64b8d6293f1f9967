package dev.perigee.control.rollout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.Rollout;
import dev.perigee.control.store.Rollout.Answered;
import dev.perigee.control.store.Rollout.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A rollout goes on when its canaries are well, and ends when they are not. */
final class RolloutPolicyTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private static Rollout rollout(
      Optional<Duration> hold, Answered others, Rollout.Canary... canaries) {
    SiteConfig site =
        new SiteConfig(
            "a",
            List.of("a.example"),
            List.of(OriginUrl.parse("https://b.example").orElseThrow()),
            Set.of(),
            false,
            false);
    return new Rollout(
        "id",
        site,
        Rollout.State.CANARY,
        5,
        new Rollout.Plan(hold, 5, 20),
        "",
        "",
        "",
        NOW,
        Optional.empty(),
        List.of(canaries),
        others,
        NOW);
  }

  private static Rollout.Canary canary(String node, long appliedAgo, long requests, long errors) {
    Optional<Instant> at =
        appliedAgo < 0 ? Optional.empty() : Optional.of(NOW.minusSeconds(appliedAgo));
    return new Rollout.Canary(node, at, new Answered(requests, errors));
  }

  private static Verdict judge(Rollout rollout) {
    return RolloutPolicy.judge(rollout, Optional.empty());
  }

  private static final Optional<Duration> MINUTE = Optional.of(Duration.ofMinutes(1));

  @Test
  void itIsPromotedOnceTheLastCanaryHasHeldItLongEnough() {
    Answered none = Answered.NOTHING;
    assertEquals(
        new Verdict.Promote(),
        judge(rollout(MINUTE, none, canary("a", 90, 0, 0), canary("b", 60, 0, 0))));
    assertInstanceOf(
        Verdict.Wait.class,
        judge(rollout(MINUTE, none, canary("a", 90, 0, 0), canary("b", 59, 0, 0))));
  }

  @Test
  void itWaitsForACanaryThatHasNotTakenItAndForACommand() {
    assertEquals(
        new Verdict.Wait("b has not taken it yet"),
        judge(rollout(MINUTE, Answered.NOTHING, canary("a", 90, 0, 0), canary("b", -1, 0, 0))));
    assertEquals(
        new Verdict.Wait("waits for a command"),
        judge(rollout(Optional.empty(), Answered.NOTHING, canary("a", 9_000, 0, 0))));
    assertInstanceOf(Verdict.Wait.class, judge(rollout(MINUTE, Answered.NOTHING)));
  }

  @Test
  void oneRefusalHaltsIt() {
    Rollout rollout = rollout(MINUTE, Answered.NOTHING, canary("a", 90, 0, 0));
    assertEquals(
        new Verdict.Halt("a refused it"),
        RolloutPolicy.judge(rollout, Optional.of("a refused it")));
  }

  @Test
  void errorsHaltItOnlyWhereTheyAreMoreThanElsewhereAndOfEnoughRequests() {
    Answered fine = new Answered(1_000, 0);
    Verdict halted = judge(rollout(MINUTE, fine, canary("a", 90, 15, 1), canary("b", 90, 5, 1)));
    assertTrue(
        halted instanceof Verdict.Halt(String r) && r.startsWith("10.0% of 20"), "" + halted);
    assertEquals(new Verdict.Promote(), judge(rollout(MINUTE, fine, canary("a", 90, 19, 19))));
    assertEquals(new Verdict.Promote(), judge(rollout(MINUTE, fine, canary("a", 90, 20, 1))));
    Answered ill = new Answered(1_000, 900);
    assertEquals(new Verdict.Promote(), judge(rollout(MINUTE, ill, canary("a", 90, 100, 94))));
    assertInstanceOf(
        Verdict.Halt.class,
        judge(rollout(MINUTE, new Answered(2, 2), canary("a", 90, 100, 94))),
        "two requests elsewhere say nothing");
  }
}

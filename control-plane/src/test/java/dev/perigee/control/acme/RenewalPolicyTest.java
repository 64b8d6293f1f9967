package dev.perigee.control.acme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.AcmeChallenge;
import dev.perigee.control.store.AcmeSite;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class RenewalPolicyTest {
  private static final Instant BEGAN = Instant.parse("2026-11-01T00:00:00Z");
  private static final Instant ENDS = BEGAN.plus(Duration.ofDays(90));
  private static final List<String> HOSTS = List.of("www.shop.example", "shop.example");
  private static final RenewalPolicy POLICY = new RenewalPolicy(Duration.ofMinutes(5));

  private static AcmeSite site(
      Optional<AcmeSite.Got> got,
      Optional<AcmeSite.Covered> covered,
      Optional<AcmeSite.Tried> tried) {
    return new AcmeSite(
        "shop", "first", HOSTS, Set.of(), AcmeChallenge.HTTP_01, got, covered, tried, false);
  }

  private static Instant at(AcmeSite site, Instant now) {
    return assertInstanceOf(RenewalPolicy.Due.At.class, POLICY.due(site, now)).time();
  }

  private static AcmeSite.Got got(List<String> hosts) {
    return new AcmeSite.Got("id", hosts, BEGAN, ENDS);
  }

  private static AcmeSite.Tried tried(List<String> hosts, Instant next) {
    return new AcmeSite.Tried(hosts, 3, Optional.of(next), Optional.empty(), "no", BEGAN, "");
  }

  @Test
  void aCertificateIsRenewedWhenAThirdOfItsLifeIsLeftOrALittleMore() {
    Set<Instant> times = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      Duration left = Duration.between(POLICY.renewal("site-" + i, BEGAN, ENDS), ENDS);
      assertTrue(left.compareTo(Duration.ofDays(30)) >= 0, left.toString());
      assertTrue(left.compareTo(Duration.ofDays(30).plusHours(108)) <= 0, left.toString());
      times.add(ENDS.minus(left));
    }
    assertTrue(times.size() > 150, "sites are renewed apart: " + times.size());
    assertEquals(POLICY.renewal("shop", BEGAN, ENDS), POLICY.renewal("shop", BEGAN, ENDS));
  }

  @Test
  void aSiteWithoutACertificateIsDueAtOnceAndSoIsOneWithOtherHosts() {
    Optional<AcmeSite.Tried> never = Optional.empty();
    assertEquals(Instant.EPOCH, at(site(Optional.empty(), Optional.empty(), never), BEGAN));
    AcmeSite other = site(Optional.of(got(List.of("www.shop.example"))), Optional.empty(), never);
    assertEquals(Instant.EPOCH, at(other, BEGAN));
    AcmeSite same = site(Optional.of(got(HOSTS.reversed())), Optional.empty(), never);
    assertEquals(POLICY.renewal("shop", BEGAN, ENDS), at(same, BEGAN));
  }

  @Test
  void whatWasUploadedIsLeftAloneUntilAThirdOfItsLifeIsLeft() {
    AcmeSite site =
        site(Optional.empty(), Optional.of(new AcmeSite.Covered(BEGAN, ENDS)), Optional.empty());
    assertEquals(new RenewalPolicy.Due.Covered(ENDS), POLICY.due(site, BEGAN));
    assertEquals(Instant.EPOCH, at(site, ENDS.minus(Duration.ofDays(29))));
  }

  @Test
  void afterAFailureTheSameHostsWaitAndOtherHostsDoNot() {
    Instant next = BEGAN.plus(Duration.ofHours(1));
    Optional<AcmeSite.Got> none = Optional.empty();
    assertEquals(next, at(site(none, Optional.empty(), Optional.of(tried(HOSTS, next))), BEGAN));
    assertEquals(
        Instant.EPOCH,
        at(site(none, Optional.empty(), Optional.of(tried(List.of("a.example"), next))), BEGAN));
  }

  @Test
  void pausesDoubleUpToADay() {
    Duration before = Duration.ZERO;
    for (int failures = 1; failures <= 9; failures++) {
      Duration pause =
          Duration.between(BEGAN, POLICY.again("shop", failures, Optional.empty(), BEGAN));
      Duration least = Duration.ofMinutes(5).multipliedBy(1L << (failures - 1));
      if (least.compareTo(Duration.ofDays(1)) < 0) {
        assertTrue(pause.compareTo(least) >= 0, failures + ": " + pause);
        assertTrue(pause.compareTo(before) > 0, failures + ": " + pause);
      }
      before = pause;
    }
    for (int failures : new int[] {10, 60, 1_000_000, Integer.MAX_VALUE}) {
      Duration pause =
          Duration.between(BEGAN, POLICY.again("shop", failures, Optional.empty(), BEGAN));
      assertTrue(pause.compareTo(Duration.ofDays(1)) >= 0, pause.toString());
      assertTrue(pause.compareTo(Duration.ofHours(30)) <= 0, pause.toString());
    }
  }

  @Test
  void theAuthorityIsNotAskedBeforeItWantsToBe() {
    Instant late = BEGAN.plus(Duration.ofDays(3));
    assertEquals(late, POLICY.again("shop", 1, Optional.of(late), BEGAN));
    Instant early = BEGAN.plus(Duration.ofSeconds(1));
    assertTrue(POLICY.again("shop", 1, Optional.of(early), BEGAN).isAfter(early));
  }
}

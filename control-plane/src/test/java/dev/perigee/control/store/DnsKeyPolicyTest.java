package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.control.store.DnsKeyPolicy.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** When keys may take their steps, and what they are called. */
class DnsKeyPolicyTest {
  private static final Instant T0 = Instant.parse("2026-11-26T10:00:00Z");
  private static final Duration DAY = Duration.ofDays(1);

  /** An hour of the longest record, and what control planes need to learn of it. */
  private static final Duration WAIT = Duration.ofMinutes(65);

  private static final DnsKey FIRST = key(1, T0, Optional.of(T0), Optional.empty());

  private final DnsKeyPolicy policy = new DnsKeyPolicy(Duration.ofHours(1));

  private static DnsKey key(
      int tag, Instant published, Optional<Instant> signing, Optional<Instant> retiring) {
    Bytes none = Bytes.copyOf(new byte[64]);
    return new DnsKey(tag, none, none, published, signing, retiring, Optional.empty());
  }

  private static DnsKey gone(DnsKey key, Instant since) {
    return new DnsKey(
        key.tag(),
        key.publicKey(),
        key.privateKey(),
        key.publishedAt(),
        key.signingAt(),
        key.retiringAt(),
        Optional.of(new DnsKey.DsGone(since, DAY)));
  }

  private static void assertFrom(Instant at, Step step) {
    assertEquals(at, assertInstanceOf(Step.TooEarly.class, step).at());
    assertTrue(DnsKeyStore.reason(step).endsWith("from " + at + " on"), DnsKeyStore.reason(step));
  }

  private static void assertRefused(String why, Step step) {
    String said = assertInstanceOf(Step.Refused.class, step).why();
    assertTrue(said.contains(why), said);
  }

  @Test
  void aKeySignsOnceEverybodyMayKnowIt() {
    DnsKey second = key(2, T0.plus(DAY), Optional.empty(), Optional.empty());
    List<DnsKey> keys = List.of(FIRST, second);
    Instant at = T0.plus(DAY).plus(WAIT);
    assertFrom(at, policy.roll(keys, at.minusMillis(1)));
    assertEquals(new Step.Allowed(), policy.roll(keys, at));
    assertRefused("perigee dns key add", policy.roll(List.of(FIRST), at));
  }

  @Test
  void oneRollAtATime() {
    DnsKey published = key(2, T0, Optional.empty(), Optional.empty());
    DnsKey retiring = key(3, T0, Optional.of(T0), Optional.of(T0));
    assertEquals(new Step.Allowed(), policy.add(List.of()));
    assertEquals(new Step.Allowed(), policy.add(List.of(FIRST)));
    assertRefused("perigee dns key roll", policy.add(List.of(FIRST, published)));
    assertRefused("perigee dns key retire", policy.add(List.of(FIRST, retiring)));
  }

  @Test
  void aKeyGoesOnceNobodyMayHaveItsDsOrWhatItSigned() {
    Instant rolled = T0.plus(DAY);
    DnsKey old = key(1, T0, Optional.of(T0), Optional.of(rolled));
    DnsKey second = key(2, T0, Optional.of(rolled), Optional.empty());
    assertRefused("ds-gone 1", policy.retire(old, List.of(old, second), rolled.plus(DAY)));
    DnsKey early = gone(old, rolled.minus(DAY));
    assertFrom(rolled.plus(WAIT), policy.retire(early, List.of(early, second), rolled));
    DnsKey late = gone(old, rolled.plus(DAY));
    Instant at = rolled.plus(DAY).plus(DAY);
    assertFrom(at, policy.retire(late, List.of(late, second), at.minusMillis(1)));
    assertEquals(new Step.Allowed(), policy.retire(late, List.of(late, second), at));
  }

  @Test
  void theKeyThatSignsGoesLast() {
    DnsKey published = key(2, T0, Optional.empty(), Optional.empty());
    List<DnsKey> both = List.of(FIRST, published);
    assertRefused("signs the zone", policy.retire(FIRST, both, T0.plus(DAY)));
    assertEquals(new Step.Allowed(), policy.retire(published, both, T0));
    assertRefused("ds-gone 1", policy.retire(FIRST, List.of(FIRST), T0.plus(DAY)));
    DnsKey alone = gone(FIRST, T0);
    assertFrom(T0.plus(DAY), policy.retire(alone, List.of(alone), T0));
    assertEquals(new Step.Allowed(), policy.retire(alone, List.of(alone), T0.plus(DAY)));
  }

  /** RFC 6605, section 6.1. */
  @Test
  void tagAndDelegationAreThoseOfTheStandard() {
    byte[] point =
        Base64.getDecoder()
            .decode(
                "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edb"
                    + "krSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==");
    int tag = DnsKey.tag(point);
    assertEquals(55_648, tag);
    Bytes open = Bytes.copyOf(point);
    DnsKey key =
        new DnsKey(tag, open, open, T0, Optional.of(T0), Optional.empty(), Optional.empty());
    assertEquals(
        "55648 13 2 B4C8C1FE2E7477127B27115656AD6256F424625BF5C1E2770CE6D6E37DF61D17",
        key.delegation("example.net"));
  }
}

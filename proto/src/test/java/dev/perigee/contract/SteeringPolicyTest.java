package dev.perigee.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.sync.v1.Site;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Steering policies come back from their bytes, and what cannot hold is named by its place. */
final class SteeringPolicyTest {
  private static SiteConfig site(SteeringPolicy steering) {
    return new SiteConfig(
            "a",
            List.of("a.example"),
            List.of(OriginUrl.parse("https://b.example").orElseThrow()),
            Set.of(),
            false,
            false)
        .withSteering(steering);
  }

  @Test
  void everyPolicyComesBackFromItsBytes() {
    SteeringPolicy policy = new SteeringPolicy(List.of("CH", "GB"), List.of("EU"), 5, 3);
    assertEquals(policy, SteeringPolicyCodec.of(SteeringPolicyCodec.toBytes(policy)));
    assertEquals(site(policy), SyncCodec.decode(SyncCodec.encode(site(policy))));
    assertEquals(List.of(), SiteValidator.problems(site(policy)));
    assertTrue(policy.isPinned());
  }

  @Test
  void aSiteThatSaysNothingOfSteeringIsSteeredAsUsual() {
    assertEquals(SteeringPolicy.DEFAULT, SyncCodec.decode(Site.getDefaultInstance()).steering());
    assertEquals(SteeringPolicy.DEFAULT, SteeringPolicyCodec.of(new byte[0]));
    assertFalse(SteeringPolicy.DEFAULT.isPinned());
  }

  @Test
  void whatCannotHoldIsNamedByItsPlace() {
    SteeringPolicy broken =
        new SteeringPolicy(List.of("de", "FR", "FR"), List.of("EU", "XX"), 4, 0);
    assertEquals(
        List.of(
            "steering.countries[0]",
            "steering.countries[2]",
            "steering.continents[1]",
            "steering.ttlSeconds",
            "steering.nodesPerObject"),
        SiteValidator.problems(site(broken)).stream().map(Problem::field).toList());
  }
}

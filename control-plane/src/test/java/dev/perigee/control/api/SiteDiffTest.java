package dev.perigee.control.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.contract.HidingPolicy;
import dev.perigee.contract.OriginSigning;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.Secret;
import dev.perigee.contract.SiteConfig;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A difference is named by its field, and a secret never by what it is. */
final class SiteDiffTest {
  private static SiteConfig site(boolean portInKey, String... regions) {
    List<OriginUrl> origins = List.of(OriginUrl.parse("https://b.example").orElseThrow());
    return new SiteConfig("a", List.of("a.example"), origins, Set.of(regions), false, portInKey);
  }

  private static SiteConfig signed(String secret) {
    HidingPolicy usual = HidingPolicy.DEFAULT;
    return site(false)
        .withHiding(
            new HidingPolicy(
                usual.dropped(),
                usual.passed(),
                usual.rewrite(),
                usual.replaceErrors(),
                usual.pages(),
                new OriginSigning.SharedSecret("X-Edge", new Secret(secret))));
  }

  @Test
  void whatIsTheSameIsNotNamed() {
    assertEquals(List.of(), SiteDiff.between(site(true, "eu"), site(true, "eu")));
  }

  @Test
  void eachFieldThatDiffersIsNamedWithBothItsValues() {
    assertEquals(
        List.of(
            Map.of("field", "regions", "before", "[]", "after", "[\"eu\"]"),
            Map.of("field", "portInKey", "before", "false", "after", "true")),
        SiteDiff.between(site(false), site(true, "eu")));
  }

  @Test
  void aFieldThatIsNewHasNoValueBefore() {
    List<Map<String, Object>> changes =
        SiteDiff.between(site(false), signed("correct horse battery staple"));
    assertEquals(
        List.of(
            Map.of("field", "hiding.signing.mode", "before", "none", "after", "secret"),
            Map.of("field", "hiding.signing.field", "after", "X-Edge")),
        changes);
  }

  @Test
  void anotherSecretIsNamedButNotShown() {
    assertEquals(
        List.of(
            Map.of("field", "hiding.signing", "before", "(a secret)", "after", "(another secret)")),
        SiteDiff.between(
            signed("correct horse battery staple"), signed("wrong horse battery staple")));
  }
}

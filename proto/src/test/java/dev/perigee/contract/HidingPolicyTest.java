package dev.perigee.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Hiding policies come back from their bytes, and what cannot hold is named by its place. */
final class HidingPolicyTest {
  private static final Secret SECRET = new Secret("correct horse battery staple");

  private static SiteConfig site(HidingPolicy hiding) {
    return new SiteConfig(
            "a",
            List.of("a.example"),
            List.of(OriginUrl.parse("https://b.example").orElseThrow()),
            Set.of(),
            false,
            false)
        .withHiding(hiding);
  }

  static Stream<OriginSigning> signings() {
    return Stream.of(
        OriginSigning.none(),
        new OriginSigning.SharedSecret("X-Secret", SECRET),
        new OriginSigning.AwsV4("eu-central-1", "s3", "AKIA", SECRET));
  }

  @ParameterizedTest
  @MethodSource("signings")
  void everyPolicyComesBackFromItsBytesAndShowsNoSecret(OriginSigning signing) {
    HidingPolicy policy =
        new HidingPolicy(
            List.of("x-pod"),
            List.of("x-original-url"),
            false,
            true,
            List.of(new ErrorPage("5xx", "<p>sorry"), new ErrorPage("404", "<p>none")),
            signing);
    assertEquals(policy, HidingPolicyCodec.of(HidingPolicyCodec.toBytes(policy)));
    assertEquals(site(policy), SyncCodec.decode(SyncCodec.encode(site(policy))));
    assertEquals(List.of(), SiteValidator.problems(site(policy)));
    assertFalse(site(policy).toString().contains("horse"), site(policy).toString());
  }

  @Test
  void nothingStandsForTheUsual() {
    assertEquals(HidingPolicy.DEFAULT, HidingPolicyCodec.of(new byte[0]));
    assertEquals(
        site(HidingPolicy.DEFAULT), SyncCodec.decode(SyncCodec.encode(site(HidingPolicy.DEFAULT))));
  }

  @Test
  void whatCannotHoldIsNamedByItsPlaceAndSecretsAreNotRepeated() {
    HidingPolicy broken =
        new HidingPolicy(
            List.of("X-Pod", "content-type", "a b"),
            List.of("x-forwarded-for", "host"),
            true,
            false,
            List.of(
                new ErrorPage("200", "x"),
                new ErrorPage("5xx", ""),
                new ErrorPage("4xx", "x".repeat(Limits.PAGE_BYTES + 1))),
            new OriginSigning.SharedSecret("Via", new Secret("short\n")));
    List<Problem> problems = SiteValidator.problems(site(broken));
    assertEquals(
        List.of(
            "hiding.dropped[0]",
            "hiding.dropped[1]",
            "hiding.dropped[2]",
            "hiding.passed[0]",
            "hiding.passed[1]",
            "hiding.pages[0].statuses",
            "hiding.pages[1].html",
            "hiding.pages[2].html",
            "hiding.signing.field",
            "hiding.signing.secret"),
        problems.stream().map(Problem::field).toList());
    assertFalse(problems.toString().contains("short"));
  }

  @Test
  void aSecretThatIsLeftOutStaysForTheSameNameOnly() {
    OriginSigning before = new OriginSigning.SharedSecret("X-Secret", SECRET);
    assertEquals(
        SECRET,
        ((OriginSigning.SharedSecret)
                new OriginSigning.SharedSecret("x-secret", Secret.NONE).withSecretOf(before))
            .secret());
    OriginSigning other = new OriginSigning.SharedSecret("X-Other", Secret.NONE);
    assertEquals(other, other.withSecretOf(before));
    OriginSigning aws = new OriginSigning.AwsV4("r", "s3", "AKIA", SECRET);
    OriginSigning moved = new OriginSigning.AwsV4("q", "s3", "AKIA", Secret.NONE);
    assertEquals(new OriginSigning.AwsV4("q", "s3", "AKIA", SECRET), moved.withSecretOf(aws));
    OriginSigning another = new OriginSigning.AwsV4("r", "s3", "AKIB", Secret.NONE);
    assertEquals(another, another.withSecretOf(aws));
    assertEquals(another, another.withSecretOf(before));
    assertEquals(OriginSigning.none(), OriginSigning.none().withSecretOf(before));
  }
}

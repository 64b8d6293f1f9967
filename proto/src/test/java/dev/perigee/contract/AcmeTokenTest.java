package dev.perigee.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AcmeTokenTest {
  private static final AcmeToken ONE = new AcmeToken("shop.example", "a-b_C1", "a-b_C1.print");

  @ParameterizedTest
  @CsvSource({
    "Shop.example, a, a.b",
    "shop.example, '', .b",
    "shop.example, a/b, a/b.c",
    "shop.example, a, b.c",
    "shop.example, a, a.",
    "shop.example, a, a.b.c",
    "'', a, a.b"
  })
  void whatCannotBeATokenIsNone(String host, String token, String authorization) {
    assertThrows(IllegalArgumentException.class, () -> new AcmeToken(host, token, authorization));
  }

  @Test
  void messagesComeAsTheyWereSent() {
    FromControl.AcmeTokens tokens = new FromControl.AcmeTokens(List.of(ONE), 12);
    assertEquals(tokens, SyncCodec.decode(SyncCodec.encode(tokens)));
    FromEdge.TokensHeld held = new FromEdge.TokensHeld(12);
    assertEquals(held, SyncCodec.decode(SyncCodec.encode(held)));
    List<AcmeToken> many = Collections.nCopies(Limits.ACME_TOKENS + 1, ONE);
    assertThrows(IllegalArgumentException.class, () -> new FromControl.AcmeTokens(many, 1));
  }

  @Test
  void asManyTokensAsThereMayBeFitIntoAMessage() {
    String token = "t".repeat(Limits.ACME_TOKEN_LENGTH);
    AcmeToken longest = new AcmeToken("a.".repeat(126) + "a", token, token + "." + "p".repeat(128));
    List<AcmeToken> many = Collections.nCopies(Limits.ACME_TOKENS, longest);
    int bytes = SyncCodec.encode(new FromControl.AcmeTokens(many, 1)).getSerializedSize();
    assertTrue(bytes <= 1 << 20, bytes + " bytes, of the MiB that edges take");
  }

  private static SiteConfig site(AcmeChallenge acme, List<String> hosts) {
    return new SiteConfig(
            "shop",
            hosts,
            List.of(OriginUrl.parse("https://origin.example").orElseThrow()),
            Set.of(),
            false,
            false)
        .withAcme(acme);
  }

  private static List<String> problems(AcmeChallenge acme, List<String> hosts) {
    return SiteValidator.problems(site(acme, hosts)).stream().map(Problem::field).toList();
  }

  @Test
  void aWildcardNeedsDns() {
    List<String> hosts = List.of("shop.example", "*.shop.example");
    assertEquals(List.of("acme"), problems(AcmeChallenge.HTTP_01, hosts));
    assertEquals(List.of(), problems(AcmeChallenge.DNS_01, hosts));
    assertEquals(List.of(), problems(AcmeChallenge.OFF, hosts));
  }

  @Test
  void anAddressAndTooManyHostsHaveNoCertificate() {
    assertEquals(List.of("acme"), problems(AcmeChallenge.HTTP_01, List.of("192.0.2.1")));
    List<String> many =
        IntStream.rangeClosed(0, Limits.ACME_HOSTS).mapToObj(i -> "h" + i + ".example").toList();
    assertTrue(problems(AcmeChallenge.HTTP_01, many).contains("acme"));
  }

  @Test
  void aSiteKeepsHowItsCertificateIsGot() {
    for (AcmeChallenge one : AcmeChallenge.values()) {
      SiteConfig site = site(one, List.of("shop.example"));
      assertEquals(site, SyncCodec.decode(SyncCodec.encode(site)));
    }
  }
}

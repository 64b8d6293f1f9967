package dev.perigee.edge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.contract.AcmeToken;
import dev.perigee.contract.FromControl;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ChallengeTableTest {
  private static final ChallengeTable TABLE =
      ChallengeTable.of(
          new FromControl.AcmeTokens(
              List.of(
                  new AcmeToken("www.shop.example", "one", "one.print"),
                  new AcmeToken("shop.example", "two", "two.print")),
              7));

  @Test
  void aTokenIsAnsweredForItsHost() {
    assertEquals(
        Optional.of("one.print"),
        TABLE.find("www.shop.example", "/.well-known/acme-challenge/one"));
    assertEquals(
        Optional.of("two.print"), TABLE.find("shop.example", "/.well-known/acme-challenge/two"));
  }

  @ParameterizedTest
  @CsvSource({
    "shop.example, /.well-known/acme-challenge/one",
    "www.shop.example, /.well-known/acme-challenge/three",
    "www.shop.example, /.well-known/acme-challenge/",
    "www.shop.example, /.well-known/acme-challenge/one/",
    "www.shop.example, /.well-known/acme-challenge/one?a=b",
    "www.shop.example, /.well-known/ACME-challenge/one",
    "www.shop.example, /"
  })
  void allElseIsLikeAnyOtherRequest(String host, String target) {
    assertEquals(Optional.empty(), TABLE.find(host, target));
    assertEquals(Optional.empty(), ChallengeTable.EMPTY.find(host, target));
  }
}

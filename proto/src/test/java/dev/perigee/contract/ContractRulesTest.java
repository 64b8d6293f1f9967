package dev.perigee.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for sites, origins, purges and join tokens that both sides keep. */
final class ContractRulesTest {
  private static final OriginUrl ORIGIN = new OriginUrl("http", "127.0.0.1", 9000);

  private static List<String> problemFields(String id, List<String> hosts) {
    SiteConfig site = new SiteConfig(id, hosts, List.of(ORIGIN), Set.of(), false, false);
    return SiteValidator.problems(site).stream().map(Problem::field).toList();
  }

  @Test
  void aProblemNamesItsField() {
    assertEquals(List.of(), problemFields("shop", List.of("www.shop.example")));
    assertEquals(List.of("id"), problemFields("Shop", List.of("www.shop.example")));
    assertEquals(List.of("hosts"), problemFields("shop", List.of()));
    assertEquals(List.of("hosts[1]"), problemFields("shop", List.of("a.example", "A.example")));
    assertEquals(List.of("hosts[1]"), problemFields("shop", List.of("a.example", "a.example")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ftp://h",
        "h",
        "http://",
        "http://h/path",
        "http://u@h",
        "http://h?q",
        "http://h#f",
        "http://h:0",
        "http://h:65536",
        "http://h h",
        "//h"
      })
  void whatIsNoOriginIsRefused(String text) {
    assertEquals(Optional.empty(), OriginUrl.parse(text));
  }

  @Test
  void anOriginHasItsSchemesPort() {
    assertEquals(443, OriginUrl.parse("https://H.example/").orElseThrow().port());
    assertEquals("h.example", OriginUrl.parse("https://H.example").orElseThrow().authority());
    assertEquals("http://[::1]:81", OriginUrl.parse("http://[::1]:81").orElseThrow().toString());
  }

  @Test
  void aPurgeCoversOnlyItsOwnSite() {
    Purge purge = new Purge(1, Optional.of("a"), new PurgeScope.Tag("t"), false);
    assertTrue(purge.covers("a", "h", "/x", Set.of("t")));
    assertFalse(purge.covers("b", "h", "/x", Set.of("t")));
    assertFalse(purge.covers("a", "h", "/x", Set.of("tt")));
  }

  @Test
  void aPurgeAcrossSitesIsOfEverything() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new Purge(1, Optional.empty(), new PurgeScope.Host("h"), false));
  }

  @Test
  void aPrefixCoversOneHostOrAll() {
    PurgeScope onOne = new PurgeScope.Prefix(Optional.of("h"), "/img/");
    PurgeScope onAll = new PurgeScope.Prefix(Optional.empty(), "/img/");
    assertTrue(onOne.covers("h", "/img/a", Set.of()));
    assertFalse(onOne.covers("other", "/img/a", Set.of()));
    assertTrue(onAll.covers("other", "/img/a", Set.of()));
    assertFalse(onAll.covers("h", "/image", Set.of()));
  }

  @Test
  void aJoinTokenComesBackTheSameAndHidesItsSecret() {
    JoinToken token = new JoinToken("fra-1", "s".repeat(43), "0".repeat(64));
    assertEquals(Optional.of(token), JoinToken.parse(token.format() + "\n"));
    assertFalse(token.toString().contains("sss"));
    assertEquals(Optional.empty(), JoinToken.parse("pj1.fra-1.short.00"));
  }
}

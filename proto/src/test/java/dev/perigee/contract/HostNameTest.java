package dev.perigee.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A host has one form, and a wildcard covers exactly one label. */
final class HostNameTest {
  @ParameterizedTest
  @CsvSource({
    "WWW.Shop.Example, www.shop.example",
    "www.shop.example., www.shop.example",
    "bücher.example, xn--bcher-kva.example",
    "demo.localhost, demo.localhost",
    "127.0.0.1, 127.0.0.1",
    "[::1], [::1]",
    "_acme-challenge.shop.example, _acme-challenge.shop.example",
  })
  void hostsGetOneForm(String text, String normal) {
    assertEquals(Optional.of(normal), HostName.normalise(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "a..b",
        "-a.example",
        "a-.example",
        "a b",
        "a/b",
        "a:80",
        "a@b",
        "*.example.com",
        "[::1",
        "[::g]",
        "a\u0000b",
        "a,b"
      })
  void whatIsNoHostIsRefused(String text) {
    assertEquals(Optional.empty(), HostName.normalise(text));
  }

  @Test
  void labelsAndNamesPastTheirLengthAreRefused() {
    assertTrue(HostName.normalise("a".repeat(63) + ".example").isPresent());
    assertFalse(HostName.normalise("a".repeat(64) + ".example").isPresent());
    assertFalse(HostName.normalise("abc.".repeat(64) + "example").isPresent());
  }

  @Test
  void aWildcardCoversExactlyOneLabel() {
    assertTrue(HostName.matches("*.shop.example", "www.shop.example"));
    assertFalse(HostName.matches("*.shop.example", "shop.example"));
    assertFalse(HostName.matches("*.shop.example", "a.b.shop.example"));
    assertFalse(HostName.matches("*.shop.example", "wwwshop.example"));
  }

  @Test
  void aWildcardStandsOnlyInFrontOfTwoLabels() {
    assertEquals(Optional.of("*.shop.example"), HostName.normalisePattern("*.Shop.example"));
    assertEquals(Optional.empty(), HostName.normalisePattern("*.example"));
    assertEquals(Optional.empty(), HostName.normalisePattern("a.*.example"));
    assertEquals(Optional.empty(), HostName.normalisePattern("*"));
  }
}

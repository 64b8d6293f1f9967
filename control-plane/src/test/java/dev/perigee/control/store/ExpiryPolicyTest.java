package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.control.store.CertificateStore.CertificateSummary;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ExpiryPolicyTest {
  private static final Instant BEGAN = Instant.parse("2026-01-01T00:00:00Z");

  private static CertificateSummary of(Duration life, Optional<String> site) {
    return new CertificateSummary(
        "id", List.of("shop.example"), "CN=x", BEGAN, BEGAN.plus(life), "first", site);
  }

  @ParameterizedTest
  @CsvSource({
    "365, 22, false",
    "365, 21, true",
    "90, 22, false",
    "90, 21, true",
    "8, 3, false",
    "8, 2, true",
    "8, -1, true"
  })
  void itIsSoonAtTheEndOfALife(int life, int left, boolean soon) {
    Instant now = BEGAN.plus(Duration.ofDays(life - left));
    assertEquals(soon, ExpiryPolicy.isSoon(of(Duration.ofDays(life), Optional.empty()), now));
  }

  @Test
  void theWarningSaysWhatToDo() {
    CertificateSummary uploaded = of(Duration.ofDays(90), Optional.empty());
    assertEquals(Optional.empty(), ExpiryPolicy.warning(uploaded, BEGAN));
    assertEquals(
        Optional.of("expires in 5 days: upload the next one"),
        ExpiryPolicy.warning(uploaded, BEGAN.plus(Duration.ofDays(85))));
    assertEquals(
        Optional.of("has expired: it was not renewed, see the site's acme state"),
        ExpiryPolicy.warning(
            of(Duration.ofDays(90), Optional.of("shop")), BEGAN.plus(Duration.ofDays(91))));
  }
}

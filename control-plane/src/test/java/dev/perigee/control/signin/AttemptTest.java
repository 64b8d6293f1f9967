package dev.perigee.control.signin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.perigee.keys.SealingKeys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a browser keeps of a sign-in under way. */
final class AttemptTest {
  private static final Instant NOW = Instant.parse("2026-11-27T10:00:00Z");
  private static final Instant LATER = NOW.plusSeconds(600);

  private final SecureRandom random = new SecureRandom();
  private final SealingKeys keys = keys("a");

  private SealingKeys keys(String id) {
    try {
      return SealingKeys.parse("test", SealingKeys.newLine(id, random), random);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void itIsReadAgainUntilItExpires() {
    Attempt attempt = Attempt.begin(random, LATER);
    String kept = attempt.seal(keys);

    assertEquals(Optional.of(attempt), Attempt.open(kept, keys, NOW));
    assertEquals(Optional.of(attempt), Attempt.open(kept, keys, LATER.minusSeconds(1)));
    assertEquals(Optional.empty(), Attempt.open(kept, keys, LATER));
  }

  @Test
  void twoHaveNothingInCommonAndNothingOfThemCanBeRead() {
    Attempt attempt = Attempt.begin(random, LATER);
    Attempt other = Attempt.begin(random, LATER);

    assertNotEquals(attempt.state(), other.state());
    assertNotEquals(attempt.verifier(), other.verifier());
    assertNotEquals(attempt.seal(keys), attempt.seal(keys));
  }

  @Test
  void whatWasNotSealedHereOrIsChangedAnywhereIsNoAttempt() {
    String kept = Attempt.begin(random, LATER).seal(keys);
    String open = "state nonce verifier " + LATER.getEpochSecond();
    String plain = Base64.getUrlEncoder().encodeToString(open.getBytes(StandardCharsets.US_ASCII));

    assertEquals(Optional.empty(), Attempt.open(kept, keys("a"), NOW));
    for (int i = 0; i < kept.length(); i++) {
      char changed = kept.charAt(i) == 'A' ? 'B' : 'A';
      String text = kept.substring(0, i) + changed + kept.substring(i + 1);
      // The last character has bits that mean nothing.
      if (i < kept.length() - 1) {
        assertEquals(Optional.empty(), Attempt.open(text, keys, NOW), text);
      }
    }
    for (String text : new String[] {"", "A", "not base64!", plain, kept + kept.repeat(10)}) {
      assertEquals(Optional.empty(), Attempt.open(text, keys, NOW), text);
    }
  }
}

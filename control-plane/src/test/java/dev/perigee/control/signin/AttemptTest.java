package dev.perigee.control.signin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a browser keeps of a sign-in under way. */
final class AttemptTest {
  private static final Instant NOW = Instant.parse("2026-11-27T10:00:00Z");
  private static final Instant LATER = NOW.plusSeconds(600);

  private final SecureRandom random = new SecureRandom();
  private final byte[] key = new byte[Attempt.KEY_BYTES];

  @Test
  void itIsReadAgainUntilItExpires() {
    Attempt attempt = Attempt.begin(random, LATER);
    String kept = attempt.seal(key, random);

    assertEquals(Optional.of(attempt), Attempt.open(kept, key, NOW));
    assertEquals(Optional.of(attempt), Attempt.open(kept, key, LATER.minusSeconds(1)));
    assertEquals(Optional.empty(), Attempt.open(kept, key, LATER));
  }

  @Test
  void twoHaveNothingInCommonAndNothingOfThemCanBeRead() {
    Attempt attempt = Attempt.begin(random, LATER);
    Attempt other = Attempt.begin(random, LATER);

    assertNotEquals(attempt.state(), other.state());
    assertNotEquals(attempt.verifier(), other.verifier());
    assertNotEquals(attempt.seal(key, random), attempt.seal(key, random));
  }

  @Test
  void whatWasNotSealedHereOrIsChangedAnywhereIsNoAttempt() {
    String kept = Attempt.begin(random, LATER).seal(key, random);
    byte[] another = new byte[Attempt.KEY_BYTES];
    another[0] = 1;

    assertEquals(Optional.empty(), Attempt.open(kept, another, NOW));
    for (int i = 0; i < kept.length(); i++) {
      char changed = kept.charAt(i) == 'A' ? 'B' : 'A';
      String text = kept.substring(0, i) + changed + kept.substring(i + 1);
      // The last character has bits that mean nothing.
      if (i < kept.length() - 1) {
        assertEquals(Optional.empty(), Attempt.open(text, key, NOW), text);
      }
    }
    for (String text : new String[] {"", "A", "not base64!", kept + kept.repeat(10)}) {
      assertEquals(Optional.empty(), Attempt.open(text, key, NOW), text);
    }
  }
}

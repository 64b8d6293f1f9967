package dev.perigee.control.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Guessing is slowed for the address that guesses, and for nobody else. */
final class TokenGuessesTest {
  private static final InetAddress HERE = InetAddress.ofLiteral("192.0.2.1");
  private static final InetAddress THERE = InetAddress.ofLiteral("192.0.2.2");
  private static final Optional<Duration> NOW = Optional.empty();

  private long nanos = Long.MAX_VALUE - 1_000;
  private final TokenGuesses guesses =
      new TokenGuesses(new GuessLimits(3, Duration.ofSeconds(6), 100), () -> this.nanos);

  private void wrong(InetAddress from, int times) {
    for (int i = 0; i < times; i++) {
      guesses.begin(from, "wrong" + i);
    }
  }

  @Test
  void whoWasWrongAFewTimesWaitsAndIsToldForHowLong() {
    wrong(HERE, 3);
    assertEquals(Optional.of(Duration.ofSeconds(6)), guesses.begin(HERE, "x"));
    nanos += Duration.ofSeconds(4).toNanos();
    Duration left = guesses.begin(HERE, "x").orElseThrow();
    assertTrue(left.compareTo(Duration.ofMillis(2_001)) < 0, left.toString());
    nanos += Duration.ofSeconds(3).toNanos();
    assertEquals(NOW, guesses.begin(HERE, "x"));
    assertTrue(guesses.begin(HERE, "y").isPresent());
  }

  @Test
  void anotherAddressAndATokenThatWasGoodHereAreNotSlowed() {
    assertEquals(NOW, guesses.begin(HERE, "good"));
    guesses.known(HERE, "good");
    wrong(HERE, 5);
    assertTrue(guesses.begin(HERE, "x").isPresent());
    assertEquals(NOW, guesses.begin(HERE, "good"));
    assertEquals(NOW, guesses.begin(THERE, "x"));
    guesses.forget(HERE, "good");
    assertTrue(guesses.begin(HERE, "good").isPresent());
  }

  @Test
  void tokensThatAreGoodCostNothing() {
    for (int i = 0; i < 10; i++) {
      assertEquals(NOW, guesses.begin(HERE, "good" + i));
      guesses.known(HERE, "good" + i);
    }
    assertEquals(NOW, guesses.begin(HERE, "x"));
  }

  @Test
  void aNetworkOfIpv6IsOneAddressAndItsNeighbourIsAnother() {
    wrong(InetAddress.ofLiteral("2001:db8:0:1::1"), 3);
    assertTrue(guesses.begin(InetAddress.ofLiteral("2001:db8:0:1::2"), "x").isPresent());
    assertEquals(NOW, guesses.begin(InetAddress.ofLiteral("2001:db8:0:2::1"), "x"));
  }

  @Test
  void addressesWithoutNumberTakeNoMoreRoomThanThereIs() {
    wrong(HERE, 3);
    for (int i = 0; i < 100; i++) {
      wrong(InetAddress.ofLiteral("198.51.100." + i), 1);
    }
    assertEquals(NOW, guesses.begin(HERE, "x"));
  }
}

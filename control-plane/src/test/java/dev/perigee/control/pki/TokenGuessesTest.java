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
      guesses.wrong(from);
    }
  }

  @Test
  void whoWasWrongAFewTimesWaitsAndIsToldForHowLong() {
    wrong(HERE, 3);
    assertEquals(Optional.of(Duration.ofSeconds(6)), guesses.wrong(HERE));
    nanos += Duration.ofSeconds(4).toNanos();
    Duration left = guesses.wrong(HERE).orElseThrow();
    assertTrue(left.compareTo(Duration.ofMillis(2_001)) < 0, left.toString());
    nanos += Duration.ofSeconds(3).toNanos();
    assertEquals(NOW, guesses.wrong(HERE));
    assertTrue(guesses.wrong(HERE).isPresent());
  }

  @Test
  void anotherAddressIsNotSlowed() {
    wrong(HERE, 5);
    assertTrue(guesses.wrong(HERE).isPresent());
    assertEquals(NOW, guesses.wrong(THERE));
  }

  @Test
  void aNetworkOfIpv6IsOneAddressAndItsNeighbourIsAnother() {
    wrong(InetAddress.ofLiteral("2001:db8:0:1::1"), 3);
    assertTrue(guesses.wrong(InetAddress.ofLiteral("2001:db8:0:1::2")).isPresent());
    assertEquals(NOW, guesses.wrong(InetAddress.ofLiteral("2001:db8:0:2::1")));
  }

  @Test
  void addressesWithoutNumberTakeNoMoreRoomThanThereIs() {
    wrong(HERE, 3);
    for (int i = 0; i < 100; i++) {
      wrong(InetAddress.ofLiteral("198.51.100." + i), 1);
    }
    assertEquals(NOW, guesses.wrong(HERE));
  }
}

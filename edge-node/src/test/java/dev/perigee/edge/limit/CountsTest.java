package dev.perigee.edge.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The arithmetic of a token bucket and of a sliding window, and which client an address is. */
final class CountsTest {
  private static final long SECOND = 1_000_000_000;
  private static final long BEGIN = 1_000_000 * SECOND;

  @Test
  void aBucketLetsInItsBurstAndThenOneForEachToken() {
    long interval = SECOND / 10;
    long span = 5 * interval;
    long state = TokenBucket.full(BEGIN);
    for (int i = 0; i < 5; i++) {
      assertEquals(5 - i, TokenBucket.left(state, BEGIN, interval, span));
      long after = TokenBucket.take(state, BEGIN, interval, span);
      assertTrue(after > state);
      state = after;
    }
    assertEquals(~state, TokenBucket.take(state, BEGIN, interval, span), "no token is left");
    long wait = TokenBucket.wait(state, BEGIN, interval, span);
    assertEquals(interval, wait);
    assertEquals(~state, TokenBucket.take(state, BEGIN + wait - 1, interval, span));
    assertTrue(TokenBucket.take(state, BEGIN + wait, interval, span) > state);
    assertEquals(span, TokenBucket.untilFull(state, BEGIN, span));
    assertEquals(5, TokenBucket.left(state, BEGIN + 100 * SECOND, interval, span));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, Long.MAX_VALUE, BEGIN + 1_000_000 * SECOND})
  void aStateThatCannotBeEndsWithinTheSpan(long state) {
    long interval = SECOND;
    long span = 3 * SECOND;
    long after = TokenBucket.take(state, BEGIN, interval, span);
    long kept = after < 0 ? ~after : after;
    assertTrue(TokenBucket.wait(kept, BEGIN, interval, span) <= interval);
    assertTrue(TokenBucket.take(kept, BEGIN + span, interval, span) >= 0);
    assertEquals(3, TokenBucket.left(kept, BEGIN + 2 * span, interval, span));
  }

  @Test
  void aWindowNeverLetsInMoreThanItsLimitBySteadyDemand() {
    Random random = new Random(7);
    long window = 10 * SECOND;
    long most = 100;
    long state = SlidingWindow.empty(BEGIN, window);
    Deque<Long> let = new ArrayDeque<>();
    for (long now = BEGIN; now < BEGIN + 20 * window; now += 20_000_000 + random.nextInt(1_000)) {
      long after = SlidingWindow.take(state, now, window, most);
      if (after >= 0) {
        let.addLast(now);
      } else {
        long wait = SlidingWindow.wait(state, now, window, most);
        assertTrue(wait > 0, "who is refused is told when to come again");
        long later = now + wait;
        assertTrue(SlidingWindow.take(state, later, window, most) >= 0, "and comes in then");
      }
      state = after < 0 ? ~after : after;
      while (!let.isEmpty() && let.getFirst() <= now - window) {
        let.removeFirst();
      }
      // The window before counts as if it had come evenly: that is off by a little.
      assertTrue(let.size() <= most * 1.1, "in one window " + let.size());
    }
    assertTrue(let.size() >= most * 0.9, "in the last window " + let.size());
  }

  @Test
  void aWindowThatNobodyUsedIsEmpty() {
    long window = SECOND;
    long state = SlidingWindow.empty(BEGIN, window);
    for (int i = 0; i < 3; i++) {
      state = SlidingWindow.take(state, BEGIN, window, 3);
    }
    assertEquals(0, SlidingWindow.left(state, BEGIN, window, 3));
    assertEquals(3, SlidingWindow.left(state, BEGIN + 2 * window, window, 3));
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 192.0.2.1, 64, true",
    "192.0.2.1, 192.0.2.2, 64, false",
    "192.0.2.1, ::ffff:192.0.2.1, 64, true",
    "2001:db8:0:1::1, 2001:db8:0:1:2:3:4:5, 64, true",
    "2001:db8:0:1::1, 2001:DB8:0:1:0:0:0:9%eth0, 64, true",
    "2001:db8:0:1::1, 2001:db8:0:2::1, 64, false",
    "2001:db8:0:1::1, 2001:db8:0:2::1, 48, true",
    "2001:db8::1:2:3:4:5, 2001:db8:0:1:2:3:4:5, 64, true",
    "::1:2:3:4:5:6:7, 0:1:2:3:4:5:6:7, 64, true",
    "::1:2:3:4:5:6:7, 0:1:2:4:4:5:6:7, 64, false",
    "::1, ::2, 64, true",
    "::, ::1, 64, true",
    "fe80::1, fe81::1, 16, false"
  })
  void anIpv6AddressCountsByItsPrefix(String one, String other, int prefix, boolean same) {
    assertEquals(same, AddressBits.of(one, prefix) == AddressBits.of(other, prefix));
  }
}

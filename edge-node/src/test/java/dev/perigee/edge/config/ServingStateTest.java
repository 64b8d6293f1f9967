package dev.perigee.edge.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How long a node serves without its control plane. */
class ServingStateTest {
  private static final Duration DAY = Duration.ofDays(1);

  @TempDir Path folder = Path.of("");

  private final AtomicReference<Instant> wall =
      new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);

  private ServingState state() {
    InstantSource clock = wall::get;
    return new ServingState(DAY, () -> 0, clock, nanos::get, folder.resolve("contact"));
  }

  private void pass(Duration time) {
    wall.updateAndGet(now -> now.plus(time));
    nanos.addAndGet(time.toNanos());
  }

  @Test
  void itServesForADayAfterTheLastContactAndNoLonger() {
    ServingState state = state();
    assertEquals(Serving.NOTHING, state.get());
    state.welcomed(0);
    state.disconnected();
    pass(DAY.minusMillis(1));
    assertEquals(Serving.EVERYTHING, state.get());
    pass(Duration.ofMillis(1));
    assertEquals(Serving.NOTHING, state.get());
  }

  @Test
  void aClockThatIsSetWhileItRunsChangesNothing() {
    ServingState state = state();
    state.welcomed(0);
    state.disconnected();
    wall.updateAndGet(now -> now.plus(Duration.ofDays(3)));
    assertEquals(Serving.EVERYTHING, state.get());
    wall.updateAndGet(now -> now.minus(Duration.ofDays(9)));
    pass(DAY.plusMillis(1));
    assertEquals(Serving.NOTHING, state.get());
  }

  @Test
  void aRestartedNodeKnowsHowLongItWasAway() throws IOException {
    ServingState before = state();
    before.welcomed(0);
    before.noteContact();
    nanos.set(17); // another run has another
    wall.updateAndGet(now -> now.plus(DAY.minusHours(1)));
    ServingState after = state();
    assertEquals(Serving.EVERYTHING, after.get());
    pass(Duration.ofHours(1).plusMillis(1));
    assertEquals(Serving.NOTHING, after.get());
  }
}

package dev.perigee.control.lastgood;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.perigee.control.MovableClock;
import dev.perigee.control.store.KeyRing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When the file is written. */
final class LastGoodKeeperTest {
  private static final String ZONE = "cdn.example";
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir Path folder;

  private final MovableClock clock = new MovableClock(START);
  private final AtomicReference<LastGood> now =
      new AtomicReference<>(LastGoodFileTest.good(ZONE, true));

  @Test
  void itIsWrittenWhenAnswersChangeAndNoMoreOftenThanIsWished() throws IOException {
    Path path = folder.resolve("kept");
    LastGoodFile file = new LastGoodFile(path, KeyRing.none());
    try (LastGoodKeeper keeper =
        new LastGoodKeeper(file, now::get, Duration.ofSeconds(5), Instant.EPOCH, clock)) {
      keeper.look();
      assertEquals(START, keeper.writtenAt());
      Files.delete(path);
      clock.advance(Duration.ofSeconds(6));
      keeper.look();
      assertFalse(Files.exists(path), "nothing changed");
      now.set(LastGoodFileTest.good(ZONE, false));
      keeper.look();
      assertEquals(Optional.of(now.get()), file.read(ZONE));
      now.set(LastGoodFileTest.good(ZONE, true));
      clock.advance(Duration.ofSeconds(4));
      keeper.look();
      assertEquals(Optional.of(LastGoodFileTest.good(ZONE, false)), file.read(ZONE));
      clock.advance(Duration.ofSeconds(1));
      keeper.look();
      assertEquals(Optional.of(now.get()), file.read(ZONE));
    }
  }

  @Test
  void whatElseItHoldsIsWrittenOnceAMinute() throws IOException {
    Path path = folder.resolve("kept");
    LastGoodFile file = new LastGoodFile(path, KeyRing.none());
    try (LastGoodKeeper keeper =
        new LastGoodKeeper(file, now::get, Duration.ofSeconds(5), Instant.EPOCH, clock)) {
      keeper.look();
      clock.advance(Duration.ofSeconds(61));
      keeper.look();
      assertEquals(START.plusSeconds(61), keeper.writtenAt());
    }
  }
}

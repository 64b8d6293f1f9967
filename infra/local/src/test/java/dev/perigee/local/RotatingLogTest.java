package dev.perigee.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RotatingLogTest {
  @TempDir Path folder;

  @Test
  void twoFilesAreKeptAndNonePassesTheLimit() throws Exception {
    try (RotatingLog log = new RotatingLog(folder.resolve("it.log"), 1_000)) {
      for (int i = 0; i < 500; i++) {
        log.line("line " + i);
      }
      assertEquals("line 499", log.lastLines().getLast());
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        assertTrue(Files.size(file) <= 1_000, file.toString());
      }
    }
    assertTrue(Files.exists(folder.resolve("it.log.1")));
  }
}

package dev.perigee.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A wall clock that is wrong for one process: libfaketime between it and the kernel. */
final class FalseClock {
  private static final Path LIBRARIES = Path.of("/usr/lib");
  private static final String LIBRARY = "faketime/libfaketimeMT.so.1";

  private FalseClock() {}

  /**
   * The environment of a process whose clock is off; waits take their time all the same.
   *
   * @param off such as {@code +1d} or {@code -1d}
   */
  static Map<String, String> off(String off) {
    return Map.of(
        "LD_PRELOAD",
        library().toString(),
        "FAKETIME",
        off,
        "FAKETIME_DONT_FAKE_MONOTONIC",
        "1",
        "DONT_FAKE_MONOTONIC",
        "1");
  }

  /** Debian keeps it in the folder of the machine's kind. */
  private static Path library() {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(LIBRARIES)) {
      for (Path folder : folders) {
        if (Files.exists(folder.resolve(LIBRARY))) {
          return folder.resolve(LIBRARY);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    throw new AssertionError("there is no libfaketime: apt-get install libfaketime");
  }
}

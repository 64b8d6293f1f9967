package dev.perigee.edge.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file for inputs; in memory where that can be, for each of them is synced. */
final class FuzzFile {
  private static final Path MEMORY = Path.of("/dev/shm");

  private FuzzFile() {}

  static Path of(String name) {
    try {
      Path file =
          Files.isWritable(MEMORY)
              ? Files.createTempFile(MEMORY, name, "")
              : Files.createTempFile(name, "");
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

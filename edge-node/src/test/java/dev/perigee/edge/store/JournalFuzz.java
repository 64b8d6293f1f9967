package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.contract.Purge;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Any bytes in the place of the purge journal: what is read once is read again. */
public final class JournalFuzz {
  private static final Path FILE = FuzzFile.of("journal-fuzz");

  private JournalFuzz() {}

  /** Called for each input. */
  public static void fuzzerTestOneInput(byte[] input) {
    try {
      Files.write(FILE, input);
      assertEquals(replayed(), replayed(), "an open changes what is in force");
    } catch (IOException e) {
      throw new UncheckedIOException("the journal cannot be opened", e);
    }
  }

  private static List<Purge> replayed() throws IOException {
    List<Purge> purges = new ArrayList<>();
    PurgeJournal.open(FILE, purges, () -> {}).close();
    return purges;
  }
}

package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an acknowledged purge survives. */
class PurgeJournalTest {
  private static final List<Purge> PURGES =
      List.of(new Purge(1, Optional.of("shop"), new PurgeScope.Tag("a"), false));

  @TempDir Path folder;
  private final AtomicInteger forgotten = new AtomicInteger();

  private Path journal() throws IOException {
    Path file = folder.resolve("purges");
    try (PurgeJournal journal = PurgeJournal.open(file, new ArrayList<>(), () -> {})) {
      journal.append(PURGES);
    }
    return file;
  }

  private List<Purge> open(Path file) throws IOException {
    List<Purge> purges = new ArrayList<>();
    PurgeJournal.open(file, purges, forgotten::incrementAndGet).close();
    return purges;
  }

  @Test
  void zerosBehindTheEndAreCutOff() throws IOException {
    Path file = journal();
    long whole = Files.size(file);
    Files.write(file, new byte[4096], StandardOpenOption.APPEND);
    assertEquals(PURGES, open(file));
    assertEquals(whole, Files.size(file));
    assertEquals(0, forgotten.get());
  }

  @Test
  void aWholePurgeThatIsNotUnderstoodClearsTheStore() throws IOException {
    Path file = journal();
    byte[] ofLaterBuild = {8, 2};
    CRC32 sum = new CRC32();
    sum.update(ofLaterBuild);
    ByteBuffer record = ByteBuffer.allocate(10).putInt(2).putInt((int) sum.getValue());
    Files.write(file, record.put(ofLaterBuild).array(), StandardOpenOption.APPEND);
    assertEquals(List.of(), open(file));
    assertEquals(1, forgotten.get());
  }
}

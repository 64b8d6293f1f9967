package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an acknowledged purge survives. */
class PurgeJournalTest {
  private static final List<Purge> PURGES = List.of(purge(1));

  private static Purge purge(long number) {
    return new Purge(number, Optional.of("shop"), new PurgeScope.Tag("a"), false);
  }

  /** Nobody looks at it. */
  private static final List<Purge> PURGES_OUT = new ArrayList<>();

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

  /** Three groups, each acknowledged; where each of them begins, and the end. */
  private List<Long> groups(Path file) throws IOException {
    List<Long> ends = new ArrayList<>();
    try (PurgeJournal journal = PurgeJournal.open(file, new ArrayList<>(), () -> {})) {
      ends.add(Files.size(file));
      for (int group = 0; group < 3; group++) {
        journal.append(List.of(purge(2 * group + 1), purge(2 * group + 2)));
        ends.add(Files.size(file));
      }
    }
    return ends;
  }

  /** The story: a bit that flipped in the middle looked like a torn end, and cut off all behind. */
  @Test
  void damageToAnythingAcknowledgedClearsTheStore() throws IOException {
    Path whole = folder.resolve("whole");
    List<Long> ends = groups(whole);
    byte[] bytes = Files.readAllBytes(whole);
    int cleared = 0;
    for (int at = 0; at < ends.getLast(); at++) {
      byte[] damaged = bytes.clone();
      damaged[at] ^= 4;
      Path file = folder.resolve("flipped");
      Files.write(file, damaged);
      assertEquals(List.of(), open(file), "a bit flipped at " + at);
      assertEquals(++cleared, forgotten.get(), "a bit flipped at " + at);
    }
  }

  @Test
  void acknowledgedPurgesThatAreCutOffClearTheStore() throws IOException {
    Path whole = folder.resolve("whole");
    List<Long> ends = groups(whole);
    byte[] bytes = Files.readAllBytes(whole);
    for (int length = 0; length < ends.getLast(); length++) {
      Path file = folder.resolve("cut");
      Files.write(file, Arrays.copyOf(bytes, length));
      assertEquals(List.of(), open(file), "cut off at " + length);
      assertEquals(length + 1, forgotten.get(), "cut off at " + length);
    }
  }

  /** Whatever a power cut leaves of a group that was never acknowledged. */
  @Test
  void aTornGroupThatWasNeverAcknowledgedIsCutOff() throws IOException {
    Path whole = folder.resolve("whole");
    List<Long> ends = groups(whole);
    byte[] bytes = Files.readAllBytes(whole);
    int acknowledged = Math.toIntExact(ends.get(2));
    try (PurgeJournal journal = PurgeJournal.open(folder.resolve("two"), PURGES_OUT, () -> {})) {
      journal.append(List.of(purge(1), purge(2)));
      journal.append(List.of(purge(3), purge(4)));
    }
    byte[] two = Files.readAllBytes(folder.resolve("two"));
    assertEquals(acknowledged, two.length);
    for (int length = acknowledged; length < bytes.length; length++) {
      byte[] torn = Arrays.copyOf(bytes, length);
      System.arraycopy(two, 0, torn, 0, acknowledged);
      Path file = folder.resolve("torn");
      Files.write(file, torn);
      List<Purge> kept = open(file);
      assertEquals(List.of(purge(1), purge(2), purge(3), purge(4)), kept.subList(0, 4));
      assertTrue(kept.size() <= 6, "torn at " + length);
      assertEquals(kept, open(file), "and opened again");
    }
    assertEquals(0, forgotten.get());
  }
}

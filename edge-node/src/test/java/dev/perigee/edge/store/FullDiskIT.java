package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.edge.cache.Stored;
import dev.perigee.testkit.Full;
import dev.perigee.testkit.RunningProcess;
import dev.perigee.testkit.RunningProcess.Finished;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * "Disk faults (ENOSPC, EIO) cost the store, not the traffic", in real processes whose writes the
 * system refuses.
 */
class FullDiskIT {
  private static final int TARGETS = 20;
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final InstantSource CLOCK =
      InstantSource.fixed(Instant.ofEpochMilli(1_800_000_000_000L));

  @TempDir Path folder;

  private Finished run(List<String> before, Class<?> main, Path store) {
    List<String> java = new ArrayList<>();
    java.add(ProcessHandle.current().info().command().orElseThrow());
    java.addAll(
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(argument -> !argument.startsWith("-Xm") && !argument.startsWith("-javaagent"))
            .toList());
    // Its counters would be a file that grows as well.
    java.addAll(List.of("-Xmx256m", "-XX:-UsePerfData"));
    java.addAll(List.of("-cp", System.getProperty("java.class.path")));
    java.addAll(List.of(main.getName(), store.toString()));
    List<String> command = new ArrayList<>(before);
    command.addAll(java);
    return RunningProcess.run("victim", folder, Map.of(), LONG, command);
  }

  /** Purges by the thousand, each batch a longer journal, until the disk refuses. */
  private static long purgeUntilRefused(StoreUnderTest store) {
    while (true) {
      long last = store.store.lastPurge();
      List<Purge> batch = new ArrayList<>();
      for (long number = last + 1; number <= last + 500; number++) {
        PurgeScope scope = new PurgeScope.Url(StoreUnderTest.HOST, "/purged/" + number);
        batch.add(new Purge(number, Optional.of(StoreUnderTest.SITE), scope, false));
      }
      try {
        store.store.applyPurges(batch);
      } catch (IOException e) {
        System.out.println("refused: " + e.getMessage());
        check(store.store.lastPurge() == last, "a refused purge is not in force");
        return last;
      }
    }
  }

  /** Everything that a request asks of the store, for every target. */
  private static void useAll(StoreUnderTest store) {
    for (int round = 0; round < 10; round++) {
      for (int target = 0; target < TARGETS; target++) {
        byte[] body = StoreUnderTest.body("/" + target, 90_000);
        Stored stored = store.put(store.meta("/" + target), body);
        check(stored instanceof Stored.Kept || stored instanceof Stored.Refused, "answered");
        Optional<byte[]> read = store.read("/" + target);
        check(read.isEmpty() || Arrays.equals(body, read.get()), "right or not at all");
      }
    }
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }

  /** Uses a store of which no file may grow any more. */
  static final class Limited {
    private Limited() {}

    public static void main(String[] args) throws IOException {
      StoreUnderTest store = StoreUnderTest.open(Path.of(args[0]));
      useAll(store);
      long acknowledged = purgeUntilRefused(store);
      useAll(store);
      check(store.store.statistics().faults() > 0, "the fault is counted");
      store.close();
      System.out.println("acknowledged " + acknowledged);
    }
  }

  @Test
  void aFileThatMayNotGrowCostsPurgesTheirAcknowledgementAndNoRequestItsAnswer()
      throws IOException {
    Path place = folder.resolve("store");
    StoreUnderTest made = StoreUnderTest.open(place);
    made.putNamed("/a", 10);
    made.close();
    Finished victim =
        run(List.of("bash", "-c", "ulimit -f 64; exec \"$@\"", "limited"), Limited.class, place);
    assertEquals(0, victim.exitCode(), victim.output());
    assertTrue(victim.output().contains("refused: File too large"), victim.output());
    Matcher said = Pattern.compile("acknowledged (\\d+)").matcher(victim.output());
    assertTrue(said.find(), victim.output());
    try (StoreUnderTest again = StoreUnderTest.open(place)) {
      assertEquals(Long.parseLong(said.group(1)), again.store.lastPurge());
      assertTrue(again.store.lastPurge() > 0);
      again.purge(again.store.lastPurge() + 1, new PurgeScope.Everything(), false);
      assertFalse(again.has("/a"));
    }
  }

  /** Uses a store on a disk that something else fills up. */
  static final class Crowded {
    private Crowded() {}

    public static void main(String[] args) throws IOException {
      Path disk = Path.of(args[0]);
      Path ballast = disk.resolve("ballast");
      StoreUnderTest store = StoreUnderTest.open(disk.resolve("store"));
      store.putNamed("/kept", 50_000);
      fill(ballast);
      useAll(store);
      long acknowledged = purgeUntilRefused(store);
      useAll(store);
      check(store.store.statistics().faults() > 0, "the fault is counted");
      check(store.store.statistics().broken() == 0, "no block was lost: all have their room");
      Files.delete(ballast);
      store.purge(acknowledged + 1, new PurgeScope.Url(StoreUnderTest.HOST, "/kept"), false);
      check(!store.has("/kept"), "purged once there is room again");
      fill(ballast);
      store.close();
      startWithoutRoom(store.config, acknowledged + 1);
      Files.delete(ballast);
      try (StoreUnderTest again = StoreUnderTest.open(disk.resolve("store"))) {
        check(!again.has("/kept"), "it stays purged");
        again.putNamed("/after", 50_000);
        check(again.has("/after"), "and all is as it was");
      }
      System.out.println("answered all");
    }

    /** With a cache that is there, and with one that would have to be made. */
    private static void startWithoutRoom(StoreConfig there, long purges) throws IOException {
      Path elsewhere = there.directory().resolveSibling("other");
      for (StoreConfig config : List.of(there, there.in(elsewhere))) {
        try (ChronicleResponseStore store = ChronicleResponseStore.openOrWithout(config, CLOCK)) {
          var key = StoreUnderTest.key("/kept");
          List<Object> found = new ArrayList<>();
          store.find(key, Runnable::run, found::addAll);
          check(found.isEmpty(), "nothing purged is there");
          check(store.problem().isPresent(), "it says that it keeps nothing");
          var meta = StoreUnderTest.meta(key, Map.of(), Set.of(), store.fence());
          Stored stored = StoreUnderTest.put(store.begin(meta, OptionalLong.of(3)), new byte[3]);
          check(stored instanceof Stored.Refused, "nothing is kept");
          store.adopt("log", purges + 1);
          check(store.lastPurge() == purges + 1, "purges are in force");
        }
      }
    }

    private static void fill(Path ballast) throws IOException {
      try (FileChannel out =
          FileChannel.open(ballast, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        for (int size = 1 << 16; size > 0; ) {
          try {
            out.write(ByteBuffer.allocate(size));
          } catch (IOException e) {
            size /= 2;
          }
        }
      }
    }
  }

  @Full("a store on a disk without room")
  @Test
  void aDiskWithoutRoomCostsTheStoreAndNoRequestItsAnswer() throws IOException {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    boolean root = Files.getOwner(Path.of("/proc/self")).getName().equals("root");
    Finished victim =
        run(
            List.of(
                "unshare",
                root ? "-m" : "-Urm",
                "bash",
                "-c",
                "mount -t tmpfs -o size=24m tmpfs " + disk + " && exec \"$@\"",
                "crowded"),
            Crowded.class,
            disk);
    assertEquals(0, victim.exitCode(), victim.output());
    assertTrue(victim.output().contains("refused: No space left on device"), victim.output());
    assertTrue(victim.output().contains("answered all"), victim.output());
  }
}

package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import dev.perigee.testkit.RunningProcess.Finished;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The database is destroyed under a network that runs, and put back from a backup. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Full("a network that goes on from a backup once its database is destroyed")
final class BackupE2E {
  private static final String KEPT = "kept.example";
  private static final String LATER = "later.example";
  private static final Duration SOON = Duration.ofSeconds(30);

  private final Path folder;
  private final Path state;
  private final Network network;
  private final Origin origin;

  BackupE2E(@TempDir Path folder) throws Exception {
    this.folder = folder;
    this.state = folder.resolve("control");
    network = new Network(folder);
    origin = Origin.start(folder, network.originAddress(), 9000);
  }

  @BeforeAll
  void up() {
    network.startControl();
    network.addEdge("fra-1", 1, "eu-central", "50.11,8.68");
  }

  @AfterAll
  void down() {
    network.close();
    origin.close();
  }

  @Test
  void theNetworkGoesOnFromABackupWithoutANewEnrolment() throws Exception {
    network.cliOk("site", "add", KEPT, "--origin", origin.url());
    network.cliOk("purge", "--site", KEPT, "--tag", "early", "--wait");
    awaitStatus(KEPT, 200);
    Path file = folder.resolve("backup");
    String[] backup = {"backup", "--to", file.toString(), "--state-dir", state.toString()};
    network.cliOk(backup);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));

    // What comes after the backup is lost, and no number of it may count for anything.
    for (int i = 0; i < 3; i++) {
      network.cliOk("purge", "--site", KEPT, "--tag", "late", "--wait");
    }
    network.cliOk("site", "add", LATER, "--origin", origin.url());
    awaitStatus(LATER, 200);
    Awaitility.await("stored").atMost(SOON).until(() -> get(KEPT).isHit());
    String[] restore = {"restore", "--from", file.toString(), "--state-dir", state.toString()};
    Finished early = network.cli(restore);
    assertEquals(1, early.exitCode(), early.output());
    assertTrue(early.output().contains("stop it first"), early.output());
    network.stopControl();
    destroy(state);
    assertTrue(get(KEPT).isHit(), "readers do not notice");

    network.cliOk(restore);
    network.startControl();
    Awaitility.await("the edge takes what was restored")
        .atMost(SOON)
        .until(() -> get(LATER).status() == 421);
    assertEquals(200, get(KEPT).status());
    network.get("fra-1", KEPT, "/early/again");
    Awaitility.await("stored").atMost(SOON).until(() -> again().isHit());
    // Its number is one that the node acknowledged in the log that was lost.
    Finished purge = network.cliOk("purge", "--site", KEPT, "--tag", "early", "--wait");
    assertTrue(purge.output().contains("applied on 1 of 1 nodes"), purge.output());
    assertTrue(again().isMiss());
    assertEquals(1, network.cli(restore).exitCode(), "never over what is there");
  }

  private Fetch.Answer get(String host) {
    return network.get("fra-1", host, "/early/page");
  }

  private Fetch.Answer again() {
    return network.get("fra-1", KEPT, "/early/again");
  }

  private void awaitStatus(String host, int status) {
    Awaitility.await(host + " answers " + status)
        .atMost(SOON)
        .until(() -> get(host).status() == status);
  }

  private static void destroy(Path folder) throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> all = Files.walk(folder)) {
      deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : deepestFirst) {
      Files.delete(path);
    }
  }
}

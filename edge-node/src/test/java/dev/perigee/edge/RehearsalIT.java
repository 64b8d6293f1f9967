package dev.perigee.edge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.RunningProcess;
import dev.perigee.testkit.RunningProcess.Finished;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The classes of a start are noted by a start: it gets as far as answers, and leaves nothing. */
class RehearsalIT {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path folder;

  @Test
  void aRehearsalAnswersInClearAndByTlsAndLeavesNothing() throws Exception {
    Path classes = folder.resolve("classes");
    Path temporary = Files.createDirectory(folder.resolve("tmp"));
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    command.add("@" + System.getProperty("perigee.root") + "/infra/local/chronicle.jvm");
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-Djava.io.tmpdir=" + temporary);
    command.add("-Xlog:class+load:file=" + classes);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(Rehearsal.class.getName());
    Finished end = RunningProcess.run("rehearsal", folder, Map.of(), LONG, command);
    assertEquals(0, end.exitCode(), end.output());
    String loaded = Files.readString(classes);
    for (String needed : List.of("EdgeNode", "pipeline.Answer", "listener.tls", "SyncStream")) {
      assertTrue(loaded.contains(needed), needed);
    }
    try (Stream<Path> left = Files.list(temporary)) {
      assertArrayEquals(new Path[0], left.toArray(), "left behind");
    }
  }
}

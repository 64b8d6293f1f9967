package dev.perigee.local;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PidFileTest {
  @TempDir Path folder;

  @Test
  void aRunningProcessIsFoundAgain() throws Exception {
    PidFile file = new PidFile(folder.resolve("it.pid"));
    file.write(ProcessHandle.current());

    assertEquals(Optional.of(ProcessHandle.current()), file.running());
  }

  @Test
  void anIdThatTheSystemGaveToAnotherProcessIsNotOurs() throws Exception {
    PidFile file = new PidFile(folder.resolve("it.pid"));
    file.write(ProcessHandle.current());
    String program = ProcessHandle.current().info().command().orElse("");
    Files.writeString(file.path(), ProcessHandle.current().pid() + " 1000 " + program);

    assertEquals(Optional.empty(), file.running());
  }

  @Test
  void aMissingOrBrokenFileNamesNobody() throws Exception {
    PidFile file = new PidFile(folder.resolve("it.pid"));
    assertEquals(Optional.empty(), file.running());
    Files.writeString(file.path(), "half a li");

    assertEquals(Optional.empty(), file.running());
  }
}

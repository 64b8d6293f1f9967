package dev.perigee.e2e;

import dev.perigee.testkit.RunningProcess;
import dev.perigee.testkit.RunningProcess.Finished;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The build that landed before this one, made from the history: its commit stands in {@code
 * previous-build.txt}. It is made once, and again when that file names another. A copy of the
 * sources without that part of the history has this build in both roles, and says so.
 */
final class PreviousBuild {
  private static final Path COMMIT = Path.of("previous-build.txt");
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private PreviousBuild() {}

  /** Where it lies, with its launcher script. */
  static Path folder() throws IOException {
    String commit = Files.readString(COMMIT).strip();
    Path folder = Path.of("target", "previous-" + commit).toAbsolutePath();
    Path made = folder.resolve("target/made");
    if (!Files.exists(made)) {
      Files.createDirectories(folder);
      String sources = "git -C \"$1\" archive \"$2\" | tar -x -C \"$3\"";
      Finished unpacked =
          run(
              folder,
              List.of(
                  "bash",
                  "-o",
                  "pipefail",
                  "-c",
                  sources,
                  "sources",
                  Network.ROOT.toString(),
                  commit,
                  folder.toString()));
      if (unpacked.exitCode() != 0) {
        System.out.printf(
            "this build stands in for the one before it: the history has no commit %s, which %s"
                + " names; git fetch --unshallow brings it%n%s",
            commit, COMMIT, unpacked.output());
        return Network.ROOT;
      }
      // The launcher builds what is missing before it does anything.
      Finished built = run(folder, List.of(folder.resolve("perigee").toString(), "edge", "--help"));
      if (built.exitCode() != 0) {
        throw new AssertionError("the build before this one cannot be made: " + built);
      }
      Files.createFile(made);
    }
    return folder;
  }

  private static Finished run(Path folder, List<String> command) {
    return RunningProcess.run(
        command.getFirst(), folder, Map.of("PERIGEE_NO_BUILD", ""), PATIENCE, command);
  }
}

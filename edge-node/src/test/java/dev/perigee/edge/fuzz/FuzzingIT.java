package dev.perigee.edge.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import dev.perigee.testkit.RunningProcess;
import dev.perigee.testkit.RunningProcess.Finished;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Twelve seconds of Jazzer for each target, from its corpus on, with the paths through our code as
 * its guide. An input that breaks something is printed in full; it belongs into the corpus.
 */
@Full("fuzzing of everything that reads untrusted bytes")
class FuzzingIT {
  private static final int SECONDS = 12;
  private static final Duration PATIENCE = Duration.ofSeconds(2L * SECONDS + 60);
  private static final Pattern RUNS = Pattern.compile("Done ([0-9]+) runs");
  private static final int AT_LEAST = 1000;

  @ParameterizedTest
  @EnumSource
  void whatIsFoundFurtherOnIsReadToo(FuzzTarget target, @TempDir Path folder) throws IOException {
    Path found = Files.createDirectory(folder.resolve("found"));
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+EnableDynamicAgentLoading",
            "--enable-native-access=ALL-UNNAMED",
            "-Xmx1g",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            "com.code_intelligence.jazzer.Jazzer",
            "--target_class=" + target.className(),
            "--instrumentation_includes=dev.perigee.**",
            "--reproducer_path=" + folder,
            "-artifact_prefix=" + folder + "/",
            "-max_total_time=" + SECONDS,
            "-max_len=4096",
            "-print_final_stats=1",
            found.toString(),
            target.corpus().toString());
    Finished ran = RunningProcess.run("jazzer", folder, Map.of(), PATIENCE, command);
    assertEquals(0, ran.exitCode(), ran.output());
    Matcher runs = RUNS.matcher(ran.output());
    assertTrue(runs.find() && Long.parseLong(runs.group(1)) >= AT_LEAST, ran.output());
    System.out.println("FuzzingIT: " + target + ", " + runs.group(1) + " runs");
  }
}

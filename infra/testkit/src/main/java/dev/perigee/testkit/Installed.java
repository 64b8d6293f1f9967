package dev.perigee.testkit;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Programs of the machine that a test needs; the full run installs them. */
public final class Installed {
  private static final Pattern SEPARATOR = Pattern.compile(Pattern.quote(File.pathSeparator));

  private Installed() {}

  /** Skips the test where the program is not here. */
  public static void require(String program) {
    assumeTrue(isHere(program), "skipped, needs " + program);
  }

  private static boolean isHere(String program) {
    String path = System.getenv().getOrDefault("PATH", "");
    try (Stream<String> folders = SEPARATOR.splitAsStream(path)) {
      return folders.anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }
  }
}

package dev.perigee.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * The options of the launcher's own commands, which other programs than the client have: a file
 * says them, and a test holds it to what those of this module take.
 */
final class LauncherOptions {
  private static final String FILE = "launcher-options";

  private LauncherOptions() {}

  /**
   * An option.
   *
   * @param command that has it, with the one above it: "geo update"
   * @param name with its dashes
   * @param takesValue whether a value follows it
   * @param says the first line of its help
   */
  record Known(String command, String name, boolean takesValue, String says) {}

  /** All of them. */
  static List<Known> all() {
    InputStream in =
        Optional.ofNullable(LauncherOptions.class.getResourceAsStream(FILE)).orElseThrow();
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return lines.lines().map(LauncherOptions::known).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Known known(String line) {
    String[] parts = line.split("\t", -1);
    return new Known(parts[0], parts[1], parts[2].equals("1"), parts[3]);
  }
}

package dev.perigee.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Completion offers the options that the programs of this module take. */
final class LauncherOptionsTest {
  /** What {@code LauncherOptions} reads: command, option, whether it takes a value, help. */
  private static Set<String> written(String command) throws IOException {
    try (var in = dev.perigee.cli.PerigeeCli.class.getResourceAsStream("launcher-options")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> line.split("\t", -1))
          .filter(parts -> parts[0].equals(command))
          .map(parts -> parts[1] + " " + parts[2])
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private static Set<String> taken(CommandLine command) {
    Set<String> all = new TreeSet<>();
    for (OptionSpec option : command.getCommandSpec().options()) {
      for (String name : option.names()) {
        if (name.startsWith("--") && !option.hidden()) {
          all.add(name + " " + (option.arity().max() > 0 ? "1" : "0"));
        }
      }
    }
    return all;
  }

  @Test
  void eachOptionIsWritten() throws IOException {
    Map<String, CommandLine> commands =
        Map.of(
            "control", new CommandLine(new Options()),
            "backup", new CommandLine(new BackupCommands.Make()),
            "restore", new CommandLine(new BackupCommands.PutBack()),
            "geo update", new CommandLine(new GeoCommands.Update()));
    for (Map.Entry<String, CommandLine> one : commands.entrySet()) {
      Set<String> taken = taken(one.getValue());
      assertTrue(taken.size() > 2, taken.toString());
      assertEquals(taken, written(one.getKey()), "launcher-options of " + one.getKey());
    }
  }
}

package dev.perigee.edge;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The file of {@code --config}: the options' names without dashes; the command line wins. */
final class SettingsFile implements IDefaultValueProvider {
  private static final Set<String> NOT_IN_FILE = Set.of("config", "help");

  private final Properties values;

  private SettingsFile(Properties values) {
    this.values = values;
  }

  /** The file that the arguments name, if any. */
  static Optional<Path> namedBy(String[] arguments) {
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i].startsWith("--config=")) {
        return Optional.of(Path.of(arguments[i].substring("--config=".length())));
      }
      if (arguments[i].equals("--config") && i + 1 < arguments.length) {
        return Optional.of(Path.of(arguments[i + 1]));
      }
    }
    return Optional.empty();
  }

  /**
   * Reads the file.
   *
   * @throws StartException when it cannot be read, or holds a key that is no option's name
   */
  static SettingsFile read(Path file, CommandSpec command) throws StartException {
    Properties values = new Properties();
    try (Reader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      values.load(in);
    } catch (IOException | IllegalArgumentException e) {
      throw new StartException("--config: " + file + " cannot be read: " + e.getMessage());
    }
    for (String key : new TreeSet<>(values.stringPropertyNames())) {
      if (NOT_IN_FILE.contains(key) || command.findOption("--" + key) == null) {
        throw new StartException("unknown configuration key '" + key + "' in " + file);
      }
    }
    return new SettingsFile(values);
  }

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    return argument instanceof OptionSpec option
        ? values.getProperty(option.longestName().substring(2))
        : null;
  }
}

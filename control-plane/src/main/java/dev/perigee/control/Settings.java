package dev.perigee.control;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import picocli.CommandLine;
import picocli.CommandLine.PropertiesDefaultProvider;

/** Settings from a properties file: the options' names without dashes in front. */
final class Settings {
  private static final String CONFIG = "--config";

  private Settings() {}

  /** Takes the file that {@code --config} names as defaults; an unknown key is an error. */
  static void read(CommandLine command, String[] args) throws IOException {
    for (int i = 0; i < args.length; i++) {
      if (args[i].startsWith(CONFIG + "=")) {
        Path file = Path.of(args[i].substring(CONFIG.length() + 1));
        command.setDefaultValueProvider(provider(command, file));
      } else if (args[i].equals(CONFIG) && i + 1 < args.length) {
        command.setDefaultValueProvider(provider(command, Path.of(args[i + 1])));
      }
    }
  }

  /** Parses the arguments; of several errors an unknown option is named first. */
  static void parse(CommandLine command, String[] args) {
    command.getCommandSpec().parser().collectErrors(true);
    List<Exception> errors = command.parseArgs(args).errors();
    for (Exception error : errors) {
      if (error instanceof CommandLine.UnmatchedArgumentException unknown) {
        throw unknown;
      }
    }
    if (!errors.isEmpty()) {
      throw new CommandLine.ParameterException(
          command, String.valueOf(errors.getFirst().getMessage()));
    }
  }

  private static PropertiesDefaultProvider provider(CommandLine command, Path file)
      throws IOException {
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(file)) {
      properties.load(in);
    }
    for (String key : properties.stringPropertyNames()) {
      if (command.getCommandSpec().findOption("--" + key) == null) {
        throw new IOException("unknown key in " + file + ": " + key);
      }
    }
    return new PropertiesDefaultProvider(properties);
  }
}

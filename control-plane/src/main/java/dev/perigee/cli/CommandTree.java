package dev.perigee.cli;

import java.lang.reflect.Constructor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;

/**
 * The commands that a command line can mean. Of the others there is the name alone: to read the
 * options of all of them takes longer than to run one.
 */
final class CommandTree {
  private CommandTree() {}

  /** All commands. */
  static CommandLine whole(Object root) {
    return grown(root, word -> true);
  }

  /** Those that are named by one of the words. */
  static CommandLine of(Object root, String... words) {
    Set<String> named = new HashSet<>(Arrays.asList(words));
    return grown(root, named::contains);
  }

  private interface Wanted {
    boolean isWanted(String name);
  }

  private static CommandLine grown(Object command, Wanted wanted) {
    CommandLine line = new CommandLine(command);
    Subcommands below = command.getClass().getAnnotation(Subcommands.class);
    if (below != null) {
      for (Class<?> type : below.value()) {
        String name = type.getAnnotation(Command.class).name();
        line.addSubcommand(
            name,
            wanted.isWanted(name) ? grown(make(type), wanted) : CommandSpec.create().name(name));
      }
    }
    return line;
  }

  private static Object make(Class<?> type) {
    try {
      Constructor<?> constructor = type.getDeclaredConstructor();
      constructor.setAccessible(true);
      return constructor.newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type + " is no command", e);
    }
  }
}

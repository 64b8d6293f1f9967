package dev.perigee.local;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The entry point of what the launcher script hands over: {@code up} and {@code down}. */
@Command(
    name = "perigee",
    description = "Runs a whole network on this machine.",
    subcommands = {UpCommand.class, DownCommand.class, OriginCommand.class})
public final class Local {
  /** Refused, or failed. */
  static final int EXIT_REFUSED = 1;

  private Local() {}

  public static void main(String[] args) {
    // Edges are asked for the demo site by address, under the site's host.
    System.setProperty("jdk.httpclient.allowRestrictedHeaders", "host");
    CommandLine commands = new CommandLine(new Local());
    commands.setExecutionExceptionHandler(
        (failure, commandLine, parsed) -> {
          if (failure instanceof LocalException) {
            commandLine.getErr().println("perigee: " + failure.getMessage());
            return EXIT_REFUSED;
          }
          throw failure;
        });
    System.exit(commands.execute(args));
  }
}

package dev.perigee.cli;

import java.util.List;
import java.util.Map;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Parameters;

/** Scripts that have shells complete what is typed. */
@Command(
    name = "completion",
    description = {
      "Print a script that completes commands and options.",
      "bash: source <(perigee completion bash)      zsh: source <(perigee completion zsh)",
      "fish: perigee completion fish | source"
    })
final class CompletionCommand implements Runnable {
  /** What the launcher hands to others than the client. */
  private static final Map<String, String> LAUNCHERS =
      Map.of(
          "up", "start a control plane and three edges on this machine",
          "down", "stop what up --detach started",
          "control", "run a control plane",
          "edge", "run an edge node",
          "backup", "write a control plane's database to a file",
          "restore", "put such a file into an empty database",
          "geo", "put a newer GeoIP file in the place of one that serves");

  @CommandLine.Spec CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "bash|zsh|fish", description = "the shell")
  String shell = "";

  @CommandLine.Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "this text")
  boolean help;

  @Override
  public void run() {
    spec.commandLine().getOut().print(script(shell));
  }

  /** The script for a shell. */
  static String script(String shell) {
    CommandLine whole = PerigeeCli.whole();
    LAUNCHERS.keySet().stream()
        .sorted()
        .forEach(
            name -> {
              CommandSpec own = CommandSpec.create().name(name);
              own.usageMessage().description(LAUNCHERS.get(name));
              options(own, name);
              whole.addSubcommand(name, own);
            });
    return switch (shell) {
      // The script for bash turns on what zsh has for such scripts.
      case "bash", "zsh" -> AutoComplete.bash("perigee", whole);
      case "fish" -> fish(whole);
      default ->
          throw new Failure(Failure.USAGE, "there are scripts for bash, zsh and fish: " + shell);
    };
  }

  /** Its options, and commands of its own with theirs. */
  private static void options(CommandSpec command, String path) {
    for (LauncherOptions.Known known : LauncherOptions.all()) {
      if (known.command().equals(path)) {
        command.addOption(
            OptionSpec.builder(known.name())
                .arity(known.takesValue() ? "1" : "0")
                .type(known.takesValue() ? String.class : boolean.class)
                .description(known.says().replace("%", "%%"))
                .build());
      } else if (known.command().startsWith(path + " ")) {
        String name = known.command().substring(path.length() + 1);
        if (!command.subcommands().containsKey(name)) {
          CommandSpec below = CommandSpec.create().name(name);
          options(below, known.command());
          command.addSubcommand(name, below);
        }
      }
    }
  }

  private static String fish(CommandLine whole) {
    StringBuilder out = new StringBuilder();
    out.append(
        """
        function __perigee_at
            set -l words (string match -v -- '-*' (commandline -opc))
            test "$words[2..]" = "$argv"
        end
        complete -c perigee -e
        """);
    fish(out, whole, "");
    return out.toString();
  }

  private static void fish(StringBuilder out, CommandLine command, String path) {
    String at = "complete -c perigee -n '__perigee_at " + path + "' ";
    command
        .getSubcommands()
        .forEach(
            (name, below) ->
                out.append(at)
                    .append("-f -a ")
                    .append(name)
                    .append(" -d ")
                    .append(quoted(below.getCommandSpec().usageMessage().description()))
                    .append('\n'));
    for (OptionSpec option : command.getCommandSpec().options()) {
      out.append(at);
      for (String name : option.names()) {
        out.append(name.startsWith("--") ? "-l " : "-s ").append(name.replaceFirst("^-+", ""));
        out.append(' ');
      }
      out.append(option.arity().max() > 0 ? "-r " : "");
      out.append("-d ").append(quoted(option.description())).append('\n');
    }
    command
        .getSubcommands()
        .forEach((name, below) -> fish(out, below, path.isEmpty() ? name : path + " " + name));
  }

  /** The first line, as fish reads it between quotes. */
  private static String quoted(String[] lines) {
    String first = List.of(lines).stream().findFirst().orElse("");
    return "'" + first.replace("%%", "%").replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}

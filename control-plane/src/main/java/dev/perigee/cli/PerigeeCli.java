package dev.perigee.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The client's main: exit code 0, 1 refused, 2 usage, 3 unreachable or timed out. */
@Command(
    name = "perigee",
    description = "Operates a Perigee network through its control plane.",
    footer = {
      "",
      "On this machine: perigee up, perigee down, perigee control, perigee edge.",
      "PERIGEE_API, PERIGEE_TOKEN and PERIGEE_CA_FILE name another control plane, its token and its"
          + " authority, PERIGEE_PROFILE one that perigee profile add keeps, PERIGEE_USER who is"
          + " named in histories."
    })
@Subcommands({
  Commands.Site.class,
  ApplyCommand.class,
  ExportCommand.class,
  Commands.Cert.class,
  RolloutCommands.Rollouts.class,
  PurgeCommand.class,
  WarmCommand.class,
  NodeCommands.Nodes.class,
  SteerCommands.Steer.class,
  DnsCommands.Dns.class,
  CaCommands.Ca.class,
  OrganisationCommands.Organisations.class,
  TokenCommands.Tokens.class,
  SignInCommands.SignIns.class,
  HostCommands.Hosts.class,
  AuditCommand.class,
  ProfileCommands.Profile.class,
  CompletionCommand.class,
  DoctorCommand.class,
  Commands.Status.class
})
public final class PerigeeCli extends Commands.Group {
  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  static int run(String... args) {
    if (List.of(args).contains("--help") || List.of(args).contains("-h")) {
      return whole().execute(args);
    }
    CommandLine command = ready(CommandTree.of(new PerigeeCli(), args));
    // Who has to be told what there is, is told by all of it.
    command.setParameterExceptionHandler((problem, wrong) -> whole().execute(wrong));
    return command.execute(args);
  }

  /** All commands, for whoever is told of them. */
  static CommandLine whole() {
    return ready(CommandTree.whole(new PerigeeCli()));
  }

  private static CommandLine ready(CommandLine command) {
    command.setUsageHelpWidth(100);
    command.setExecutionExceptionHandler(
        (problem, at, parsed) -> {
          if (problem instanceof Failure failure) {
            at.getErr().println("perigee: " + failure.getMessage());
            return failure.exitCode();
          }
          throw problem;
        });
    return command;
  }
}

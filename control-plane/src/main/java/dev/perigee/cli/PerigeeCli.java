package dev.perigee.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The client's main: exit code 0, 1 refused, 2 usage, 3 unreachable or timed out. */
@Command(
    name = "perigee",
    description = "Operates a Perigee network through its control plane.",
    footer = {
      "",
      "On this machine: perigee up, perigee down, perigee control, perigee edge.",
      "PERIGEE_API and PERIGEE_TOKEN name another control plane and its token, PERIGEE_USER who"
          + " is named in histories."
    },
    subcommands = {
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
      Commands.Status.class
    })
public final class PerigeeCli extends Commands.Group {
  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  static int run(String... args) {
    CommandLine command = new CommandLine(new PerigeeCli()).setUsageHelpWidth(100);
    command.setExecutionExceptionHandler(
        (problem, at, parsed) -> {
          if (problem instanceof Failure failure) {
            at.getErr().println("perigee: " + failure.getMessage());
            return failure.exitCode();
          }
          throw problem;
        });
    return command.execute(args);
  }
}

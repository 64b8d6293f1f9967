package dev.perigee.control;

import dev.perigee.contract.GeoKind;
import dev.perigee.contract.Limits;
import dev.perigee.control.steer.GeoUpdate;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What is done to GeoIP files on the machine of a control plane. */
@Command(
    name = "perigee geo",
    mixinStandardHelpOptions = true,
    description = "GeoIP files of a control plane.",
    subcommands = GeoCommands.Update.class)
public final class GeoCommands {
  private GeoCommands() {}

  /** Runs one command and ends the process: 0 done, 1 not done, 2 misspelled. */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  static int run(String... args) {
    CommandLine command = new CommandLine(new GeoCommands()).setUsageHelpWidth(100);
    command.setCaseInsensitiveEnumValuesAllowed(true);
    command.setExecutionExceptionHandler(
        (problem, at, parsed) -> {
          if (problem instanceof IOException) {
            at.getErr().println("perigee: " + problem.getMessage());
            return 1;
          }
          throw problem;
        });
    return command.execute(args);
  }

  @Command(
      name = "update",
      mixinStandardHelpOptions = true,
      description = {
        "Put a newer GeoIP file in the place of one that serves, or leave that as it is.",
        "A control plane that has it as --geoip-database, --geoip-asn-database or --geoip-override"
            + " takes it within seconds."
      })
  static final class Update implements Callable<Integer> {
    @CommandLine.Spec CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Option(
        names = "--from",
        paramLabel = "FILE|URL",
        required = true,
        description = "the newer one, unpacked; no redirect is followed")
    String from = "";

    @Option(
        names = "--file",
        paramLabel = "FILE",
        required = true,
        description = "the one that serves")
    Path file = Path.of("");

    @Option(
        names = "--sha256",
        paramLabel = "HEX",
        description = "its checksum; by default what lies beside it, with .sha256 behind its name")
    @Nullable String sha256;

    @Option(
        names = "--kind",
        defaultValue = "city",
        description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE}")
    GeoKind kind = GeoKind.CITY;

    @Option(
        names = "--max-size",
        paramLabel = "MIB",
        defaultValue = "512",
        description = "${DEFAULT-VALUE}")
    int maxSize;

    @Option(
        names = "--timeout",
        paramLabel = "SECONDS",
        defaultValue = "300",
        description = "for a download; ${DEFAULT-VALUE}")
    int timeout;

    @Override
    public Integer call() throws IOException {
      int most = Limits.GEO_FILE_BYTES >> 20;
      if (maxSize < 1 || maxSize > most || timeout < 1) {
        throw new IOException("--max-size is 1 to " + most + ", --timeout at least 1");
      }
      GeoUpdate.Updated now =
          new GeoUpdate(kind, file, (long) maxSize << 20)
              .take(from, Optional.ofNullable(sha256), Duration.ofSeconds(timeout));
      spec.commandLine()
          .getOut()
          .printf(
              "%s %s: built %s, %d bytes, SHA-256 %s%n",
              file,
              now.fresh() ? "is replaced" : "was this one already",
              now.built(),
              now.bytes(),
              now.version());
      spec.commandLine().getOut().flush();
      return 0;
    }
  }
}

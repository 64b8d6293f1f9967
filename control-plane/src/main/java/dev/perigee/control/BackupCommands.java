package dev.perigee.control;

import dev.perigee.cli.Waiting;
import dev.perigee.control.store.Backup;
import dev.perigee.control.store.Backup.DatabaseAddress;
import dev.perigee.control.store.EmbeddedDatabase;
import dev.perigee.control.store.Restore;
import dev.perigee.control.store.SecretFile;
import dev.perigee.control.store.StoreException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Backups of the control plane's database, and their restoring: beside it, with the database's own
 * password, as what they hold is more than the API gives to anybody.
 */
@Command(
    name = "perigee",
    subcommands = {BackupCommands.Make.class, BackupCommands.PutBack.class})
public final class BackupCommands {
  private BackupCommands() {}

  /** Runs one command and ends the process: 0 done, 1 not done, 2 misspelled. */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  static int run(String... args) {
    CommandLine command = new CommandLine(new BackupCommands()).setUsageHelpWidth(100);
    command.setExecutionExceptionHandler(
        (problem, at, parsed) -> {
          if (problem instanceof IOException || problem instanceof StoreException) {
            at.getErr().println("perigee: " + problem.getMessage());
            return 1;
          }
          throw problem;
        });
    return command.execute(args);
  }

  /** Where the database is. */
  abstract static class OnDatabase implements Callable<Integer> {
    @Option(
        names = "--database-url",
        description = {
          "as the control plane has it; its password comes from PERIGEE_DATABASE_PASSWORD"
        })
    @Nullable String databaseUrl;

    @Option(
        names = "--state-dir",
        description = "the control plane's, where its database is embedded")
    @Nullable Path stateDir;

    /** How far it is. */
    final LongAdder bytes = new LongAdder();

    /** Something done to a database. */
    interface Work {
      Backup.Summary on(DatabaseAddress address) throws IOException;
    }

    Optional<DatabaseAddress> external() throws IOException {
      if ((databaseUrl == null) == (stateDir == null)) {
        throw new IOException("give either --database-url or --state-dir");
      }
      String password = System.getenv().getOrDefault("PERIGEE_DATABASE_PASSWORD", "");
      return Optional.ofNullable(databaseUrl).map(url -> new DatabaseAddress(url, "", password));
    }

    Path embedded() {
      return Optional.ofNullable(stateDir).orElseThrow().resolve("postgres");
    }

    static Backup.Summary started(Path folder, Work work) throws IOException {
      try (EmbeddedDatabase database = EmbeddedDatabase.start(folder, new SecureRandom())) {
        return work.on(database.address());
      }
    }

    void say(CommandLine.Model.CommandSpec spec, String what, Backup.Summary summary) {
      spec.commandLine()
          .getErr()
          .printf(
              "%s: as of %s, revision %d, purge %d, %d rows%n",
              what, summary.at(), summary.revision(), summary.purge(), summary.rows());
      spec.commandLine().getErr().flush();
    }
  }

  @Command(
      name = "backup",
      mixinStandardHelpOptions = true,
      description = "Write the control plane's database, private keys included, to a file.")
  static final class Make extends OnDatabase {
    @CommandLine.Spec CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Option(
        names = "--to",
        paramLabel = "FILE",
        required = true,
        description = "made with mode 600; - is the output, to be encrypted on its way")
    String to = "";

    @Override
    public Integer call() throws IOException {
      Optional<DatabaseAddress> external = external();
      Optional<DatabaseAddress> address =
          external.isPresent() ? external : EmbeddedDatabase.running(embedded());
      if (address.isEmpty() && !Files.exists(embedded().resolve("data"))) {
        throw new IOException("there is no database in " + stateDir);
      }
      Backup.Summary summary;
      try (Waiting _ = Waiting.of(() -> "backup: %d MiB".formatted(bytes.sum() >> 20))) {
        summary = address.isPresent() ? write(address.get()) : started(embedded(), this::write);
      }
      say(spec, "backup", summary);
      return 0;
    }

    private Backup.Summary write(DatabaseAddress address) throws IOException {
      if (to.equals("-")) {
        return Backup.write(address, new Counted.Out(System.out, bytes));
      }
      Path file = Path.of(to);
      Path fresh = file.resolveSibling(file.getFileName() + ".new");
      Backup.Summary summary;
      try (OutputStream out =
          new Counted.Out(new BufferedOutputStream(SecretFile.create(fresh)), bytes)) {
        summary = Backup.write(address, out);
      }
      SecretFile.settle(fresh, file);
      return summary;
    }
  }

  @Command(
      name = "restore",
      mixinStandardHelpOptions = true,
      description = {
        "Put a backup into an empty database, whole or not at all.",
        "No control plane may run on it yet. Nodes find the way by themselves, without a new join"
            + " token, and count what they store as purged."
      })
  static final class PutBack extends OnDatabase {
    @CommandLine.Spec CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Option(
        names = "--from",
        paramLabel = "FILE",
        required = true,
        description = "as backup wrote it; - is the input")
    String from = "";

    @Override
    public Integer call() throws IOException {
      Optional<DatabaseAddress> external = external();
      if (external.isEmpty() && EmbeddedDatabase.running(embedded()).isPresent()) {
        throw new IOException("a control plane runs on this database: stop it first");
      }
      Backup.Summary summary;
      try (Waiting _ = Waiting.of(() -> "restore: %d MiB".formatted(bytes.sum() >> 20))) {
        summary = external.isPresent() ? read(external.get()) : started(embedded(), this::read);
      }
      say(spec, "restored", summary);
      return 0;
    }

    private Backup.Summary read(DatabaseAddress address) throws IOException {
      try (InputStream in =
          from.equals("-")
              ? System.in
              : new BufferedInputStream(Files.newInputStream(Path.of(from)))) {
        return Restore.read(address, new Counted.In(in, bytes));
      }
    }
  }
}

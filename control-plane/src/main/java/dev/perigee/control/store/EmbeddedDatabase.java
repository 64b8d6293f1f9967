package dev.perigee.control.store;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PostgreSQL that is started where none is given: on loopback, with a password of its own,
 * durable, its data kept across restarts. One that a killed control plane left running is stopped
 * first.
 */
public final class EmbeddedDatabase implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedDatabase.class);
  private static final long STOP_SECONDS = 20;

  private final EmbeddedPostgres postgres;
  private final String password;

  private EmbeddedDatabase(EmbeddedPostgres postgres, String password) {
    this.postgres = postgres;
    this.password = password;
  }

  /** Starts it with everything under {@code directory}. */
  public static EmbeddedDatabase start(Path directory) throws IOException {
    Path data = directory.resolve("data").toAbsolutePath();
    Files.createDirectories(directory);
    stopOrphan(data);
    String password = password(directory.resolve("password"));
    EmbeddedPostgres postgres =
        EmbeddedPostgres.builder()
            .setDataDirectory(data)
            .setCleanDataDirectory(false)
            .setOverrideWorkingDirectory(directory.resolve("binaries").toAbsolutePath().toFile())
            .setRegisterShutdownHook(false)
            // The library starts it with -F, which means fsync off: what comes later wins.
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .setServerConfig("full_page_writes", "on")
            .setServerConfig("listen_addresses", "127.0.0.1")
            .setServerConfig("unix_socket_directories", "")
            .setServerConfig("password_encryption", "scram-sha-256")
            .setServerConfig("max_connections", "50")
            .setConnectConfig("password", password)
            .start();
    EmbeddedDatabase database = new EmbeddedDatabase(postgres, password);
    database.requirePassword(data);
    return database;
  }

  /** The first start trusts loopback, to be told the password; from then on it is asked for. */
  private void requirePassword(Path data) throws IOException {
    Path access = data.resolve("pg_hba.conf");
    String wanted = "host all all 127.0.0.1/32 scram-sha-256\n";
    if (Files.readString(access).equals(wanted)) {
      return;
    }
    try (Connection connection = postgres.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("ALTER USER postgres PASSWORD '" + password + "'");
      Files.writeString(access, wanted);
      statement.execute("SELECT pg_reload_conf()");
    } catch (SQLException e) {
      throw new IOException("the embedded database cannot be given its password", e);
    }
  }

  private static String password(Path file) throws IOException {
    if (Files.exists(file)) {
      return Files.readString(file).strip();
    }
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    String password = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, password);
    return password;
  }

  /** Stops a server that still runs on our data; its pid file names it. */
  private static void stopOrphan(Path data) throws IOException {
    Path pidFile = data.resolve("postmaster.pid");
    if (!Files.exists(pidFile)) {
      return;
    }
    List<String> lines = Files.readAllLines(pidFile);
    Optional<ProcessHandle> process =
        lines.isEmpty() || !lines.getFirst().strip().matches("[0-9]{1,9}")
            ? Optional.empty()
            : ProcessHandle.of(Long.parseLong(lines.getFirst().strip()))
                .filter(handle -> isOurs(handle, data));
    if (process.isEmpty()) {
      return;
    }
    LOG.warn("an embedded database of an earlier run is still up: stopping it");
    for (String signal : List.of("-INT", "-QUIT")) {
      new ProcessBuilder("kill", signal, Long.toString(process.get().pid())).start();
      try {
        process.get().onExit().get(STOP_SECONDS, TimeUnit.SECONDS);
        return;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
        LOG.warn("the earlier database did not stop on {}", signal);
      }
    }
    throw new IOException("a database is still running on " + data + "; stop it and try again");
  }

  /** The pid may have been given to another process since: its command line tells. */
  private static boolean isOurs(ProcessHandle handle, Path data) {
    Path commandLine = Path.of("/proc/" + handle.pid() + "/cmdline");
    try {
      return !Files.exists(commandLine) || Files.readString(commandLine).contains(data.toString());
    } catch (IOException e) {
      return false;
    }
  }

  public String jdbcUrl() {
    return "jdbc:postgresql://127.0.0.1:" + postgres.getPort() + "/postgres";
  }

  public String user() {
    return "postgres";
  }

  public String password() {
    return password;
  }

  @Override
  public void close() throws IOException {
    postgres.close();
  }
}

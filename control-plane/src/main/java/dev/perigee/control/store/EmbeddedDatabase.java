package dev.perigee.control.store;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PostgreSQL that is started where none is given: on loopback, with a password of its own,
 * durable, its data kept across restarts. One that a killed control plane left running is stopped
 * first; one that ends by itself is started again.
 */
public final class EmbeddedDatabase implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedDatabase.class);
  private static final long STOP_SECONDS = 20;
  private static final String ACCESS_FILE = "pg_hba.conf";
  private static final int ANY_PORT = 0;
  private static final String USER = "postgres";
  private static final String TRUSTED = "host all all 127.0.0.1/32 trust\n";
  private static final String PASSWORD_ASKED = "host all all 127.0.0.1/32 scram-sha-256\n";

  private final ServerGuard guard;
  private final int port;
  private final String password;

  private EmbeddedDatabase(Path folder, Path data, String password) throws IOException {
    EmbeddedPostgres first = launch(folder, data, password, ANY_PORT);
    this.port = first.getPort();
    this.password = password;
    this.guard = new ServerGuard(data, first, () -> launch(folder, data, password, port));
    guard.start();
  }

  /**
   * Starts it with everything under {@code directory}: {@code data}, which is there only once it is
   * a whole database with a password, {@code password}, and {@code binaries}.
   */
  public static EmbeddedDatabase start(Path directory, SecureRandom random) throws IOException {
    Path folder = Files.createDirectories(directory.toAbsolutePath());
    Path data = folder.resolve("data");
    Path passwordFile = folder.resolve("password");
    stopServer(data);
    // A folder without it was never a database: an initdb was cut short in it.
    if (Files.exists(data) && !Files.exists(data.resolve("global").resolve("pg_control"))) {
      delete(data);
    }
    if (!Files.exists(data)) {
      Path fresh = folder.resolve("data.new");
      stopServer(fresh);
      delete(fresh);
      settlePassword(folder, fresh, passwordFile, random);
      Files.move(fresh, data, StandardCopyOption.ATOMIC_MOVE);
      SecretFile.sync(folder);
    } else if (SecretFile.read(passwordFile).isEmpty() || !asksForPassword(data)) {
      settlePassword(folder, data, passwordFile, random);
    }
    String password = SecretFile.read(passwordFile).orElseThrow();
    return new EmbeddedDatabase(folder, data, password);
  }

  /**
   * The database that another process runs under this directory, where one does.
   *
   * @param directory as {@link #start} was given it
   */
  public static Optional<Backup.DatabaseAddress> running(Path directory) throws IOException {
    Path folder = directory.toAbsolutePath();
    Path data = folder.resolve("data");
    Path pidFile = data.resolve("postmaster.pid");
    Optional<String> password = SecretFile.read(folder.resolve("password"));
    if (!Files.exists(pidFile) || password.isEmpty()) {
      return Optional.empty();
    }
    // Lines of PostgreSQL's file: process, data directory, start time, port.
    List<String> lines = Files.readAllLines(pidFile);
    boolean sound = lines.size() > 3 && lines.get(3).strip().matches("[0-9]{1,5}");
    if (!sound || server(data).isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(address(Integer.parseInt(lines.get(3).strip()), password.get()));
  }

  private static Backup.DatabaseAddress address(int port, String password) {
    return new Backup.DatabaseAddress(url(port), USER, password);
  }

  private static String url(int port) {
    return "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
  }

  /** Where it is, for as long as it runs. */
  public Backup.DatabaseAddress address() {
    return address(port, password);
  }

  /**
   * Starts the database once with loopback trusted, to tell it its password, and stops it. The
   * password is kept last, so that a crash on the way only means to begin again.
   */
  private static void settlePassword(Path folder, Path data, Path passwordFile, SecureRandom random)
      throws IOException {
    Optional<String> known = SecretFile.read(passwordFile);
    String password = known.orElseGet(() -> newPassword(random));
    Path access = data.resolve(ACCESS_FILE);
    if (Files.exists(access)) {
      Files.writeString(access, TRUSTED);
    }
    try (EmbeddedPostgres postgres = launch(folder, data, password, ANY_PORT);
        Connection connection = postgres.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("ALTER USER postgres PASSWORD '" + password + "'");
      Files.writeString(access, PASSWORD_ASKED);
    } catch (SQLException e) {
      throw new IOException("the embedded database cannot be given its password", e);
    }
    if (known.isEmpty()) {
      SecretFile.write(passwordFile, password);
    }
  }

  private static boolean asksForPassword(Path data) throws IOException {
    Path access = data.resolve(ACCESS_FILE);
    return Files.exists(access) && Files.readString(access).equals(PASSWORD_ASKED);
  }

  private static String newPassword(SecureRandom random) {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** Starts a server on the folder, after initdb where it is empty; none runs when this fails. */
  private static EmbeddedPostgres launch(Path folder, Path data, String password, int port)
      throws IOException {
    try {
      return EmbeddedPostgres.builder()
          .setPort(port)
          .setDataDirectory(data)
          .setCleanDataDirectory(false)
          .setOverrideWorkingDirectory(folder.resolve("binaries").toFile())
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
    } catch (IOException | RuntimeException e) {
      IOException failure =
          new IOException("the embedded database in " + data + " does not start: " + e, e);
      try {
        stopServer(data);
      } catch (IOException also) {
        failure.addSuppressed(also);
      }
      throw failure;
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> deepestFirst;
    try (Stream<Path> all = Files.walk(folder)) {
      deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : deepestFirst) {
      Files.delete(path);
    }
  }

  /** The server that runs on this data, as its pid file names it. */
  static Optional<ProcessHandle> server(Path data) throws IOException {
    Path pidFile = data.resolve("postmaster.pid");
    List<String> lines = Files.exists(pidFile) ? Files.readAllLines(pidFile) : List.of();
    return lines.isEmpty() || !lines.getFirst().strip().matches("[0-9]{1,9}")
        ? Optional.empty()
        : ProcessHandle.of(Long.parseLong(lines.getFirst().strip()))
            .filter(handle -> isOurs(handle, data));
  }

  /** Stops a server that still runs on our data, and waits for its end. */
  static void stopServer(Path data) throws IOException {
    Optional<ProcessHandle> process = server(data);
    if (process.isEmpty()) {
      return;
    }
    LOG.warn("an embedded database is still up on {}: stopping it", data);
    for (String signal : List.of("-INT", "-QUIT")) {
      new ProcessBuilder("kill", signal, Long.toString(process.get().pid())).start();
      try {
        process.get().onExit().get(STOP_SECONDS, TimeUnit.SECONDS);
        return;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException e) {
        LOG.warn("the database did not stop on {}", signal);
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
    return url(port);
  }

  public String user() {
    return USER;
  }

  public String password() {
    return password;
  }

  @Override
  public void close() throws IOException {
    guard.close();
  }
}

package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The embedded database starts whatever an earlier start left behind, and leaves nothing. */
final class EmbeddedDatabaseIT {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Duration SOON = Duration.ofSeconds(60);

  @TempDir Path folder;

  @BeforeEach
  void shareBinaries() throws IOException {
    Files.createSymbolicLink(folder.resolve("binaries"), TestPostgres.binaries());
  }

  private static void execute(EmbeddedDatabase database, String sql) throws SQLException {
    try (Connection connection = connect(database, database.password());
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static Connection connect(EmbeddedDatabase database, String password)
      throws SQLException {
    return DriverManager.getConnection(database.jdbcUrl(), database.user(), password);
  }

  private Path passwordFile() {
    return folder.resolve("password");
  }

  @Test
  void dataAndPasswordOutliveAStopAndNobodyElseGetsIn() throws Exception {
    String password;
    try (EmbeddedDatabase database = EmbeddedDatabase.start(folder, RANDOM)) {
      execute(database, "CREATE TABLE kept AS SELECT 7 AS n");
      password = database.password();
      assertThrows(SQLException.class, () -> connect(database, "wrong").close());
    }
    assertEquals(password, Files.readString(passwordFile()).strip());
    assertEquals(
        "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(passwordFile())));
    try (EmbeddedDatabase database = EmbeddedDatabase.start(folder, RANDOM)) {
      assertEquals(password, database.password());
      execute(database, "SELECT n FROM kept");
    }
    assertEquals(List.of(), servers());
  }

  @Test
  void anEmptyPasswordFileIsMadeAnewAndTheDataStays() throws Exception {
    try (EmbeddedDatabase database = EmbeddedDatabase.start(folder, RANDOM)) {
      execute(database, "CREATE TABLE kept AS SELECT 7 AS n");
    }
    Files.writeString(passwordFile(), "");
    try (EmbeddedDatabase database = EmbeddedDatabase.start(folder, RANDOM)) {
      assertFalse(database.password().isBlank());
      assertThrows(SQLException.class, () -> connect(database, "").close());
      try (Connection connection = connect(database, database.password());
          Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery("SELECT n FROM kept")) {
        assertTrue(row.next());
      }
    }
    try (EmbeddedDatabase database = EmbeddedDatabase.start(folder, RANDOM)) {
      execute(database, "SELECT n FROM kept");
    }
  }

  @Test
  void anInitdbThatWasCutShortIsBegunAnew() throws Exception {
    for (String name : new String[] {"data", "data.new"}) {
      Path data = Files.createDirectories(folder.resolve(name));
      Files.createDirectories(data.resolve("global"));
      Files.writeString(data.resolve("PG_VERSION"), "18\n");
      Files.writeString(data.resolve("postgresql.conf"), "");
      Files.writeString(data.resolve("pg_hba.conf"), "");
    }
    try (EmbeddedDatabase database = EmbeddedDatabase.start(folder, RANDOM)) {
      execute(database, "SELECT 1");
    }
  }

  @Test
  void aStartThatFailsLeavesNoServerRunning() throws Exception {
    EmbeddedDatabase.start(folder, RANDOM).close();
    Files.writeString(passwordFile(), "another-than-the-database-knows");
    IOException failure =
        assertThrows(IOException.class, () -> EmbeddedDatabase.start(folder, RANDOM).close());
    assertTrue(failure.toString().contains(folder.toString()), failure.toString());
    assertEquals(List.of(), servers());
    assertFalse(Files.exists(folder.resolve("data").resolve("postmaster.pid")));
  }

  /** The story: PostgreSQL ended on a full disk, and the control plane waited for it for ever. */
  @Test
  void aServerThatEndsByItselfIsStartedAgainWhereItWas() throws Exception {
    try (EmbeddedDatabase database = EmbeddedDatabase.start(folder, RANDOM)) {
      execute(database, "CREATE TABLE kept AS SELECT 7 AS n");
      Path data = folder.resolve("data");
      long first = EmbeddedDatabase.server(data).orElseThrow().pid();
      EmbeddedDatabase.server(data).orElseThrow().destroy();
      Awaitility.await("it is back")
          .atMost(SOON)
          .ignoreExceptionsInstanceOf(SQLException.class)
          .until(
              () -> {
                execute(database, "SELECT n FROM kept");
                return EmbeddedDatabase.server(data).filter(s -> s.pid() != first).isPresent();
              });
    }
    assertEquals(List.of(), servers());
  }

  /**
   * The library waits five seconds for a server to end, and says nothing of one that needs more.
   */
  @Test
  void aServerThatIsSlowToStopHasEndedWhenItIsClosed() throws Exception {
    EmbeddedDatabase database = EmbeddedDatabase.start(folder, RANDOM);
    String pid = Long.toString(EmbeddedDatabase.server(folder.resolve("data")).orElseThrow().pid());
    assertFalse(servers().isEmpty());
    new ProcessBuilder("kill", "-STOP", pid).start().waitFor();
    Thread later = Thread.ofVirtual().start(() -> continueOnceItWasGivenUp(pid));
    database.close();
    assertEquals(List.of(), servers());
    later.join();
  }

  /** The server goes on when the library's {@code pg_ctl stop} has come and gone. */
  private void continueOnceItWasGivenUp(String pid) {
    try {
      Awaitility.await("it is told to stop").atMost(SOON).until(() -> !stops().isEmpty());
      Awaitility.await("nobody waits for it").atMost(SOON).until(() -> stops().isEmpty());
      new ProcessBuilder("kill", "-CONT", pid).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> stops() throws IOException {
    return commandLines("/pg_ctl").stream().filter(line -> line.contains("\0stop\0")).toList();
  }

  /**
   * The command lines of servers that name this test's folder. Of servers alone: who was told to
   * start one ({@code pg_ctl}) looks ten times a second whether it is up, and ends after that.
   */
  private List<String> servers() throws IOException {
    return commandLines("/postgres");
  }

  /** Those of processes of a program that name this test's folder. */
  private List<String> commandLines(String program) throws IOException {
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      return processes
          .map(EmbeddedDatabaseIT::commandLine)
          .filter(line -> line.contains(folder.toString()))
          .filter(line -> line.split("\0", 2)[0].endsWith(program))
          .toList();
    }
  }

  private static String commandLine(Path process) {
    try {
      return Files.readString(process.resolve("cmdline"));
    } catch (IOException e) {
      return ""; // It is no process, or has ended meanwhile.
    }
  }
}

package dev.perigee.control.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** The one real PostgreSQL of a test run, in which every test class has a database of its own. */
public final class TestPostgres implements AutoCloseable {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final String name;
  private final Database database;

  private TestPostgres(String name) {
    this.name = name;
    this.database = Database.open(url(), Server.RUNNING.user(), Server.RUNNING.password());
  }

  /** A new database, migrated. */
  public static TestPostgres fresh() {
    String name = "test_" + COUNT.incrementAndGet();
    try (Connection connection = connect(Server.RUNNING.jdbcUrl());
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return new TestPostgres(name);
  }

  /** What the stores work on. */
  public Database database() {
    return database;
  }

  public String url() {
    return Server.RUNNING.jdbcUrl().replaceFirst("/postgres$", "/" + name);
  }

  public String user() {
    return Server.RUNNING.user();
  }

  public String password() {
    return Server.RUNNING.password();
  }

  /** A connection beside the pool, as another control plane or an operator would have. */
  public Connection connect() throws SQLException {
    return connect(url());
  }

  private static Connection connect(String url) throws SQLException {
    return DriverManager.getConnection(url, Server.RUNNING.user(), Server.RUNNING.password());
  }

  /** Runs one statement beside the pool. */
  public void execute(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Override
  public void close() {
    database.close();
  }

  /** The unpacked server, which other tests may share. */
  static Path binaries() {
    return Path.of(Server.RUNNING.jdbcUrl().isEmpty() ? "" : Server.FOLDER)
        .resolve("binaries")
        .toAbsolutePath();
  }

  /** Deletes a folder with all that is in it. */
  static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> all;
    try (Stream<Path> walk = Files.walk(folder)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      Files.delete(path);
    }
  }

  /** Started by the first test that needs it, stopped with the JVM. */
  private static final class Server {
    static final String FOLDER = "target/test-postgres";
    static final EmbeddedDatabase RUNNING = start();

    private static EmbeddedDatabase start() {
      try {
        // The unpacked binaries stay for the next run.
        Path folder = Path.of(FOLDER);
        delete(folder.resolve("data"));
        delete(folder.resolve("password"));
        EmbeddedDatabase server = EmbeddedDatabase.start(folder, new SecureRandom());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server)));
        return server;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static void stop(EmbeddedDatabase server) {
      try {
        server.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}

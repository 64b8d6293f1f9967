package dev.perigee.control.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.configuration.Configuration;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.database.postgresql.PostgreSQLConfigurationExtension;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.postgresql.ds.PGSimpleDataSource;

/** The pool of connections, migrated; every wait has a limit. */
public final class Database implements AutoCloseable {
  /** By so much longer than a statement a connection is waited for before it counts as dead. */
  private static final Duration GRACE = Duration.ofSeconds(2);

  private static final ScopedValue<Handle> WITHIN = ScopedValue.newInstance();

  private final DatabaseConfig config;
  private final HikariDataSource pool;
  private final Jdbi jdbi;

  private Database(DatabaseConfig config, HikariDataSource pool) {
    this.config = config;
    this.pool = pool;
    this.jdbi = Jdbi.create(pool);
  }

  /** Has the secrets of sites sealed with the first of these keys; to be said before its use. */
  public void sealWith(KeyRing keys) {
    jdbi.getConfig(SealedColumns.class).sealWith(keys);
  }

  /** Connects with the usual limits and migrates forward. */
  public static Database open(String url, String user, String password) {
    return open(DatabaseConfig.of(url, user, password));
  }

  /** Connects and migrates forward. */
  public static Database open(DatabaseConfig config) {
    migrate(config, "classpath:db/migration");
    return new Database(config, new HikariDataSource(settings(config)));
  }

  /** One that others migrate, and that may be away: each call asks for it anew. */
  public static Database attach(DatabaseConfig config) {
    HikariConfig settings = settings(config);
    settings.setInitializationFailTimeout(-1);
    return new Database(config, new HikariDataSource(settings));
  }

  private static HikariConfig settings(DatabaseConfig config) {
    HikariConfig settings = new HikariConfig();
    settings.setDataSource(source(config));
    settings.setMaximumPoolSize(config.connections());
    settings.setConnectionTimeout(config.connect().toMillis());
    settings.setPoolName("control");
    settings.setConnectionInitSql(
        "SET statement_timeout = %d; SET lock_timeout = %d;"
                .formatted(config.statement().toMillis(), config.lock().toMillis())
            + " SET idle_in_transaction_session_timeout = "
            + config.idle().toMillis());
    return settings;
  }

  /** A server that is cut off does not answer a time-out: then the socket's ends the wait. */
  private static PGSimpleDataSource source(DatabaseConfig config) {
    PGSimpleDataSource source = unlimited(config);
    source.setSocketTimeout(seconds(config.statement().plus(GRACE)));
    return source;
  }

  /** Connections on which a statement may take any time, but opening one may not. */
  private static PGSimpleDataSource unlimited(DatabaseConfig config) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(config.url());
    if (!config.user().isEmpty()) {
      source.setUser(config.user());
    }
    if (!config.password().isEmpty()) {
      source.setPassword(config.password());
    }
    source.setConnectTimeout(seconds(config.connect()));
    source.setLoginTimeout(seconds(config.connect()));
    source.setTcpKeepAlive(true);
    return source;
  }

  private static int seconds(Duration wait) {
    return Math.toIntExact(Math.max(1, wait.plusMillis(999).toSeconds()));
  }

  /** Migrates over a connection without the pool's time-outs: a large table may take its time. */
  static void migrate(DatabaseConfig config, String... locations) {
    migrate(migrations(config, locations).load());
  }

  /**
   * Migrates, once more where it failed: of a migration outside of a transaction a row stays that
   * says so, and that would stop every start from then on. Such ones can be run again from their
   * beginning; one in a transaction leaves nothing.
   */
  static void migrate(Flyway flyway) {
    Configuration settings = flyway.getConfiguration();
    try (Connection connection = settings.getDataSource().getConnection();
        Statement statement = connection.createStatement()) {
      String schema =
          settings.getSchemas().length > 0 ? settings.getSchemas()[0] : connection.getSchema();
      String table = Schema.quoted(schema) + "." + Schema.quoted(settings.getTable());
      try (ResultSet found = statement.executeQuery("SELECT to_regclass('" + table + "')")) {
        if (!found.next() || found.getString(1) == null) {
          table = "";
        }
      }
      if (!table.isEmpty()) {
        statement.execute("DELETE FROM " + table + " WHERE NOT success");
      }
    } catch (SQLException e) {
      throw new FlywayException("the migrations that ran cannot be looked at", e);
    }
    flyway.migrate();
  }

  /**
   * The migrations of a database. The lock that lets one process migrate at a time is of a session:
   * an index that is built beside writers waits for every transaction that is open, so for a lock
   * that is of one it would wait for ever.
   */
  static FluentConfiguration migrations(DatabaseConfig config, String... locations) {
    FluentConfiguration migrations =
        Flyway.configure().dataSource(unlimited(config)).locations(locations);
    migrations
        .getConfigurationExtension(PostgreSQLConfigurationExtension.class)
        .setTransactionalLock(false);
    return migrations;
  }

  /** A connection beside the pool, for who keeps one. */
  Connection connect() throws SQLException {
    return source(config).getConnection();
  }

  /**
   * One transaction: all of it or nothing, on the {@link Terms} of the call that it is of. Where it
   * is a change that somebody called for, its row of the audit log is part of it.
   */
  <T> T inTransaction(Function<Handle, T> work) {
    if (WITHIN.isBound()) {
      return part(WITHIN.get(), work);
    }
    try {
      return jdbi.inTransaction(
          handle -> {
            Terms.begin(handle);
            T result = work.apply(handle);
            if (Terms.isTrial()) {
              handle.rollback();
            } else if (result instanceof Change.Committed<?> change) {
              AuditLog.note(handle, change.value());
            }
            return result;
          });
    } catch (JdbiException e) {
      throw StoreException.of(e);
    }
  }

  /** A part of a transaction; each change of it has a row of the audit log. */
  private static <T> T part(Handle handle, Function<Handle, T> work) {
    T result = work.apply(handle);
    if (result instanceof Change.Committed<?> change && !Terms.isTrial()) {
      AuditLog.noteAlso(handle, change.value());
    }
    return result;
  }

  /**
   * Has all transactions that are begun meanwhile, on this thread, be parts of one.
   *
   * @param kept whether it is to be committed, by the answer
   */
  <T> T together(Function<Handle, T> work, Predicate<T> kept) {
    try {
      return jdbi.inTransaction(
          handle -> {
            Terms.begin(handle);
            T answer = within(handle, () -> work.apply(handle));
            if (Terms.isTrial() || !kept.test(answer)) {
              handle.rollback();
            }
            return answer;
          });
    } catch (JdbiException e) {
      throw StoreException.of(e);
    }
  }

  /** Has what is read meanwhile, on this thread, read within a transaction. */
  static <T> T within(Handle handle, Supplier<T> work) {
    return ScopedValue.where(WITHIN, handle).call(work::get);
  }

  <T> T read(Function<Handle, T> work) {
    try {
      return WITHIN.isBound() ? work.apply(WITHIN.get()) : jdbi.withHandle(work::apply);
    } catch (JdbiException e) {
      throw StoreException.of(e);
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}

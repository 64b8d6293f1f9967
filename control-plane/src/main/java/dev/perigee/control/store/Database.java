package dev.perigee.control.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.util.function.Function;
import org.flywaydb.core.Flyway;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.postgresql.ds.PGSimpleDataSource;

/** The pool of connections, migrated; every wait has a limit. */
public final class Database implements AutoCloseable {
  private static final int CONNECTIONS = 16;
  private static final long CONNECT_MILLIS = 5_000;

  private final HikariDataSource pool;
  private final Jdbi jdbi;

  private Database(HikariDataSource pool) {
    this.pool = pool;
    this.jdbi = Jdbi.create(pool);
  }

  /**
   * Connects and migrates forward.
   *
   * @param user empty where the URL names it
   * @param password empty where the URL names it or none is asked for
   */
  public static Database open(String url, String user, String password) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    if (!user.isEmpty()) {
      config.setUsername(user);
    }
    if (!password.isEmpty()) {
      config.setPassword(password);
    }
    config.setMaximumPoolSize(CONNECTIONS);
    config.setConnectionTimeout(CONNECT_MILLIS);
    config.setPoolName("control");
    config.setConnectionInitSql(
        "SET statement_timeout = '10s'; SET lock_timeout = '5s';"
            + " SET idle_in_transaction_session_timeout = '30s'");
    migrate(url, user, password, "classpath:db/migration");
    return new Database(new HikariDataSource(config));
  }

  /** Migrates over a connection without the pool's time-outs: a large table may take its time. */
  static void migrate(String url, String user, String password, String... locations) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(url);
    if (!user.isEmpty()) {
      source.setUser(user);
    }
    if (!password.isEmpty()) {
      source.setPassword(password);
    }
    Flyway.configure().dataSource(source).locations(locations).load().migrate();
  }

  /** One transaction: all of it or nothing. */
  <T> T inTransaction(Function<Handle, T> work) {
    try {
      return jdbi.inTransaction(work::apply);
    } catch (JdbiException e) {
      throw new StoreException("the database did not answer or refused", e);
    }
  }

  <T> T read(Function<Handle, T> work) {
    try {
      return jdbi.withHandle(work::apply);
    } catch (JdbiException e) {
      throw new StoreException("the database did not answer or refused", e);
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}

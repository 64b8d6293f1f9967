package dev.perigee.control.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.util.function.Function;
import org.flywaydb.core.Flyway;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

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
   */
  public static Database open(String url, String user, String password) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    if (!user.isEmpty()) {
      config.setUsername(user);
      config.setPassword(password);
    }
    config.setMaximumPoolSize(CONNECTIONS);
    config.setConnectionTimeout(CONNECT_MILLIS);
    config.setPoolName("control");
    config.setConnectionInitSql(
        "SET statement_timeout = '10s'; SET lock_timeout = '5s';"
            + " SET idle_in_transaction_session_timeout = '30s'");
    HikariDataSource pool = new HikariDataSource(config);
    Flyway.configure().dataSource(pool).load().migrate();
    return new Database(pool);
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

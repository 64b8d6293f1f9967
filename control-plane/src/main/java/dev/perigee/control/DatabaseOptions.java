package dev.perigee.control;

import dev.perigee.control.store.DatabaseConfig;
import java.time.Duration;
import picocli.CommandLine.Option;

/** How long anything waits for the database, and how much of it is used at one time. */
final class DatabaseOptions {
  @Option(
      names = "--database-connections",
      defaultValue = "16",
      description = "open at one time, beside two for news; ${DEFAULT-VALUE}")
  int connections;

  @Option(
      names = "--database-connect-timeout",
      defaultValue = "5000",
      description = "milliseconds for a connection, new or of the pool; ${DEFAULT-VALUE}")
  long connectTimeout;

  @Option(
      names = "--database-statement-timeout",
      defaultValue = "10000",
      description = "milliseconds for one statement; ${DEFAULT-VALUE}")
  long statementTimeout;

  @Option(
      names = "--database-lock-timeout",
      defaultValue = "5000",
      description = "milliseconds for one lock; ${DEFAULT-VALUE}")
  long lockTimeout;

  @Option(
      names = "--database-idle-timeout",
      defaultValue = "30000",
      description = "milliseconds between two statements of a transaction; ${DEFAULT-VALUE}")
  long idleTimeout;

  /** The limits with where they apply. */
  DatabaseConfig config(String url, String user, String password) {
    return new DatabaseConfig(
        url,
        user,
        password,
        connections,
        Duration.ofMillis(connectTimeout),
        Duration.ofMillis(statementTimeout),
        Duration.ofMillis(lockTimeout),
        Duration.ofMillis(idleTimeout));
  }

  /** What is in force. */
  String effective() {
    return "database-connections=%d database-timeouts-ms=connect:%d,statement:%d,lock:%d,idle:%d"
        .formatted(connections, connectTimeout, statementTimeout, lockTimeout, idleTimeout);
  }
}

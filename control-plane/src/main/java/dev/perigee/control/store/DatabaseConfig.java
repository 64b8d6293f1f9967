package dev.perigee.control.store;

import java.time.Duration;

/**
 * How the database is reached, and how long anything waits for it.
 *
 * @param user empty where the URL names it
 * @param password empty where the URL names it or none is asked for
 * @param connections of the pool
 * @param connect for a connection: to open one, or to get one of the pool
 * @param statement for one statement
 * @param lock for one lock
 * @param idle of a transaction between two statements; the database ends it then
 */
public record DatabaseConfig(
    String url,
    String user,
    String password,
    int connections,
    Duration connect,
    Duration statement,
    Duration lock,
    Duration idle) {
  /** Refuses what would wait for ever. */
  public DatabaseConfig {
    if (connections < 2) {
      throw new IllegalArgumentException("a pool of " + connections + " connections: at least 2");
    }
    for (Duration wait : new Duration[] {connect, statement, lock, idle}) {
      if (wait.compareTo(Duration.ofMillis(250)) < 0) {
        throw new IllegalArgumentException("a database time-out of " + wait + ": at least 250 ms");
      }
    }
  }

  /** With the usual limits. */
  public static DatabaseConfig of(String url, String user, String password) {
    return new DatabaseConfig(
        url,
        user,
        password,
        16,
        Duration.ofSeconds(5),
        Duration.ofSeconds(10),
        Duration.ofSeconds(5),
        Duration.ofSeconds(30));
  }

  /** Without the password. */
  @Override
  public String toString() {
    return "DatabaseConfig[" + connections + " connections]";
  }
}

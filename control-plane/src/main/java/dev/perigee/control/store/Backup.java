package dev.perigee.control.store;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Writes a whole database, as of one moment, into a stream: everything is read in one transaction
 * of PostgreSQL's isolation level repeatable read, while control planes go on.
 *
 * <p>The form: gzip; a first line; when, the schema's version and the numbers of the log; each
 * table's name, columns and rows as {@code COPY} writes them, in pieces; the sequences; the SHA-256
 * of everything before. It holds all secrets, sealed where the database has them so.
 */
public final class Backup {
  static final String FIRST = "perigee-backup 1";
  static final int MAX_PIECE = 1 << 24;

  private Backup() {}

  /**
   * What a backup holds.
   *
   * @param at when it was made, by the database's clock
   * @param schema version of the newest migration
   */
  public record Summary(Instant at, String schema, long revision, long purge, long rows) {}

  /** Writes everything; the stream is whole only when this returns. */
  public static Summary write(DatabaseAddress address, OutputStream out) throws IOException {
    try (Connection connection = address.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      connection.setReadOnly(true);
      return write(connection, statement, out);
    } catch (SQLException e) {
      throw new IOException("the database cannot be read: " + e.getMessage(), e);
    }
  }

  private static Summary write(Connection connection, Statement statement, OutputStream out)
      throws IOException, SQLException {
    MessageDigest digest = sha256();
    GZIPOutputStream zipped = new GZIPOutputStream(out, 1 << 16);
    DataOutputStream to = new DataOutputStream(new DigestOutputStream(zipped, digest));
    Summary head = head(statement);
    to.writeUTF(FIRST);
    to.writeLong(head.at().toEpochMilli());
    to.writeUTF(head.schema());
    to.writeLong(head.revision());
    to.writeLong(head.purge());
    List<Schema.Table> tables = Schema.tables(statement);
    to.writeInt(tables.size());
    long rows = 0;
    for (Schema.Table table : tables) {
      rows += table(connection, table, to);
    }
    sequences(statement, to);
    to.flush();
    zipped.write(digest.digest());
    zipped.finish();
    out.flush();
    return new Summary(head.at(), head.schema(), head.revision(), head.purge(), rows);
  }

  private static Summary head(Statement statement) throws SQLException {
    try (ResultSet row =
        statement.executeQuery(
            "SELECT now(), (SELECT version FROM flyway_schema_history WHERE success"
                + " AND version IS NOT NULL ORDER BY installed_rank DESC LIMIT 1),"
                + " revision, purge FROM log_head")) {
      row.next();
      return new Summary(
          row.getTimestamp(1).toInstant(), row.getString(2), row.getLong(3), row.getLong(4), 0);
    }
  }

  private static long table(Connection connection, Schema.Table table, DataOutputStream to)
      throws IOException, SQLException {
    to.writeUTF(table.name());
    to.writeInt(table.columns().size());
    for (String column : table.columns()) {
      to.writeUTF(column);
    }
    CopyOut copy =
        connection.unwrap(PGConnection.class).getCopyAPI().copyOut(table.copy() + " TO STDOUT");
    for (byte[] row = copy.readFromCopy(); row != null; row = copy.readFromCopy()) {
      if (row.length > MAX_PIECE) {
        throw new IOException("a row of " + table.name() + " is larger than a backup can hold");
      }
      to.writeInt(row.length);
      to.write(row);
    }
    to.writeInt(0);
    return copy.getHandledRowCount();
  }

  private static void sequences(Statement statement, DataOutputStream to)
      throws IOException, SQLException {
    for (Schema.Sequence sequence : Schema.sequences(statement)) {
      to.writeBoolean(true);
      to.writeUTF(sequence.name());
      to.writeLong(sequence.last());
    }
    to.writeBoolean(false);
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Where a database is.
   *
   * @param user empty where the URL names it
   * @param password empty where the URL names it or none is asked for
   */
  public record DatabaseAddress(String url, String user, String password) {
    /** A connection without the pool's time-outs: a large table may take its time. */
    Connection connect() throws SQLException {
      PGSimpleDataSource source = new PGSimpleDataSource();
      source.setUrl(url);
      if (!user.isEmpty()) {
        source.setUser(user);
      }
      if (!password.isEmpty()) {
        source.setPassword(password);
      }
      return source.getConnection();
    }
  }
}

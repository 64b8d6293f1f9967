package dev.perigee.control.store;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationVersion;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * Puts a backup into an empty database, whole or not at all, and gives the log another identity:
 * what nodes know of the log that was lost counts for nothing in this one, so none takes a restored
 * revision or purge number for progress. They fetch their configuration whole, and count everything
 * they store as purged.
 */
public final class Restore {
  private static final int MAX_TABLES = 1_000;
  private static final int MAX_COLUMNS = 1_000;
  private static final String LOCATION = "classpath:db/migration";

  private Restore() {}

  /** Restores what {@link Backup} wrote; the database must hold nothing that somebody made. */
  public static Backup.Summary read(Backup.DatabaseAddress address, InputStream in)
      throws IOException {
    MessageDigest digest = Backup.sha256();
    try (GZIPInputStream zipped = new GZIPInputStream(in, 1 << 16)) {
      DataInputStream from = new DataInputStream(new DigestInputStream(zipped, digest));
      Backup.Summary head = head(from);
      migrate(address, head.schema());
      Backup.Summary whole = load(address, head, from, new DataInputStream(zipped), digest);
      Database.migrate(
          DatabaseConfig.of(address.url(), address.user(), address.password()), LOCATION);
      return whole;
    } catch (SQLException e) {
      throw new IOException("nothing was restored: " + e.getMessage(), e);
    }
  }

  private static Backup.Summary head(DataInputStream from) throws IOException {
    if (!from.readUTF().equals(Backup.FIRST)) {
      throw new IOException("not a backup, or one of another form than this build knows");
    }
    Instant at = Instant.ofEpochMilli(from.readLong());
    String schema = from.readUTF();
    return new Backup.Summary(at, schema, from.readLong(), from.readLong(), 0);
  }

  /** Makes the tables as they were when the backup was made. */
  private static void migrate(Backup.DatabaseAddress address, String schema)
      throws IOException, SQLException {
    try (Connection connection = address.connect();
        Statement statement = connection.createStatement()) {
      Optional<String> held = Schema.content(statement);
      if (held.isPresent()) {
        throw new IOException(
            "the database is not empty (table %s): restore into one that is new"
                .formatted(held.get()));
      }
    }
    MigrationVersion version = MigrationVersion.fromVersion(schema);
    DatabaseConfig config = DatabaseConfig.of(address.url(), address.user(), address.password());
    Flyway flyway = Database.migrations(config, LOCATION).target(version).load();
    boolean known =
        Arrays.stream(flyway.info().all()).anyMatch(step -> version.equals(step.getVersion()));
    if (!known) {
      throw new IOException("the backup was made by a newer build (schema %s)".formatted(schema));
    }
    flyway.migrate();
  }

  private static Backup.Summary load(
      Backup.DatabaseAddress address,
      Backup.Summary head,
      DataInputStream from,
      DataInputStream behind,
      MessageDigest digest)
      throws IOException, SQLException {
    try (Connection connection = address.connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      List<Schema.Table> tables = Schema.tables(statement);
      for (Schema.Table table : tables.reversed()) {
        statement.execute("DELETE FROM " + Schema.quoted(table.name()));
      }
      long rows = 0;
      int count = limited(from.readInt(), MAX_TABLES);
      for (int i = 0; i < count; i++) {
        rows += table(connection, tables, from);
      }
      sequences(connection, from);
      byte[] sum = digest.digest();
      if (!Arrays.equals(sum, behind.readNBytes(sum.length)) || behind.read() >= 0) {
        throw new IOException("the backup is damaged; nothing was restored");
      }
      anew(connection, statement, head.at(), tables);
      connection.commit();
      return new Backup.Summary(head.at(), head.schema(), head.revision(), head.purge(), rows);
    }
  }

  /** Nothing of the file becomes SQL: names are looked up among those that exist. */
  private static long table(Connection connection, List<Schema.Table> tables, DataInputStream from)
      throws IOException, SQLException {
    String name = from.readUTF();
    List<String> columns = new ArrayList<>();
    int count = limited(from.readInt(), MAX_COLUMNS);
    for (int i = 0; i < count; i++) {
      columns.add(from.readUTF());
    }
    Schema.Table table = new Schema.Table(name, columns);
    if (!tables.contains(table)) {
      throw new IOException("the backup has a table that this build does not know: " + name);
    }
    CopyIn copy =
        connection.unwrap(PGConnection.class).getCopyAPI().copyIn(table.copy() + " FROM STDIN");
    for (int length = piece(from); length > 0; length = piece(from)) {
      byte[] row = from.readNBytes(length);
      if (row.length < length) {
        throw new IOException("the backup ends too early; nothing was restored");
      }
      copy.writeToCopy(row, 0, length);
    }
    return copy.endCopy();
  }

  private static int piece(DataInputStream from) throws IOException {
    return limited(from.readInt(), Backup.MAX_PIECE);
  }

  private static int limited(int number, int most) throws IOException {
    if (number < 0 || number > most) {
      throw new IOException("the backup is damaged; nothing was restored");
    }
    return number;
  }

  private static void sequences(Connection connection, DataInputStream from)
      throws IOException, SQLException {
    try (PreparedStatement set = connection.prepareStatement("SELECT setval(?::regclass, ?)")) {
      while (from.readBoolean()) {
        set.setString(1, Schema.quoted(from.readUTF()));
        set.setLong(2, from.readLong());
        set.execute();
      }
    }
  }

  private static void anew(
      Connection connection, Statement statement, Instant at, List<Schema.Table> tables)
      throws SQLException {
    statement.execute("UPDATE log_head SET log_id = gen_random_uuid()");
    // What nodes acknowledged, they acknowledged of the other log.
    statement.execute("DELETE FROM node_purge");
    statement.execute("DELETE FROM purge_timing");
    if (tables.stream().anyMatch(table -> table.name().equals("api_token"))) {
      // Which of them were revoked since the backup nobody knows any more.
      statement.execute("UPDATE api_token SET revoked_at = coalesce(revoked_at, now())");
    }
    if (tables.stream().anyMatch(table -> table.name().equals("revoked_certificate"))) {
      // Whom nodes trust since the backup, and by whom their certificates are, they say anew.
      statement.execute("UPDATE node SET trusts = NULL, issuer = NULL");
    }
    if (tables.stream().anyMatch(table -> table.name().equals("sign_in"))) {
      // Nor which of these were removed.
      statement.execute("DELETE FROM sign_in");
    }
    try (PreparedStatement update =
        connection.prepareStatement("UPDATE node SET readmit_after = ? WHERE serial IS NOT NULL")) {
      update.setTimestamp(1, Timestamp.from(at));
      update.execute();
    }
  }
}

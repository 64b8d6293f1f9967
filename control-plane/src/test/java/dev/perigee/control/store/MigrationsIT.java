package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationVersion;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The build before keeps working on a schema that a newer one migrated. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class MigrationsIT {
  private static final String SCHEMA = "step";

  private TestPostgres postgres;

  @BeforeAll
  void start() {
    postgres = TestPostgres.fresh();
  }

  @AfterAll
  void stop() {
    postgres.close();
  }

  private Flyway to(MigrationVersion version) {
    return to(SCHEMA, version);
  }

  private Flyway to(String schema, MigrationVersion version) {
    DatabaseConfig config = DatabaseConfig.of(postgres.url(), postgres.user(), postgres.password());
    return Database.migrations(config, "classpath:db/migration")
        .schemas(schema)
        .target(version)
        .load();
  }

  private SchemaShape shape() throws SQLException {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      return SchemaShape.of(statement, SCHEMA);
    }
  }

  @Test
  void everyMigrationOnlyAddsWhatTheBuildBeforeNeedNotKnow() throws Exception {
    List<MigrationVersion> versions =
        Arrays.stream(to(MigrationVersion.LATEST).info().all())
            .map(MigrationInfo::getVersion)
            .toList();
    assertTrue(versions.size() > 10, versions.toString());
    to(versions.getFirst()).migrate();
    SchemaShape before = shape();
    for (MigrationVersion version : versions.subList(1, versions.size())) {
      to(version).migrate();
      SchemaShape after = shape();
      assertEquals(List.of(), before.brokenBy(after), "migration " + version);
      before = after;
    }
  }

  @Test
  void whatWasThereBeforeThereWereOrganisationsBelongsToTheFirst() throws Exception {
    to("upgrade", MigrationVersion.fromVersion("37")).migrate();
    postgres.execute(
        "SET search_path = upgrade; INSERT INTO site (id, origins, regions, scheme_in_key,"
            + " port_in_key) VALUES ('old', '{}', '{}', false, false);"
            + " INSERT INTO site_host (host, site, position) VALUES ('old.example', 'old', 0)");
    to("upgrade", MigrationVersion.LATEST).migrate();
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT s.organisation, c.organisation, c.proof FROM upgrade.site s,"
                    + " upgrade.host_claim c WHERE s.id = 'old' AND c.host = 'old.example'")) {
      assertTrue(row.next());
      assertEquals(
          List.of("first", "first", "vouched"),
          List.of(row.getString(1), row.getString(2), row.getString(3)));
    }
  }

  @Test
  void anIndexOfPurgesThatWasLeftHalfWayIsBuiltAnew() throws Exception {
    to("beside", MigrationVersion.fromVersion("40")).migrate();
    try (Connection writer = postgres.connect();
        Statement statement = writer.createStatement()) {
      statement.execute("SET search_path = beside");
      statement.execute("CREATE INDEX purge_site ON purge (site)");
    }
    to("beside", MigrationVersion.LATEST).migrate();
    assertIndexed("beside");
  }

  private void assertIndexed(String schema) throws SQLException {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT indisvalid, indnatts FROM pg_index WHERE indexrelid = '%s.purge_site'"
                        .formatted(schema)
                    + "::regclass")) {
      assertTrue(row.next());
      assertTrue(row.getBoolean(1), "an index that is not valid");
      assertEquals(2, row.getInt(2), "one that was left half-way is not kept");
    }
  }

  @Test
  void anIndexWhoseBuildWaitedTooLongForATransactionIsBuiltByTheNextStart() throws Exception {
    to("waiting", MigrationVersion.fromVersion("40")).migrate();
    String role = postgres.user();
    postgres.execute("ALTER ROLE " + role + " SET lock_timeout = '200ms'");
    try (Connection other = postgres.connect();
        Statement statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("LOCK TABLE waiting.purge IN ROW EXCLUSIVE MODE");
      for (int start = 0; start < 2; start++) {
        FlywayException refused =
            assertThrows(
                FlywayException.class,
                () -> Database.migrate(to("waiting", MigrationVersion.LATEST)));
        assertTrue(refused.toString().contains("lock timeout"), refused.toString());
      }
      other.rollback();
      Database.migrate(to("waiting", MigrationVersion.LATEST));
    } finally {
      postgres.execute("ALTER ROLE " + role + " RESET lock_timeout");
    }
    assertIndexed("waiting");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ALTER TABLE site DROP COLUMN regions | site.regions is gone",
        "ALTER TABLE site RENAME COLUMN regions TO areas | site.regions is gone",
        "DROP TABLE purge_budget | purge_budget.owner is gone",
        "ALTER TABLE node ALTER COLUMN latitude TYPE text | node.latitude is of another type",
        "ALTER TABLE site ALTER COLUMN removed_at SET NOT NULL | site.removed_at must not be null",
        "ALTER TABLE site ALTER COLUMN shield DROP DEFAULT | site.shield has no default any more",
        "ALTER TABLE site ADD COLUMN owner text NOT NULL | site.owner is new and has no default",
        "ALTER TABLE change_log DROP CONSTRAINT change_log_kind_check,"
            + " ADD CHECK (kind IN ('site', 'node', 'x')) | new rows may be refused by change_log",
        "ALTER TABLE site ADD CHECK (id <> 'x') | new rows may be refused by site CHECK",
        "CREATE UNIQUE INDEX one ON node (region) | new rows may be refused by CREATE UNIQUE INDEX",
        "CREATE TABLE extra (node text REFERENCES node) | rows may not be deleted because of extra"
      })
  void aMigrationThatWouldBreakTheBuildBeforeIsFound(String change, String problem)
      throws Exception {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      SchemaShape before = SchemaShape.of(statement, "public");
      connection.setAutoCommit(false);
      statement.execute(change);
      String problems = before.brokenBy(SchemaShape.of(statement, "public")).toString();
      connection.rollback();
      assertTrue(problems.contains(problem), problems);
    }
  }
}

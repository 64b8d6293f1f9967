package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.Backup.DatabaseAddress;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A backup holds everything as of one moment, and is put back whole or not at all. */
final class BackupIT {
  private static TestPostgres postgres;
  private static PostgresSiteStore sites;
  private static byte[] backup;

  @BeforeAll
  static void start() throws Exception {
    postgres = TestPostgres.fresh();
    Database database = postgres.database();
    LogNumbers numbers = new LogNumbers(database);
    SiteHistory history = new SiteHistory(database, SiteHistory.USUAL_KEPT);
    sites =
        new PostgresSiteStore(
            database, numbers, "cdn.example", OriginAddressPolicy.PUBLIC, history);
    PostgresStoresIT.committed(sites.add(PostgresStoresIT.site("shop", "a.example", "b.example")));
    new PostgresPurgeStore(database, numbers, PurgeLimits.DEFAULT)
        .issue(Optional.of("shop"), new PurgeScope.Tag("x"), false, Optional.of("key"));
    new SettingStore(database).put("bytes", new byte[] {0, 9, 10, 13, 92, -1});
    PostgresNodeStore nodes = new PostgresNodeStore(database, numbers);
    nodes.add(PostgresNodeStoreIT.node("fra-1", "eu"));
    ApiToken.Wanted wanted =
        new ApiToken.Wanted(
            "ann", Role.OPERATOR, Optional.empty(), Optional.empty(), Optional.empty());
    PostgresStoresIT.committed(new TokenStore(database).add(wanted, "hash"));
    PostgresStoresIT.committed(
        new SignInStore(database)
            .add(
                new SignIn.Wanted(
                    SignIn.Claim.GROUP,
                    "operators",
                    Role.OPERATOR,
                    Optional.empty(),
                    Optional.empty())));
    postgres.execute("UPDATE node SET serial = 'a1'; INSERT INTO node_purge VALUES ('fra-1', 1)");
    backup = made();
  }

  @AfterAll
  static void stop() {
    postgres.close();
  }

  private static DatabaseAddress address(TestPostgres of) {
    return new DatabaseAddress(of.url(), of.user(), of.password());
  }

  private static byte[] made() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Backup.write(address(postgres), out);
    return out.toByteArray();
  }

  /** A database as CREATE DATABASE leaves it. */
  private static TestPostgres empty() throws Exception {
    TestPostgres fresh = TestPostgres.fresh();
    fresh.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    return fresh;
  }

  private static String one(TestPostgres of, String sql) throws Exception {
    try (Connection connection = of.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      row.next();
      return String.valueOf(row.getString(1));
    }
  }

  private static List<String> rows(TestPostgres of, String table) throws Exception {
    List<String> rows = new ArrayList<>();
    try (Connection connection = of.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT t::text FROM " + table + " t ORDER BY 1")) {
      while (row.next()) {
        rows.add(row.getString(1));
      }
    }
    return rows;
  }

  @Test
  void whatWasInTheDatabaseIsInTheRestoredOneButTheLogIsAnother() throws Exception {
    try (TestPostgres other = empty()) {
      Backup.Summary summary = Restore.read(address(other), new ByteArrayInputStream(backup));
      assertEquals(1, summary.purge());
      for (String table :
          List.of("site", "site_host", "site_revision", "purge", "setting", "change_log")) {
        assertEquals(rows(postgres, table), rows(other, table), table);
        assertFalse(rows(other, table).isEmpty(), table);
      }
      byte[] bytes = new SettingStore(other.database()).get("bytes").orElseThrow();
      assertArrayEquals(new byte[] {0, 9, 10, 13, 92, -1}, bytes);
      String log = "SELECT log_id FROM log_head";
      assertNotEquals(one(postgres, log), one(other, log));
      String numbers = "SELECT revision || ' ' || purge FROM log_head";
      assertEquals(one(postgres, numbers), one(other, numbers));
      assertEquals(List.of(), rows(other, "node_purge"), "acknowledged in the other log");
    }
  }

  @Test
  void noTokenIsGoodAfterARestoreForItMayHaveBeenRevokedSince() throws Exception {
    assertTrue(new TokenStore(postgres.database()).good("hash").isPresent());
    try (TestPostgres other = empty()) {
      Restore.read(address(other), new ByteArrayInputStream(backup));
      assertEquals(Optional.empty(), new TokenStore(other.database()).good("hash"));
      assertEquals("1", one(other, "SELECT count(*) FROM api_token WHERE revoked_at IS NOT NULL"));
      assertEquals("0", one(other, "SELECT count(*) FROM sign_in"), "nor may anybody sign in");
    }
  }

  @Test
  void sequencesGoOnWhereTheyWere() throws Exception {
    postgres.execute("CREATE SEQUENCE counted; SELECT setval('counted', 7)");
    byte[] counted = made();
    postgres.execute("DROP SEQUENCE counted");
    try (TestPostgres migrated = TestPostgres.fresh()) {
      migrated.execute("CREATE SEQUENCE counted");
      Restore.read(address(migrated), new ByteArrayInputStream(counted));
      assertEquals("8", one(migrated, "SELECT nextval('counted')"));
    }
  }

  @Test
  void aNodeThatRenewedItsCertificateAfterTheBackupComesWithItOnceAndForAll() throws Exception {
    try (TestPostgres other = empty()) {
      Instant at = Restore.read(address(other), new ByteArrayInputStream(backup)).at();
      Database database = other.database();
      PostgresNodeStore nodes = new PostgresNodeStore(database, new LogNumbers(database));
      Instant earlier = at.minus(1, ChronoUnit.MINUTES);
      Instant later = at.plus(1, ChronoUnit.MINUTES);
      assertFalse(nodes.admits("fra-1", "0f", earlier), "one that was replaced before it");
      assertTrue(nodes.admits("fra-1", "a1", earlier), "the one of the backup");
      assertTrue(nodes.admits("fra-1", "b2", later));
      assertFalse(nodes.admits("fra-1", "c3", later), "the window is closed");
      assertFalse(nodes.admits("fra-1", "a1", earlier));
      assertTrue(nodes.admits("fra-1", "b2", later));
    }
  }

  @Test
  void aDatabaseThatHoldsSomethingIsLeftAlone() throws Exception {
    List<String> before = rows(postgres, "site");
    IOException refused =
        assertThrows(
            IOException.class,
            () -> Restore.read(address(postgres), new ByteArrayInputStream(backup)));
    assertTrue(String.valueOf(refused.getMessage()).contains("not empty"), refused.getMessage());
    assertEquals(before, rows(postgres, "site"));
  }

  @Test
  void aBackupThatIsCutOrDamagedRestoresNothing() throws Exception {
    try (TestPostgres other = empty()) {
      for (int length : new int[] {0, 20, backup.length / 2, backup.length - 1}) {
        byte[] cut = java.util.Arrays.copyOf(backup, length);
        assertThrows(
            IOException.class, () -> Restore.read(address(other), new ByteArrayInputStream(cut)));
      }
      for (int at = backup.length / 4; at < backup.length; at += backup.length / 4) {
        byte[] damaged = backup.clone();
        damaged[at] ^= 4;
        assertThrows(
            IOException.class,
            () -> Restore.read(address(other), new ByteArrayInputStream(damaged)));
      }
      assertEquals(List.of(), rows(other, "site"));
      Restore.read(address(other), new ByteArrayInputStream(backup));
      assertEquals(rows(postgres, "site"), rows(other, "site"));
    }
  }

  @Test
  void changesWhileItIsMadeAreInItWholeOrNotAtAll() throws Exception {
    Thread changing =
        Thread.ofVirtual()
            .start(
                () -> {
                  SiteConfig site = PostgresStoresIT.site("shop", "a.example", "b.example");
                  while (!Thread.currentThread().isInterrupted()) {
                    sites.replace(site);
                  }
                });
    try (TestPostgres other = empty()) {
      byte[] moving = made();
      Restore.read(address(other), new ByteArrayInputStream(moving));
      assertEquals(
          one(other, "SELECT revision FROM log_head"),
          one(other, "SELECT max(revision) FROM change_log"));
      assertEquals(
          one(other, "SELECT revision FROM site WHERE id = 'shop'"),
          one(other, "SELECT max(revision) FROM site_revision WHERE site = 'shop'"));
    } finally {
      changing.interrupt();
      changing.join();
    }
  }
}

package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.HidingPolicy;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.OriginPool;
import dev.perigee.contract.OriginPools;
import dev.perigee.contract.OriginSigning;
import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PoolServer;
import dev.perigee.contract.Secret;
import dev.perigee.contract.SiteConfig;
import dev.perigee.keys.SealingKeys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every other secret in a database: of the control planes, of the zone and of sites. */
class SealedSecretsIT {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final byte[] AUTHORITY = bytes("the authority's own key");
  private static final byte[] CLIENT_KEY = bytes("a site's client key");
  private static final String WORD = "a site's word to its origins";

  private final TestPostgres postgres = TestPostgres.fresh();
  private final Database database = postgres.database();
  private final LogNumbers numbers = new LogNumbers(database);
  private final SiteHistory history = new SiteHistory(database, 10);
  private final PostgresSiteStore sites =
      new PostgresSiteStore(database, numbers, "cdn.example", OriginAddressPolicy.PUBLIC, history);
  private final PostgresRolloutStore rollouts = new PostgresRolloutStore(database, numbers, sites);
  private final String one = SealingKeys.newLine("one", RANDOM);
  private final String two = SealingKeys.newLine("two", RANDOM);

  @AfterEach
  void close() {
    postgres.close();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static KeyRing ring(String lines) throws IOException {
    return KeyRing.parse("keys", lines, RANDOM);
  }

  private DnsKeyStore zone(KeyRing keys) {
    return new DnsKeyStore(
        database,
        numbers,
        "cdn.example",
        new DnsKeyPolicy(Duration.ofHours(1)),
        InstantSource.system(),
        RANDOM,
        keys);
  }

  private static SiteConfig site(String id, OriginTransport transport, OriginSigning signing) {
    OriginUrl origin = OriginUrl.parse("https://origin.example").orElseThrow();
    OriginPool usual = OriginPool.of("web", List.of(PoolServer.of(origin)));
    OriginPool pool =
        new OriginPool(
            usual.name(),
            usual.servers(),
            usual.balance(),
            usual.check(),
            usual.ejection(),
            usual.slowStartMillis(),
            usual.retries(),
            usual.timeouts(),
            usual.breakers(),
            transport);
    SiteConfig plain =
        new SiteConfig(
            id,
            List.of(id + ".example"),
            List.of(origin),
            Set.of(),
            false,
            false,
            CachePolicy.DEFAULT,
            new OriginPools(List.of(pool), List.of(), ""));
    return plain.withHiding(HidingPolicy.DEFAULT.withSigning(signing));
  }

  private static SiteConfig secretive(String id) {
    OriginTransport usual = OriginTransport.DEFAULT;
    OriginTransport transport =
        new OriginTransport(
            "",
            "",
            List.of(),
            List.of(Bytes.copyOf(bytes("its certificate"))),
            Optional.of(Bytes.copyOf(CLIENT_KEY)),
            usual.minimumTls(),
            false,
            0);
    return site(id, transport, new OriginSigning.SharedSecret("x-word", new Secret(WORD)));
  }

  /** Puts a site in as a store does, with its revision and a candidate. */
  private SiteConfig added(String id) {
    SiteConfig site = secretive(id);
    database.inTransaction(
        handle -> {
          SealedColumns sealed = handle.getConfig(SealedColumns.class);
          handle.execute(
              "INSERT INTO site (id, origins, regions, scheme_in_key, port_in_key, cache_policy,"
                  + " origin_pools, hiding) VALUES (?, '{}', '{}', false, false, '', ?, ?)",
              id,
              sealed.pools(id, site.pools()),
              sealed.hiding(id, site.hiding()));
          history.record(handle, site, 1, SiteHistory.Kind.ADDED, Edit.PLAIN);
          return handle.execute(
              "INSERT INTO rollout (site, state, candidate, revision, canaries, error_points,"
                  + " minimum_requests, who, note, sealed_by)"
                  + " VALUES (?, 'canary', ?, 2, '{fra-1}', 1, 1, '', '', ?)",
              id,
              sealed.whole(site),
              sealed.mark(site));
        });
    return site;
  }

  private void assertReadable(KeyRing keys, SiteConfig site) {
    database.sealWith(keys);
    assertArrayEquals(
        AUTHORITY, new SettingStore(database, keys).get("edge-authority").orElseThrow());
    assertEquals(1, zone(keys).all().size());
    SiteConfig read = sites.byId(site.id()).orElseThrow();
    assertEquals(site.pools(), read.pools());
    assertEquals(site.hiding(), read.hiding());
    assertEquals(site, history.at(site.id(), 1).orElseThrow().site());
    assertEquals(
        site,
        sites.allFor("fra-1").stream()
            .filter(candidate -> candidate.id().equals(site.id()))
            .findFirst()
            .orElseThrow());
    assertEquals(site, rollouts.of(site.id()).getFirst().candidate());
  }

  /** Whether some bytes lie anywhere in the database as they are. */
  private boolean lies(byte[] secret) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT count(*) > 0 FROM (SELECT value AS v FROM setting"
                        + " UNION ALL SELECT private_key FROM dns_key"
                        + " UNION ALL SELECT origin_pools FROM site"
                        + " UNION ALL SELECT hiding FROM site"
                        + " UNION ALL SELECT config FROM site_revision"
                        + " UNION ALL SELECT candidate FROM rollout) AS every"
                        + " WHERE position(? in v) > 0")
                .bind(0, secret)
                .mapTo(Boolean.class)
                .one());
  }

  private List<byte[]> secrets(DnsKey zone) {
    return List.of(AUTHORITY, zone.privateKey().toArray(), CLIENT_KEY, bytes(WORD));
  }

  private DnsKey zoneKey(KeyRing keys) {
    zone(keys).add();
    return zone(keys).all().getFirst();
  }

  private void lives(String build, String opens) throws Exception {
    String keys = opens.isEmpty() ? "NULL" : "'{%s}'".formatted(opens);
    postgres.execute("DELETE FROM replica");
    postgres.execute(
        "INSERT INTO replica (id, address, build, opens) VALUES (gen_random_uuid(),"
            + " '192.0.2.1:7443', '%s', %s)".formatted(build, keys));
  }

  @Test
  void whatLayOpenIsSealedAndSealedAnewWithEachNextKey() throws Exception {
    new SettingStore(database).put("edge-authority", AUTHORITY);
    DnsKey zone = zoneKey(KeyRing.none());
    SiteConfig site = added("shop");
    // As a build wrote it that knows of no such column.
    postgres.execute("UPDATE site_revision SET sealed_by = '?'");
    for (byte[] secret : secrets(zone)) {
      assertTrue(lies(secret));
    }
    assertEquals(0, new Sealing(database, KeyRing.none()).run());
    for (String lines : List.of(one, two + one, two)) {
      KeyRing keys = ring(lines);
      int due = lines.equals(two) ? 0 : 6;
      assertEquals(due, new Sealing(database, keys).run(), "once");
      assertEquals(0, new Sealing(database, keys).run());
      for (byte[] secret : secrets(zone)) {
        assertFalse(lies(secret));
      }
      assertReadable(keys, site);
    }
  }

  @Test
  void whatIsWrittenIsSealedAtOnceAndWhatHoldsNoSecretIsLeftAsItIs() throws Exception {
    KeyRing keys = ring(one);
    database.sealWith(keys);
    new SettingStore(database, keys).put("edge-authority", AUTHORITY);
    DnsKey zone = zoneKey(keys);
    SiteConfig site = added("shop");
    SiteConfig open = site("open", OriginTransport.DEFAULT, OriginSigning.none());
    assertTrue(
        sites.add(open.withId("open"), "first", new Edit("", "", java.util.OptionalLong.empty()))
            instanceof Change.Committed<?>);
    for (byte[] secret : secrets(zone)) {
      assertFalse(lies(secret));
    }
    assertReadable(keys, site);
    assertEquals(0, new Sealing(database, keys).run());
    database.sealWith(KeyRing.none());
    assertEquals(open, sites.byId("open").orElseThrow(), "it needs no key");
    assertEquals(1, history.of("open").size());
  }

  @Test
  void nothingStartsWithoutTheKey() throws Exception {
    KeyRing keys = ring(one);
    database.sealWith(keys);
    new SettingStore(database, keys).put("edge-authority", AUTHORITY);
    assertRefused("setting edge-authority");
    postgres.execute("DELETE FROM setting");
    zoneKey(keys);
    assertRefused("zone's key");
    postgres.execute("DELETE FROM dns_key");
    added("shop");
    assertRefused("site shop");
    postgres.execute("UPDATE site SET origin_pools = '', hiding = ''");
    assertRefused("a revision of site shop");
    postgres.execute("DELETE FROM site_revision");
    assertRefused("a revision of site shop");
    postgres.execute("DELETE FROM rollout");
    assertEquals(0, new Sealing(database, ring(two)).run());
  }

  private void assertRefused(String what) throws IOException {
    for (KeyRing lacking : List.of(KeyRing.none(), ring(two))) {
      StoreException refused =
          assertThrows(StoreException.class, () -> new Sealing(database, lacking).run(), what);
      String said = String.valueOf(refused.getMessage());
      assertTrue(said.contains(what) && said.contains("'one'"), said);
    }
  }

  @Test
  void aControlPlaneOfAnEarlierBuildBesideThisOneReadsEverythingUntilItIsGone() throws Exception {
    new SettingStore(database).put("edge-authority", AUTHORITY);
    SiteConfig site = added("shop");
    zoneKey(KeyRing.none());
    lives("earlier", "");
    KeyRing keys = ring(one);
    Sealing sealing = new Sealing(database, keys);
    assertEquals(0, sealing.run());
    database.sealWith(keys);
    new SettingStore(database, keys).put("operator-token", bytes("a token"));
    added("written-beside-it");
    assertReadable(KeyRing.none(), site);
    assertTrue(lies(bytes("a token")));
    database.sealWith(keys);
    assertEquals(0, sealing.look());
    // It is updated, and has the file.
    lives("this", "one");
    assertEquals(11, sealing.look());
    assertFalse(lies(bytes("a token")));
    assertFalse(lies(AUTHORITY));
    assertReadable(keys, site);
  }

  @Test
  void aKeyThatAnotherControlPlaneLacksSealsNothingYet() throws Exception {
    KeyRing first = ring(one);
    new SettingStore(database, first).put("edge-authority", AUTHORITY);
    lives("this", "one");
    KeyRing next = ring(two + one);
    assertEquals(0, new Sealing(database, next).run());
    new SettingStore(database, next).put("limit-key", bytes("limits"));
    assertFalse(lies(bytes("limits")), "the key before still seals");
    assertArrayEquals(
        bytes("limits"), new SettingStore(database, first).get("limit-key").orElseThrow());
    lives("this", "two,one");
    assertEquals(2, new Sealing(database, next).run());
    assertArrayEquals(
        bytes("limits"), new SettingStore(database, ring(two)).get("limit-key").orElseThrow());
  }

  @Test
  void aSecretOfOneSiteDoesNotOpenAsThatOfAnother() throws Exception {
    database.sealWith(ring(one));
    added("shop");
    added("blog");
    postgres.execute(
        "UPDATE site SET hiding = (SELECT hiding FROM site WHERE id = 'shop') WHERE id = 'blog'");
    assertThrows(StoreException.class, () -> sites.byId("blog"));
    assertEquals("shop", sites.byId("shop").orElseThrow().id());
  }
}

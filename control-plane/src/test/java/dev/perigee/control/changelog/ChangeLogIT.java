package dev.perigee.control.changelog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.CertificateStore.CertificateSummary;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.ChangeStore;
import dev.perigee.control.store.ChangeStore.LoggedChange;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.PostgresCertificateStore;
import dev.perigee.control.store.PostgresNodeStore;
import dev.perigee.control.store.PostgresSiteStore;
import dev.perigee.control.store.SiteHistory;
import dev.perigee.control.store.TestPem;
import dev.perigee.control.store.TestPostgres;
import java.net.InetAddress;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Revisions follow the order of commits, and what they bring is what changed. */
final class ChangeLogIT {
  private TestPostgres postgres;
  private LogNumbers numbers;
  private ChangeStore changes;
  private PostgresSiteStore sites;
  private PostgresCertificateStore certificates;
  private PostgresNodeStore nodes;
  private ChangeLog log;

  @BeforeEach
  void start() {
    postgres = TestPostgres.fresh();
    numbers = new LogNumbers(postgres.database());
    changes = new ChangeStore(postgres.database());
    sites =
        new PostgresSiteStore(
            postgres.database(),
            numbers,
            "cdn.example",
            OriginAddressPolicy.PUBLIC,
            new SiteHistory(postgres.database(), SiteHistory.USUAL_KEPT));
    certificates =
        new PostgresCertificateStore(postgres.database(), numbers, InstantSource.system());
    nodes = new PostgresNodeStore(postgres.database(), numbers);
    log = new ChangeLog(changes, sites, certificates, nodes, "cdn.example");
  }

  @AfterEach
  void stop() {
    postgres.close();
  }

  private static SiteConfig site(String id, String... regions) {
    List<OriginUrl> origins = List.of(OriginUrl.parse("https://origin.example").orElseThrow());
    return new SiteConfig(id, List.of(id + ".example"), origins, Set.of(regions), false, false);
  }

  private long added(SiteConfig site) {
    return switch (sites.add(site)) {
      case Change.Committed<SiteConfig>(SiteConfig value, long revision) -> revision;
      case Change.Invalid<SiteConfig> no -> throw new AssertionError(no);
      case Change.Conflict<SiteConfig> no -> throw new AssertionError(no);
      case Change.Limited<SiteConfig> no -> throw new AssertionError(no);
      case Change.Stale<SiteConfig> no -> throw new AssertionError(no);
      case Change.Unknown<SiteConfig> no -> throw new AssertionError(no);
    };
  }

  private List<Long> revisions() {
    return changes.after(0, 10_000).stream().map(LoggedChange::revision).toList();
  }

  @Test
  void aChangeWaitsForAnOlderTransactionThatHasTakenItsNumberAndComesAfterIt() throws Exception {
    added(site("first"));
    try (Connection older = postgres.connect();
        Statement statement = older.createStatement();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      older.setAutoCommit(false);
      statement.execute("UPDATE log_head SET revision = revision + 1");
      statement.execute(
          "INSERT INTO change_log (revision, kind, resource)"
              + " SELECT revision, 'site', 'older' FROM log_head");

      Future<Long> younger = threads.submit(() -> added(site("younger")));
      // A reader must not see the younger one before the older one: it would skip that for ever.
      Assertions.assertThrows(
          TimeoutException.class, () -> younger.get(500, TimeUnit.MILLISECONDS));
      assertEquals(1, numbers.head().revision());
      assertEquals(List.of(1L), revisions());

      older.commit();
      assertEquals(3, younger.get(10, TimeUnit.SECONDS));
      assertEquals(
          List.of("first", "older", "younger"),
          changes.after(0, 10).stream().map(LoggedChange::resource).toList());
    }
  }

  private static Node node(String name, int peerPort, boolean shield) {
    InetAddress address = InetAddress.ofLiteral("192.0.2.7");
    return new Node(name, "eu", 50, 8, List.of(address), 80, 443, false, false, shield, peerPort);
  }

  private FromControl.Update since(long revision) {
    List<FromControl.Update> parts =
        log.between(revision, numbers.head().revision(), "ap", "fra-1");
    assertEquals(1, parts.size());
    return parts.getFirst();
  }

  @Test
  void nodesOfAllRegionsLearnOfEachOtherAndOfWhoLeaves() {
    PeerConfig edge = new PeerConfig("edge-1", "eu", List.of("192.0.2.7"), 0, false);
    PeerConfig shield = new PeerConfig("shield-1", "eu", List.of("192.0.2.7"), 8444, true);
    nodes.add(node("edge-1", 0, false));
    nodes.add(node("shield-1", 8444, true));
    long both = numbers.head().revision();
    assertEquals(List.of(edge, shield), since(0).peers());
    assertEquals(List.of(shield), since(both - 1).peers());

    nodes.setDraining("shield-1", true);
    PeerConfig drained = new PeerConfig("shield-1", "eu", List.of("192.0.2.7"), 0, true);
    assertEquals(List.of(drained), since(both).peers(), "it is not asked any more");

    nodes.remove("shield-1");
    assertEquals(List.of("shield-1"), since(both).removedPeers());
    assertEquals(List.of(), since(both).peers());
    assertEquals(List.of(edge), since(0).peers());
  }

  @Test
  void anOlderTransactionThatIsRolledBackLeavesNoGap() throws Exception {
    try (Connection older = postgres.connect();
        Statement statement = older.createStatement()) {
      older.setAutoCommit(false);
      statement.execute("UPDATE log_head SET revision = revision + 1");
      older.rollback();
    }
    assertEquals(1, added(site("only")));
    assertEquals(List.of(1L), revisions());
  }

  @Test
  void aReaderThatFollowsManyWritersMissesNothing() throws Exception {
    long writers = 6;
    int each = 20;
    List<Long> read = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        String prefix = "w" + w + "-";
        running.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < each; i++) {
                    added(site(prefix + i));
                  }
                }));
      }
      long seen = 0;
      while (read.size() < writers * each) {
        long generation = numbers.generation();
        for (LoggedChange change : changes.after(seen, 7)) {
          read.add(change.revision());
          seen = change.revision();
        }
        if (running.stream().allMatch(Future::isDone) && seen == numbers.head().revision()) {
          break;
        }
        numbers.await(generation, 50);
      }
      for (Future<?> writer : running) {
        writer.get();
      }
    }
    assertEquals(LongStream.rangeClosed(1, writers * each).boxed().toList(), read);
  }

  @Test
  void aDeltaBringsWhatChangedForTheRegionAndTakesTheRest() throws SQLException {
    long from = added(site("stays"));
    added(site("new", "eu"));
    added(site("elsewhere", "us"));
    added(site("short-lived"));
    sites.remove("short-lived");
    sites.replace(site("stays", "us"));

    FromControl.Update delta = only(log.between(from, numbers.head().revision(), "eu", "fra-1"));

    assertEquals(from, delta.fromRevision());
    assertEquals(numbers.head().revision(), delta.revision());
    assertEquals(List.of("new"), delta.sites().stream().map(SiteConfig::id).toList());
    assertEquals(
        new TreeSet<>(Arrays.asList("elsewhere", "short-lived", "stays")),
        new TreeSet<>(delta.removedSites()));
  }

  @Test
  void aDeltaNeverPassesTheHeadThatItWasAskedFor() {
    long from = added(site("a"));
    long head = added(site("b"));
    added(site("c"));
    FromControl.Update delta = only(log.between(from, head, "eu", "fra-1"));
    assertEquals(head, delta.revision());
    assertEquals(List.of("b"), delta.sites().stream().map(SiteConfig::id).toList());
  }

  @Test
  void whereTheLogDoesNotReachBackASnapshotComes() throws SQLException {
    long from = added(site("a"));
    added(site("b"));
    long head = added(site("c"));
    postgres.execute("DELETE FROM change_log WHERE revision <= 2");
    FromControl.Update snapshot = only(log.between(from, head, "eu", "fra-1"));
    assertTrue(snapshot.isSnapshot());
    assertEquals(3, snapshot.sites().size());
    assertFalse(only(log.between(2, head, "eu", "fra-1")).isSnapshot());
    assertEquals(List.of(), log.between(head, head, "eu", "fra-1"));
  }

  private String certified(String host) {
    TestPem pem = TestPem.ec(host);
    return switch (certificates.add(pem.certificate(), pem.key())) {
      case Change.Committed<CertificateSummary>(CertificateSummary added, long revision) ->
          added.id();
      case Change<CertificateSummary> no -> throw new AssertionError(no);
    };
  }

  private static List<String> keys(FromControl.Update update) {
    return update.certificates().stream().map(CertificateConfig::id).toList();
  }

  @Test
  void keysGoToTheRegionsThatServeTheirSiteAndNowhereElse() {
    added(site("shop", "eu"));
    String key = certified("shop.example");
    certified("elsewhere.example");
    long head = numbers.head().revision();
    assertEquals(List.of(key), keys(only(log.between(0, head, "eu", "fra-1"))));
    assertEquals(List.of(), keys(only(log.between(0, head, "us", "fra-1"))));
    assertEquals(List.of(key), keys(only(log.between(1, head, "eu", "fra-1"))));
    assertEquals(List.of(), keys(only(log.between(1, head, "us", "fra-1"))));
  }

  @Test
  void aKeyComesWithTheSiteThatNeedsIt() {
    added(site("first"));
    String key = certified("shop.example");
    long from = numbers.head().revision();
    long head = added(site("shop"));
    assertEquals(List.of(key), keys(only(log.between(from, head, "eu", "fra-1"))));
  }

  @Test
  void aKeyGoesWithTheLastSiteThatNeedsIt() {
    added(site("shop", "eu"));
    String key = certified("shop.example");
    long from = numbers.head().revision();
    sites.replace(site("shop", "us"));
    FromControl.Update delta = only(log.between(from, numbers.head().revision(), "eu", "fra-1"));
    assertEquals(List.of("shop"), delta.removedSites());
    assertEquals(List.of(key), delta.removedCertificates());
  }

  @Test
  void aKeyServesTheSitesOfItsOrganisationAlone() throws SQLException {
    postgres.execute("INSERT INTO organisation (id, name) VALUES ('acme', 'Acme')");
    TestPem foreign = TestPem.ec("shop.example");
    assertInstanceOf(
        Change.Committed.class,
        certificates.add("acme", true, foreign.certificate(), foreign.key()));
    long from = added(site("shop"));
    assertEquals(List.of(), keys(only(log.between(0, from, "eu", "fra-1"))));
    String own = certified("shop.example");
    long head = numbers.head().revision();
    assertEquals(List.of(own), keys(only(log.between(0, head, "eu", "fra-1"))));
    assertEquals(List.of(own), keys(only(log.between(from - 1, head, "eu", "fra-1"))));
  }

  @Test
  void aRemovedCertificateIsTaken() {
    added(site("shop"));
    String key = certified("shop.example");
    long from = numbers.head().revision();
    certificates.remove(key);
    FromControl.Update delta = only(log.between(from, numbers.head().revision(), "eu", "fra-1"));
    assertEquals(List.of(key), delta.removedCertificates());
    assertEquals(List.of(), delta.sites());
  }

  private static FromControl.Update only(List<FromControl.Update> updates) {
    assertEquals(1, updates.size());
    return updates.getFirst();
  }
}

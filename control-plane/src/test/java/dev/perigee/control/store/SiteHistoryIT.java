package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.HidingPolicy;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.OriginSigning;
import dev.perigee.contract.Secret;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.SiteHistory.Entry;
import dev.perigee.control.store.SiteHistory.Kind;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Every revision of a site is kept, the newest of them at least, and none is ever rewritten. */
final class SiteHistoryIT {
  private static final int KEPT = 5;

  private static TestPostgres postgres;
  private static SiteHistory history;
  private static PostgresSiteStore sites;

  @BeforeAll
  static void start() {
    postgres = TestPostgres.fresh();
    history = new SiteHistory(postgres.database(), KEPT);
    LogNumbers numbers = new LogNumbers(postgres.database());
    sites =
        new PostgresSiteStore(
            postgres.database(), numbers, "cdn.example", OriginAddressPolicy.PUBLIC, history);
  }

  @AfterAll
  static void stop() {
    postgres.close();
  }

  private static SiteConfig site(String id, String... hosts) {
    return PostgresStoresIT.site(id, hosts);
  }

  private static long committed(Change<SiteConfig> change) {
    if (change instanceof Change.Committed<SiteConfig>(SiteConfig value, long revision)) {
      return revision;
    }
    throw new AssertionError(change);
  }

  private static Edit edit(String who, String note) {
    return new Edit(who, note, OptionalLong.empty());
  }

  private static List<Kind> kinds(String site) {
    return history.of(site).stream().map(Entry::kind).toList();
  }

  @Test
  void eachChangeIsARevisionWithItsAuthorAndNoteAndARollbackIsOneToo() {
    SiteConfig first = site("told", "told.example");
    long added = committed(sites.add(first, edit("ann", "new")));
    SiteConfig second = site("told", "told.example", "www.told.example");
    long changed = committed(sites.replace(second, edit("bob", "www too")));
    long back = committed(sites.rollBack("told", added, edit("cy", "oops")));
    assertEquals(first, sites.byId("told").orElseThrow());
    assertEquals(OptionalLong.of(back), sites.revision("told"));
    long removed = committed(sites.remove("told", edit("dee", "")));
    List<Entry> all = history.of("told");
    assertEquals(List.of(Kind.REMOVED, Kind.ROLLED_BACK, Kind.CHANGED, Kind.ADDED), kinds("told"));
    assertEquals(
        List.of(removed, back, changed, added), all.stream().map(Entry::revision).toList());
    assertEquals(
        List.of("dee", "cy oops", "bob www too", "ann new"),
        all.stream().map(e -> (e.who() + " " + e.note()).strip()).toList());
    assertEquals(second, history.at("told", changed).orElseThrow().site());
    assertEquals(first, history.at("told", added).orElseThrow().site(), "never rewritten");
    assertInstanceOf(Change.Unknown.class, sites.rollBack("told", added, Edit.PLAIN), "removed");
  }

  @Test
  void aChangeThatWasMeantForAnEarlierRevisionChangesNothing() {
    SiteConfig site = site("raced", "raced.example");
    long added = committed(sites.add(site));
    Edit seen = new Edit("", "", OptionalLong.of(added));
    long changed = committed(sites.replace(site, seen));
    Change<SiteConfig> stale = new Change.Stale<>(changed);
    assertEquals(stale, sites.replace(site, seen));
    assertEquals(stale, sites.rollBack("raced", added, seen));
    assertEquals(stale, sites.remove("raced", seen));
    assertEquals(2, history.of("raced").size());
  }

  @Test
  void aRollbackToHostsThatAnotherSiteHasByNowIsRefusedWhole() {
    long added = committed(sites.add(site("gave", "gave.example", "wanted.example")));
    long changed = committed(sites.replace(site("gave", "gave.example")));
    committed(sites.add(site("took", "wanted.example")));
    assertInstanceOf(Change.Conflict.class, sites.rollBack("gave", added, Edit.PLAIN));
    assertEquals(List.of("gave.example"), sites.byId("gave").orElseThrow().hosts());
    assertEquals(OptionalLong.of(changed), sites.revision("gave"));
    assertEquals(2, history.of("gave").size());
  }

  @Test
  void theOldestRevisionsAreForgotten() {
    long first = committed(sites.add(site("busy", "busy.example")));
    long last = first;
    for (int i = 0; i < KEPT; i++) {
      last = committed(sites.replace(site("busy", "busy.example")));
    }
    List<Entry> all = history.of("busy");
    assertEquals(KEPT, all.size());
    assertEquals(last, all.getFirst().revision());
    assertTrue(history.at("busy", first).isEmpty());
    assertInstanceOf(Change.Unknown.class, sites.rollBack("busy", first, Edit.PLAIN));
  }

  @Test
  void whatABuildWithoutHistoryMadeIsFoundByTheNextChange() throws Exception {
    committed(sites.add(site("older", "older.example")));
    // As such a build changes a site: the row and the log, nothing else.
    postgres.execute(
        "UPDATE log_head SET revision = revision + 1;"
            + "INSERT INTO change_log (revision, kind, resource)"
            + " SELECT revision, 'site', 'older' FROM log_head;"
            + "UPDATE site SET port_in_key = true WHERE id = 'older'");
    committed(sites.replace(site("older", "older.example")));
    assertEquals(List.of(Kind.CHANGED, Kind.FOUND, Kind.ADDED), kinds("older"));
    Entry found = history.of("older").get(1);
    assertTrue(found.site().portInKey());
    committed(sites.rollBack("older", found.revision(), Edit.PLAIN));
    assertTrue(sites.byId("older").orElseThrow().portInKey());
  }

  @Test
  void secretsComeBackWithARollback() {
    OriginSigning signing =
        new OriginSigning.SharedSecret("X-Edge", new Secret("correct horse battery staple"));
    HidingPolicy usual = HidingPolicy.DEFAULT;
    SiteConfig plain = site("signed", "signed.example");
    SiteConfig signed =
        plain.withHiding(
            new HidingPolicy(
                usual.dropped(),
                usual.passed(),
                usual.rewrite(),
                usual.replaceErrors(),
                usual.pages(),
                signing));
    long added = committed(sites.add(signed));
    committed(sites.replace(plain));
    committed(sites.rollBack("signed", added, Edit.PLAIN));
    assertEquals(signed, sites.byId("signed").orElseThrow());
  }
}

package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What several ask for at one time ends as if they had asked one after the other. */
final class TenancyRacesIT {
  private static final Edit BY_EDITOR = new Edit("", "", OptionalLong.empty(), false);
  private static final int AT_ONCE = 6;
  private static final String ACME = "SELECT 1 FROM organisation WHERE id = 'acme' FOR UPDATE";

  private TestPostgres postgres;
  private OrganisationStore organisations;
  private TokenStore tokens;
  private HostClaims hosts;
  private PostgresSiteStore sites;
  private DnsChallengeStore texts;
  private ExecutorService threads;

  @BeforeEach
  void start() {
    postgres = TestPostgres.fresh();
    Database database = postgres.database();
    LogNumbers numbers = new LogNumbers(database);
    organisations = new OrganisationStore(database);
    tokens = new TokenStore(database);
    hosts = new HostClaims(database, numbers, "cdn.example");
    sites =
        new PostgresSiteStore(
            database,
            numbers,
            "cdn.example",
            OriginAddressPolicy.PUBLIC,
            new SiteHistory(database, SiteHistory.USUAL_KEPT));
    texts = new DnsChallengeStore(database, numbers, "cdn.example", true);
    threads = Executors.newVirtualThreadPerTaskExecutor();
    committed(organisations.add("acme", "Acme"));
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
    postgres.close();
  }

  /** Its id. */
  private String token(String organisation, String sha256) {
    Optional<String> whose = Optional.of(organisation);
    ApiToken.Wanted wanted =
        new ApiToken.Wanted("ann", Role.OWNER, whose, Optional.empty(), Optional.empty());
    return assertInstanceOf(ApiToken.class, committed(tokens.add(wanted, sha256))).id();
  }

  private static <T> T committed(Change<T> change) {
    if (change instanceof Change.Committed<T>(T value, long revision)) {
      return value;
    }
    throw new AssertionError(change.toString());
  }

  /** Waits until so many statements wait for a lock. */
  private void awaitWaiting(int count) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () ->
                postgres
                        .database()
                        .read(
                            handle ->
                                handle
                                    .createQuery(
                                        "SELECT count(*) FROM pg_stat_activity WHERE datname ="
                                            + " current_database() AND wait_event_type = 'Lock'")
                                    .mapTo(Integer.class)
                                    .one())
                    == count);
  }

  /** The answers to calls that wait behind one lock, begun in this order, once it is let go. */
  private List<Change<?>> behind(String lock, List<Callable<Change<?>>> calls) throws Exception {
    try (Connection holder = postgres.connect();
        Statement statement = holder.createStatement()) {
      holder.setAutoCommit(false);
      statement.execute(lock);
      List<Future<Change<?>>> begun = new ArrayList<>();
      for (Callable<Change<?>> call : calls) {
        begun.add(threads.submit(call));
        awaitWaiting(begun.size());
      }
      holder.commit();
      List<Change<?>> answers = new ArrayList<>();
      for (Future<Change<?>> one : begun) {
        answers.add(one.get(20, TimeUnit.SECONDS));
      }
      return answers;
    }
  }

  @Test
  void aTokenIsRevokedWhileItsOrganisationIsRemoved() throws Exception {
    for (boolean revokedFirst : new boolean[] {true, false}) {
      String organisation = revokedFirst ? "one" : "two";
      committed(organisations.add(organisation, "Brief"));
      String sha256 = organisation.repeat(21);
      String id = token(organisation, sha256);
      Callable<Change<?>> revoking = () -> tokens.revoke(Purview.ALL, id);
      Callable<Change<?>> removing = () -> organisations.remove(organisation);
      List<Callable<Change<?>>> calls =
          revokedFirst ? List.of(revoking, removing) : List.of(removing, revoking);
      String lock = "SELECT 1 FROM api_token WHERE name = 'ann' FOR UPDATE";
      for (Change<?> answer : behind(lock, calls)) {
        assertInstanceOf(Change.Committed.class, answer);
      }
      assertEquals(Optional.empty(), tokens.good(sha256));
      assertEquals(Optional.empty(), organisations.byId(organisation));
    }
  }

  @Test
  void aTokenIsNotMadeOfAnOrganisationThatIsRemovedMeanwhile() throws Exception {
    ApiToken.Wanted wanted =
        new ApiToken.Wanted(
            "late", Role.OWNER, Optional.of("acme"), Optional.empty(), Optional.empty());
    List<Change<?>> answers =
        behind(
            ACME,
            List.of(() -> organisations.remove("acme"), () -> tokens.add(wanted, "a".repeat(64))));
    assertInstanceOf(Change.Committed.class, answers.getFirst());
    assertInstanceOf(Change.Invalid.class, answers.getLast());
  }

  @Test
  void hostsAreTakenWhileTheOrganisationThatHadThemIsRemoved() throws Exception {
    committed(organisations.add("next", "Next"));
    // Rows are deleted in the order in which they lie, and taken in that of their names.
    for (String host : List.of("a.old.example", "*.old.example")) {
      committed(hosts.prove("acme", host, HostClaim.Proof.DNS));
    }
    List<Change<?>> answers =
        behind(
            "SELECT 1 FROM host_claim WHERE host = 'a.old.example' FOR UPDATE",
            List.of(
                () -> organisations.remove("acme"),
                () -> hosts.prove("next", "a.old.example", HostClaim.Proof.DNS)));
    for (Change<?> answer : answers) {
      assertInstanceOf(Change.Committed.class, answer);
    }
  }

  /** Many ask for the last one that may be. */
  private void oneAlone(String lock, IntFunction<Change<?>> ask) throws Exception {
    List<Callable<Change<?>>> calls = new ArrayList<>();
    for (int i = 0; i < AT_ONCE; i++) {
      int number = i;
      calls.add(() -> ask.apply(number));
    }
    List<Change<?>> answers = behind(lock, calls);
    List<? extends Change<?>> refused =
        answers.stream().filter(answer -> answer instanceof Change.Conflict<?>).toList();
    assertEquals(AT_ONCE - 1, refused.size(), answers.toString());
    assertTrue(refused.toString().contains("would be one more than"), refused.toString());
    assertEquals(
        1, answers.stream().filter(answer -> answer instanceof Change.Committed<?>).count());
  }

  @Test
  void theLastTokenThatMayBeIsMadeOnce() throws Exception {
    postgres.execute(
        "INSERT INTO api_token (secret_sha256, name, role, organisation)"
            + " SELECT n, 'full', 'owner', 'acme' FROM generate_series(2, %d) n"
                .formatted(ApiToken.MOST));
    ApiToken.Wanted wanted =
        new ApiToken.Wanted(
            "last", Role.OWNER, Optional.of("acme"), Optional.empty(), Optional.empty());
    oneAlone(ACME, n -> tokens.add(wanted, "last" + n));
  }

  @Test
  void theLastHostThatMayBeIsAskedForOnce() throws Exception {
    postgres.execute(
        "INSERT INTO host_claim (host, organisation, proof)"
            + " SELECT n || '.example', 'acme', 'dns' FROM generate_series(2, %d) n"
                .formatted(HostClaim.MOST));
    oneAlone(ACME, n -> hosts.ask("acme", "last" + n + ".example", "token"));
  }

  @Test
  void theLastSiteThatMayBeIsAddedOnce() throws Exception {
    postgres.execute(
        "INSERT INTO site (id, origins, regions, scheme_in_key, port_in_key, organisation)"
            + " SELECT 'acme-' || n, '{}', '{}', false, false, 'acme'"
            + " FROM generate_series(2, %d) n".formatted(Organisation.MOST_SITES));
    committed(hosts.prove("acme", "*.last.example", HostClaim.Proof.DNS));
    OriginUrl origin = OriginUrl.parse("https://origin.example").orElseThrow();
    oneAlone(
        ACME,
        n ->
            sites.add(
                new SiteConfig(
                    "", List.of(n + ".last.example"), List.of(origin), Set.of(), false, false),
                "acme",
                BY_EDITOR));
  }

  @Test
  void theLastNameThatMayHaveTextsHasThemOnce() throws Exception {
    postgres.execute(
        "INSERT INTO dns_challenge (name, texts, ttl_seconds, organisation)"
            + " SELECT n || '.example', '{t}', 60, 'acme' FROM generate_series(2, %d) n"
                .formatted(DnsChallenge.MOST_NAMES_OF_ONE));
    OriginUrl origin = OriginUrl.parse("https://origin.example").orElseThrow();
    committed(
        sites.add(
            new SiteConfig("acme-a", List.of("a.example"), List.of(origin), Set.of(), false, false),
            "acme",
            Edit.PLAIN));
    oneAlone(
        "LOCK TABLE dns_challenge IN SHARE ROW EXCLUSIVE MODE",
        n ->
            texts.put(
                Purview.of("acme"),
                new DnsChallenge("_%d.acme-a.cdn.example".formatted(n), List.of("t"), 60)));
  }

  @Test
  void theLastOrganisationThatMayBeIsMadeOnce() throws Exception {
    postgres.execute(
        "INSERT INTO organisation (id, name)"
            + " SELECT 'n' || n, 'full' FROM generate_series(4, %d) n"
                .formatted(Organisation.MOST));
    oneAlone(
        "LOCK TABLE organisation IN SHARE ROW EXCLUSIVE MODE",
        n -> organisations.add("last" + n, "Last"));
  }
}

package dev.perigee.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.sync.v1.Check;
import dev.perigee.contract.sync.v1.Member;
import dev.perigee.contract.sync.v1.Pool;
import dev.perigee.contract.sync.v1.Pools;
import dev.perigee.contract.sync.v1.Site;
import dev.perigee.contract.sync.v1.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What a site's owner may decide about origin servers, and how it is read and written. */
class OriginPoolsTest {
  private static final OriginUrl A = OriginUrl.parse("https://a.example").orElseThrow();
  private static final OriginUrl B = OriginUrl.parse("http://b.example:81").orElseThrow();

  @Test
  void everyPoolComesBackFromItsBytes() {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("OriginPoolsTest seed " + seed);
    Random random = new Random(seed);
    for (int i = 0; i < 1000; i++) {
      OriginPools pools = pools(random);
      assertEquals(pools, OriginPoolsCodec.of(OriginPoolsCodec.toBytes(pools)), "seed " + seed);
      SiteConfig site = site(pools);
      assertEquals(site, SyncCodec.decode(SyncCodec.encode(site)), "seed " + seed);
    }
    assertEquals(OriginPools.NONE, OriginPoolsCodec.of(new byte[0]));
  }

  @Test
  void whatIsLeftOutHasItsUsualValue() {
    Pools bare =
        Pools.newBuilder()
            .addPools(
                Pool.newBuilder().setName("web").addServers(Member.newBuilder().setUrl("http://a")))
            .build();
    OriginUrl url = OriginUrl.parse("http://a").orElseThrow();
    assertEquals(
        List.of(OriginPool.of("web", List.of(PoolServer.of(url)))),
        OriginPoolsCodec.decode(bare).pools());
  }

  @Test
  void aWordThatALaterVersionBringsIsReadAsWhatIsSafe() {
    Pools later =
        Pools.newBuilder()
            .addPools(
                Pool.newBuilder()
                    .setAlgorithm("by-mood")
                    .setHashBy("weather")
                    .setCheck(Check.newBuilder().setKind("quic"))
                    .setTransport(Transport.newBuilder().setMinimumTls("1.4")))
            .build();
    OriginPool pool = OriginPoolsCodec.of(later.toByteArray()).pools().getFirst();
    assertEquals(Balance.DEFAULT, pool.balance());
    assertEquals(Optional.empty(), pool.check());
    assertEquals(OriginTransport.MinimumTls.TLS_1_3, pool.transport().minimumTls());
  }

  @Test
  void anEdgeThatDoesNotKnowPoolsFindsTheServersOfTheDefaultOne() {
    OriginPool first = OriginPool.of("first", List.of(PoolServer.of(A)));
    OriginPool second = OriginPool.of("second", List.of(PoolServer.of(B)));
    SiteConfig site = site(new OriginPools(List.of(first, second), List.of(), "second"));
    assertEquals(List.of(B), site.origins());
    Site message = SyncCodec.encode(site);
    assertEquals("http://b.example:81", message.getOrigins(0).getUrl());
    assertFalse(SyncCodec.encode(site(OriginPools.NONE)).hasPools());
  }

  @Test
  void originsAloneAreOnePoolOfTheUsualKind() {
    OriginPools pools = site(OriginPools.NONE).originPools();
    assertEquals(1, pools.pools().size());
    assertEquals(OriginPool.NAME, pools.fallback().orElseThrow().name());
    assertEquals(List.of(A), pools.fallbackUrls());
  }

  @Test
  void aRouteFitsAPathWithoutItsQuery() {
    PoolRoute route = new PoolRoute(List.of("/api/*", "*.php", "/"), "p");
    assertTrue(route.fits("/api/x?y"));
    assertTrue(route.fits("/a/b.php?c=d"));
    assertTrue(route.fits("/?q"));
    assertFalse(route.fits("/a?b.php"));
  }

  @Test
  void whatCannotHoldIsNamedByItsPlace() {
    OriginPool broken =
        new OriginPool(
            "Web",
            List.of(new PoolServer(A, 0, 8), PoolServer.of(A)),
            new Balance(
                Balance.Algorithm.HASH,
                Balance.HashBy.HEADER,
                "X-Key",
                Optional.of(new StickyCookie("a b", -1, Bytes.copyOf(new byte[15])))),
            Optional.of(
                new HealthCheck(
                    HealthCheck.Kind.HTTP, "x", "a b", List.of("1xx"), "", 1, 2, 0, 0, 101)),
            new Ejection(-1, -1, 101, 50, 1, 0, 0, -1, 101, 101),
            -1,
            new RetryPolicy(6, List.of("99"), -1, 101, -1),
            new OriginTimeouts(-1, -1, -1, -1),
            new Breakers(0, 0, 0),
            new OriginTransport(
                "A",
                "a b",
                List.of(Bytes.copyOf(new byte[] {1})),
                List.of(),
                Optional.of(Bytes.copyOf(new byte[] {1})),
                OriginTransport.MinimumTls.TLS_1_2,
                false,
                3));
    OriginPools pools =
        new OriginPools(
            List.of(broken, OriginPool.of("two", List.of())),
            List.of(new PoolRoute(List.of(), "none"), new PoolRoute(List.of("x"), "two")),
            "none");
    Set<String> fields = new TreeSet<>();
    OriginPoolsValidator.problems(pools)
        .forEach(problem -> fields.add(problem.field().replace("originPools.", "")));
    Set<String> wanted =
        new TreeSet<>(
            List.of("default", "routes[0].paths", "routes[0].pool", "routes[1].paths[0]"));
    wanted.add("pools[1].servers");
    for (String field :
        List.of(
            "name",
            "servers[0].weight",
            "servers[0].tier",
            "servers[1].url",
            "balance.hashName",
            "balance.sticky.cookie",
            "balance.sticky.maxAgeSeconds",
            "balance.sticky.secret",
            "check.path",
            "check.host",
            "check.statuses[0]",
            "check.intervalMillis",
            "check.timeoutMillis",
            "check.rise",
            "check.fall",
            "check.jitterPercent",
            "ejection.serverErrors",
            "ejection.gatewayFailures",
            "ejection.successPoints",
            "ejection.latencyPercent",
            "ejection.intervalMillis",
            "ejection.minimumRequests",
            "ejection.baseMillis",
            "ejection.maxMillis",
            "ejection.maxPercent",
            "ejection.panicPercent",
            "slowStartMillis",
            "retries.attempts",
            "retries.statuses[0]",
            "retries.bodyBytes",
            "retries.budgetPercent",
            "retries.budgetFloor",
            "timeouts.connectMillis",
            "timeouts.responseMillis",
            "timeouts.idleMillis",
            "timeouts.totalMillis",
            "breakers.connections",
            "breakers.pending",
            "breakers.requests",
            "transport.serverName",
            "transport.host",
            "transport.caCertificates",
            "transport.clientCertificate",
            "transport.proxyProtocol")) {
      wanted.add("pools[0]." + field);
    }
    assertEquals(wanted, fields);
    assertEquals(List.of(), OriginPoolsValidator.problems(OriginPools.NONE));
    assertEquals(List.of(), SiteValidator.problems(site(OriginPools.simple(List.of(A, B)))));
  }

  @Test
  void moreThanFitsAMessageIsRefused() {
    List<OriginPool> many = new ArrayList<>();
    for (int i = 0; i < 17; i++) {
      many.add(OriginPool.of("p" + i, List.of(PoolServer.of(A), PoolServer.of(B))));
    }
    List<String> fields =
        OriginPoolsValidator.problems(new OriginPools(many, List.of(), "")).stream()
            .map(Problem::field)
            .toList();
    assertEquals(List.of("originPools.pools"), fields);
    String long1 = "/" + "a".repeat(Limits.PATTERN_LENGTH - 2) + "*";
    List<PoolRoute> routes = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      routes.add(new PoolRoute(java.util.Collections.nCopies(50, long1), "p0"));
    }
    List<Problem> problems =
        OriginPoolsValidator.problems(new OriginPools(many.subList(0, 1), routes, ""));
    assertTrue(problems.getFirst().reason().contains("98304"), problems.toString());
  }

  private static SiteConfig site(OriginPools pools) {
    return new SiteConfig(
        "a", List.of("a.example"), List.of(A), Set.of(), false, false, CachePolicy.DEFAULT, pools);
  }

  private static OriginPools pools(Random random) {
    List<OriginPool> pools = new ArrayList<>();
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      pools.add(pool(random));
    }
    List<PoolRoute> routes = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      routes.add(new PoolRoute(words(random), "p" + random.nextInt(3)));
    }
    return new OriginPools(pools, routes, random.nextBoolean() ? "" : "p1");
  }

  private static OriginPool pool(Random random) {
    List<PoolServer> servers = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      servers.add(new PoolServer(random.nextBoolean() ? A : B, n(random), n(random)));
    }
    return new OriginPool(
        "p" + random.nextInt(3),
        servers,
        new Balance(
            anyOf(Balance.Algorithm.values(), random),
            anyOf(Balance.HashBy.values(), random),
            random.nextBoolean() ? "" : "x-name",
            maybe(random, new StickyCookie("c", n(random), Bytes.copyOf(new byte[] {1})))),
        maybe(random, check(random)),
        new Ejection(
            n(random), n(random), n(random), n(random), n(random), n(random), n(random), n(random),
            n(random), n(random)),
        n(random),
        new RetryPolicy(n(random), words(random), n(random), n(random), n(random)),
        new OriginTimeouts(n(random), n(random), n(random), n(random)),
        new Breakers(n(random), n(random), n(random)),
        new OriginTransport(
            words(random).stream().findFirst().orElse(""),
            words(random).stream().findFirst().orElse(""),
            ders(random),
            ders(random),
            ders(random).stream().findFirst(),
            anyOf(OriginTransport.MinimumTls.values(), random),
            random.nextBoolean(),
            n(random)));
  }

  private static HealthCheck check(Random random) {
    return new HealthCheck(
        anyOf(HealthCheck.Kind.values(), random),
        "/h" + n(random),
        "h" + n(random),
        List.of("2xx"),
        "b" + n(random),
        1 + n(random),
        1 + n(random),
        1 + n(random),
        1 + n(random),
        n(random));
  }

  private static int n(Random random) {
    return random.nextInt(4);
  }

  private static <T> T anyOf(T[] values, Random random) {
    return values[random.nextInt(values.length)];
  }

  private static <T> Optional<T> maybe(Random random, T value) {
    return random.nextBoolean() ? Optional.empty() : Optional.of(value);
  }

  private static List<Bytes> ders(Random random) {
    List<Bytes> ders = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      ders.add(Bytes.copyOf(new byte[] {(byte) random.nextInt()}));
    }
    return ders;
  }

  private static List<String> words(Random random) {
    List<String> words = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      words.add("w" + random.nextInt(9));
    }
    return words;
  }
}

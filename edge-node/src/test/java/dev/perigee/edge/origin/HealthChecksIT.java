package dev.perigee.edge.origin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Balance;
import dev.perigee.contract.Breakers;
import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.Ejection;
import dev.perigee.contract.HealthCheck;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.OriginHealth;
import dev.perigee.contract.OriginPool;
import dev.perigee.contract.OriginPools;
import dev.perigee.contract.OriginTimeouts;
import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PoolServer;
import dev.perigee.contract.RetryPolicy;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.origin.pool.CheckResult;
import dev.perigee.edge.origin.pool.OriginMetrics;
import dev.perigee.edge.origin.pool.OriginReport;
import dev.perigee.edge.origin.pool.OriginTable;
import dev.perigee.edge.origin.pool.ServerPool;
import dev.perigee.edge.origin.pool.ServerState;
import dev.perigee.edge.origin.pool.Standing;
import dev.perigee.edge.table.HashTrie;
import dev.perigee.testkit.Loopback;
import dev.perigee.testkit.NothingLeaks;
import dev.perigee.testkit.ScriptedOrigin;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks of real servers: what is well, what is ill, and who is told. */
@ExtendWith(NothingLeaks.class)
@Timeout(60)
final class HealthChecksIT {
  private final OriginTable table = new OriginTable(RandomGenerator.getDefault());
  private ScriptedOrigin origin;
  private HealthChecks checks;

  @BeforeEach
  void start() throws Exception {
    origin = ScriptedOrigin.start();
    checks = checks(true);
  }

  private HealthChecks checks(boolean allowPrivate) throws Exception {
    Duration second = Duration.ofSeconds(1);
    SSLContext tls = SSLContext.getDefault();
    OriginAddressPolicy addresses = new OriginAddressPolicy(List.of(), allowPrivate);
    return new HealthChecks(
        table,
        new OriginConfig(second, second, second, second, 1, 1, addresses),
        transport -> tls,
        InstantSource.system(),
        System::nanoTime,
        RandomGenerator.getDefault());
  }

  @AfterEach
  void stop() {
    checks.close();
    origin.close();
  }

  private static HealthCheck check(HealthCheck.Kind kind, String status, String body) {
    return new HealthCheck(kind, "/up?x=1", "", List.of(status), body, 500, 400, 2, 2, 10);
  }

  private ServerPool use(Optional<HealthCheck> check, int port) {
    OriginPool pool =
        new OriginPool(
            "web",
            List.of(PoolServer.of(new OriginUrl("http", "127.0.0.1", port))),
            Balance.DEFAULT,
            check,
            Ejection.DEFAULT,
            0,
            RetryPolicy.DEFAULT,
            OriginTimeouts.DEFAULT,
            Breakers.DEFAULT,
            OriginTransport.DEFAULT);
    SiteConfig site =
        new SiteConfig(
            "shop",
            List.of("a.example"),
            List.of(),
            Set.of(),
            false,
            false,
            CachePolicy.DEFAULT,
            new OriginPools(List.of(pool), List.of(), ""));
    table.swap(HashTrie.of(List.of(site), SiteConfig::id));
    checks.update();
    return table.of(site).pool("/");
  }

  private static long now() {
    return InstantSource.system().millis();
  }

  private static void awaitStanding(ServerState server, Standing wanted) {
    Awaitility.await().until(() -> server.standing(now()) == wanted);
  }

  @Test
  void aServerIsIllAfterSomeChecksAndWellAfterSome() {
    origin.on("/up?x=1", call -> call.send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"));
    ServerState server =
        use(Optional.of(check(HealthCheck.Kind.HTTP, "2xx", "ready")), origin.port()).server(0);
    awaitStanding(server, Standing.CHECK_FAILED);
    assertEquals(CheckResult.STATUS, server.lastCheck());
    assertTrue(origin.requests().size() >= 2);
    assertEquals("127.0.0.1:" + origin.port(), origin.requests().getFirst().first("Host").get());
    origin.on("/up?x=1", call -> call.ok("not so"));
    Awaitility.await().until(() -> server.lastCheck() == CheckResult.BODY);
    origin.on("/up?x=1", call -> call.ok("ready to serve"));
    awaitStanding(server, Standing.WELL);
    assertEquals(CheckResult.PASSED, server.lastCheck());
  }

  @ParameterizedTest
  @CsvSource({"GARBAGE, BAD_RESPONSE", "SILENCE, TIMEOUT", "RESET, CONNECT"})
  void whatIsNoAnswerSaysWhich(String trouble, CheckResult result) {
    origin.on(
        "/up?x=1",
        call -> {
          switch (trouble) {
            case "GARBAGE" -> call.send("220 mail.example ESMTP\r\n");
            case "RESET" -> call.reset();
            default -> call.send("");
          }
        });
    ServerState server =
        use(Optional.of(check(HealthCheck.Kind.HTTP, "2xx", "")), origin.port()).server(0);
    awaitStanding(server, Standing.CHECK_FAILED);
    assertEquals(result, server.lastCheck());
  }

  @Test
  void aConnectionIsEnoughForTcpAndNotForTls() {
    ServerState tcp =
        use(Optional.of(check(HealthCheck.Kind.TCP, "2xx", "")), origin.port()).server(0);
    assertEquals(Standing.WELL, tcp.standing(now()));
    ServerState tls =
        use(Optional.of(check(HealthCheck.Kind.TLS, "2xx", "")), origin.port()).server(0);
    awaitStanding(tls, Standing.CHECK_FAILED);
    int down = Loopback.freePort("127.0.0.1");
    ServerState none = use(Optional.of(check(HealthCheck.Kind.TCP, "2xx", "")), down).server(0);
    awaitStanding(none, Standing.CHECK_FAILED);
    assertEquals(CheckResult.CONNECT, none.lastCheck());
  }

  @Test
  void addressesThatMayNotBeOriginsAreNotCheckedEither() throws Exception {
    checks.close();
    checks = checks(false);
    ServerState server =
        use(Optional.of(check(HealthCheck.Kind.TCP, "2xx", "")), origin.port()).server(0);
    awaitStanding(server, Standing.CHECK_FAILED);
    assertEquals(CheckResult.FORBIDDEN_ADDRESS, server.lastCheck());
  }

  @Test
  void withoutItsCheckAServerIsWell() {
    int down = Loopback.freePort("127.0.0.1");
    ServerState server = use(Optional.of(check(HealthCheck.Kind.TCP, "2xx", "")), down).server(0);
    awaitStanding(server, Standing.CHECK_FAILED);
    ServerState same = use(Optional.empty(), down).server(0);
    assertEquals(server, same);
    assertEquals(Standing.WELL, server.standing(now()));
  }

  @Test
  void whatIsSeenIsReportedAndInTheMetrics() {
    int down = Loopback.freePort("127.0.0.1");
    ServerState server = use(Optional.of(check(HealthCheck.Kind.TCP, "2xx", "")), down).server(0);
    OriginReport report = new OriginReport(table);
    OriginHealth first = report.next(now()).getFirst();
    assertEquals("shop", first.site());
    awaitStanding(server, Standing.CHECK_FAILED);
    OriginHealth.Server seen = report.next(now()).getFirst().servers().getFirst();
    assertEquals("check-failed", seen.standing());
    assertEquals("connect", seen.check());
    String metrics = new OriginMetrics(table).scrape(now());
    String labels = "{site=\"shop\",pool=\"web\",server=\"http://127.0.0.1:" + down + "\"}";
    assertTrue(metrics.contains("perigee_origin_server_well" + labels + " 0.0\n"), metrics);
  }
}

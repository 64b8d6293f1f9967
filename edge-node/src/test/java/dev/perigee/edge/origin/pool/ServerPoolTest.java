package dev.perigee.edge.origin.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Balance;
import dev.perigee.contract.Ejection;
import dev.perigee.contract.PoolServer;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.table.HashTrie;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which servers of a pool are left alone, for how long, and who is asked instead. */
final class ServerPoolTest {
  private static final long NOW = 1_000_000;
  private static final Balance TURNS = Balance.DEFAULT;

  private static ServerPool three(Ejection ejection) {
    return PoolFixture.of(PoolFixture.servers(1, 1, 1), TURNS, ejection);
  }

  private static void answer(ServerPool pool, int server, int status) {
    pool.answered(server, status, Optional.empty(), 1000, NOW);
  }

  /** Everybody that is asked at a time. */
  private static Set<Integer> asked(ServerPool pool, long nowMillis) {
    Set<Integer> asked = new TreeSet<>();
    for (int i = 0; i < 20; i++) {
      asked.add(pool.choose(0, ServerPool.NONE, 0, nowMillis));
    }
    return asked;
  }

  @Test
  void fiveErrorsInARowAndTheServerIsLeftAlone() {
    ServerPool pool = three(Ejection.DEFAULT);
    for (int i = 0; i < 4; i++) {
      answer(pool, 1, 500);
    }
    answer(pool, 1, 200);
    answer(pool, 1, 500);
    assertEquals(Set.of(0, 1, 2), asked(pool, NOW));
    for (int i = 0; i < 4; i++) {
      answer(pool, 1, 500);
    }
    assertEquals(Standing.SERVER_ERRORS, pool.server(1).standing(NOW));
    assertEquals(Set.of(0, 2), asked(pool, NOW));
    assertEquals(Set.of(0, 2), asked(pool, NOW + 9_999));
    assertEquals(Set.of(0, 1, 2), asked(pool, NOW + 20_000));
  }

  @Test
  void failuresCountApartFromErrors() {
    ServerPool pool = three(new Ejection(0, 3, 0, 0, 10_000, 20, 10_000, 300_000, 50, 30));
    for (int i = 0; i < 9; i++) {
      answer(pool, 0, 500);
    }
    assertEquals(Standing.WELL, pool.server(0).standing(NOW));
    answer(pool, 0, 502);
    pool.failed(0, 1000, NOW);
    answer(pool, 0, 504);
    assertEquals(Standing.GATEWAY_FAILURES, pool.server(0).standing(NOW));
  }

  @Test
  void eachTimeIsLongerUpToTheLongest() {
    Ejection rules = Ejection.DEFAULT;
    assertEquals(10_000, EjectionPolicy.millis(1, rules));
    assertEquals(30_000, EjectionPolicy.millis(3, rules));
    assertEquals(300_000, EjectionPolicy.millis(1000, rules));
    ServerPool pool = three(rules);
    eject(pool, 0, NOW);
    eject(pool, 0, NOW + 10_000);
    assertFalse(pool.server(0).isWell(NOW + 29_999));
    assertTrue(pool.server(0).isWell(NOW + 30_000));
  }

  private static void eject(ServerPool pool, int server, long now) {
    for (int i = 0; i < 5; i++) {
      pool.failed(server, 1000, now);
    }
  }

  @Test
  void onlyAShareIsLeftAloneButOneAlwaysMayBe() {
    ServerPool pool = three(Ejection.DEFAULT);
    eject(pool, 0, NOW);
    eject(pool, 1, NOW);
    assertEquals(Set.of(1, 2), asked(pool, NOW));
    ServerPool strict = three(new Ejection(5, 5, 0, 0, 10_000, 20, 10_000, 300_000, 0, 30));
    eject(strict, 0, NOW);
    assertEquals(Set.of(1, 2), asked(strict, NOW));
  }

  @ParameterizedTest
  @CsvSource({
    "111, 30, 111",
    "101, 30, 101",
    "001, 30, 001",
    "001, 50, 111",
    "000, 30, 111",
    "000, 0, 111",
  })
  void belowThePanicThresholdIllnessDoesNotCount(String well, int panic, String asked) {
    long[] tiers = {0b111};
    assertEquals(
        Long.parseLong(asked, 2), TierPolicy.eligible(tiers, Long.parseLong(well, 2), panic));
  }

  @ParameterizedTest
  @CsvSource({
    "1111, 0011",
    "1101, 0001",
    "1100, 1100",
    "0100, 0100",
    "0000, 0011",
  })
  void aHigherTierIsAskedWhereTheLowerHasNotEnough(String well, String asked) {
    long[] tiers = {0b0011, 0b1100};
    assertEquals(Long.parseLong(asked, 2), TierPolicy.eligible(tiers, Long.parseLong(well, 2), 50));
  }

  @Test
  void theSpareTierStandsInAndIsLeftAgain() {
    List<PoolServer> servers =
        List.of(new PoolServer(PoolFixture.url(0), 1, 0), new PoolServer(PoolFixture.url(1), 1, 1));
    ServerPool pool = PoolFixture.of(servers, TURNS, Ejection.DEFAULT);
    assertEquals(Set.of(0), asked(pool, NOW));
    assertEquals(1, pool.choose(1, ServerPool.NONE, 0, NOW), "once the first was tried");
    pool.server(0).checked(false, NOW);
    assertEquals(Set.of(1), asked(pool, NOW));
    pool.server(0).checked(true, NOW);
    assertEquals(Set.of(0), asked(pool, NOW));
  }

  @Test
  void oneThatSucceedsFarLessOftenIsAnOutlier() {
    ServerPool pool = three(new Ejection(0, 0, 30, 0, 10_000, 20, 10_000, 300_000, 50, 30));
    for (int i = 0; i < 40; i++) {
      answer(pool, 0, 200);
      answer(pool, 1, 200);
      answer(pool, 2, i % 2 == 0 ? 200 : 500);
    }
    pool.sweep(NOW);
    assertEquals(Standing.SUCCESS_OUTLIER, pool.server(2).standing(NOW));
    assertEquals(Set.of(0, 1), asked(pool, NOW));
  }

  @Test
  void oneThatIsFarSlowerIsAnOutlier() {
    ServerPool pool = three(new Ejection(0, 0, 0, 300, 10_000, 20, 10_000, 300_000, 50, 30));
    for (int i = 0; i < 40; i++) {
      pool.answered(0, 200, Optional.empty(), 10_000, NOW);
      pool.answered(1, 200, Optional.empty(), 31_000, NOW);
      pool.answered(2, 200, Optional.empty(), 10_000, NOW);
    }
    pool.sweep(NOW);
    assertEquals(Standing.LATENCY_OUTLIER, pool.server(1).standing(NOW));
  }

  @Test
  void fewRequestsAndFewServersAreNotCompared() {
    Ejection rules = Ejection.DEFAULT;
    ServerState.Window bad = new ServerState.Window(19, 0, 1);
    ServerState.Window good = new ServerState.Window(100, 100, 1);
    assertEquals(
        Standing.WELL,
        EjectionPolicy.outliers(new ServerState.Window[] {bad, good, good, good}, rules)[0]);
    ServerState.Window worse = new ServerState.Window(100, 0, 1);
    assertEquals(
        Standing.WELL, EjectionPolicy.outliers(new ServerState.Window[] {worse, good}, rules)[0]);
    assertEquals(
        Standing.SUCCESS_OUTLIER,
        EjectionPolicy.outliers(new ServerState.Window[] {worse, good, good}, rules)[0]);
  }

  @Test
  void aServerThatComesBackGrowsToItsShare() {
    ServerPool pool = three(Ejection.DEFAULT);
    eject(pool, 0, NOW);
    long back = NOW + 10_000;
    assertEquals(0.1, pool.server(0).share(back, 10_000), 1e-9);
    assertEquals(0.5, pool.server(0).share(back + 5_000, 10_000), 1e-9);
    assertEquals(1, pool.server(0).share(back + 10_000, 10_000), 1e-9);
    int[] counts = new int[3];
    for (int i = 0; i < 2100; i++) {
      counts[pool.choose(0, ServerPool.NONE, 0, back)]++;
    }
    assertEquals(100, counts[0], 3);
  }

  @ParameterizedTest
  @CsvSource({
    "503, 7, 7000",
    "503, 100000, 300000",
    "503, 99999999999999, 300000",
    "503, 0, -1",
    "503, -1, -1",
    "503, soon, -1",
    "500, 7, -1",
  })
  void retryAfterIsRespectedWithinABound(int status, String field, long millis) {
    assertEquals(millis, RetryAfter.millis(status, Optional.of(field), NOW).orElse(-1));
  }

  @Test
  void aDateOfRetryAfterIsUnderstood() {
    Optional<String> date = Optional.of("Thu, 01 Jan 1970 00:17:00 GMT");
    assertEquals(20_000, RetryAfter.millis(503, date, NOW).orElse(-1));
    ServerPool pool = three(Ejection.DEFAULT);
    pool.answered(0, 503, Optional.of("2"), 1000, NOW);
    assertEquals(Standing.RETRY_AFTER, pool.server(0).standing(NOW + 1_999));
    assertEquals(Standing.WELL, pool.server(0).standing(NOW + 2_000));
  }

  @Test
  void whatIsKnownOfAServerStaysWhileTheServerStays() {
    OriginTable table = PoolFixture.table();
    SiteConfig before =
        PoolFixture.site(PoolFixture.pool(PoolFixture.servers(1, 1), TURNS, Ejection.DEFAULT));
    table.swap(HashTrie.of(List.of(before), SiteConfig::id));
    ServerPool old = table.of(before).pool("/");
    eject(old, 1, NOW);
    SiteConfig after =
        PoolFixture.site(
            PoolFixture.pool(
                PoolFixture.servers(1, 5, 1),
                PoolFixture.balance(Balance.Algorithm.HASH, Balance.HashBy.URL, ""),
                Ejection.DEFAULT));
    table.swap(HashTrie.of(List.of(after), SiteConfig::id));
    ServerPool next = table.of(after).pool("/");
    assertSame(old.server(1), next.server(1));
    assertFalse(next.server(1).isWell(NOW));
    assertSame(old.server(0), table.of(before).pool("/").server(0), "for who began before");
    table.swap(HashTrie.empty());
    table.swap(HashTrie.of(List.of(after), SiteConfig::id));
    assertNotSame(next.server(1), table.of(after).pool("/").server(1), "it was gone meanwhile");
  }

  @Test
  void aReaderStaysAtAServerByACookieThatSaysNothing() {
    ServerPool pool =
        PoolFixture.of(PoolFixture.servers(1, 1, 1), PoolFixture.sticky(), Ejection.DEFAULT);
    String line = pool.setCookie(2, FieldList.empty()).orElseThrow();
    assertTrue(line.startsWith("stay=") && line.contains("Max-Age=60; HttpOnly"), line);
    assertFalse(line.contains("example"), line);
    String pair = line.substring(0, line.indexOf(';'));
    FieldList fields = FieldList.of("Cookie", "a=b; " + pair);
    assertEquals(2, pool.preferred(fields));
    assertEquals(Optional.empty(), pool.setCookie(2, fields));
    for (int i = 0; i < 10; i++) {
      assertEquals(2, pool.choose(0, 2, 0, NOW));
    }
    pool.server(2).checked(false, NOW);
    for (int i = 0; i < 10; i++) {
      assertTrue(pool.choose(0, 2, 0, NOW) < 2, "it is ill");
    }
    assertEquals(ServerPool.NONE, pool.preferred(FieldList.of("Cookie", "stay=forged")));
  }

  @Test
  void whoeverWasTriedIsNotAskedAgain() {
    ServerPool pool = three(Ejection.DEFAULT);
    assertEquals(2, pool.choose(0b011, ServerPool.NONE, 0, NOW));
    pool.server(2).checked(false, NOW);
    assertEquals(2, pool.choose(0b011, ServerPool.NONE, 0, NOW), "an ill one before none");
    assertEquals(ServerPool.NONE, pool.choose(0b111, ServerPool.NONE, 0, NOW));
    assertTrue(pool.isExhausted(0b111));
    assertFalse(pool.hasOther(0b011, NOW));
  }
}

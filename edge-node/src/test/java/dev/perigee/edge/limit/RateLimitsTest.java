package dev.perigee.edge.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.perigee.contract.RateRule;
import dev.perigee.contract.RateRule.Action;
import dev.perigee.contract.RateRule.Algorithm;
import dev.perigee.contract.RateRule.By;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.table.SipHash;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** A site's rate limits, request by request, on a clock of the test's own. */
final class RateLimitsTest {
  private static final long SECOND = 1_000_000_000;

  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 10 * SECOND);
  private final RateLimits limits = new RateLimits(4096, clock::get, new Random(1));

  private boolean in(SiteConfig site, RequestHead request) {
    return limits.rule(site, request, Rules.NOWHERE, false) instanceof Ruling.LetIn;
  }

  private SiteConfig force(RateRule... rules) {
    SiteConfig site = Rules.site("shop", rules);
    limits.swap(Rules.sites(site));
    return site;
  }

  private void later(long nanos) {
    clock.addAndGet(nanos);
  }

  @Test
  void aClientHasItsBurstAndComesAgainAfterRetryAfter() {
    SiteConfig site = force(Rules.bucket("all", 2, 10, By.ADDRESS));
    assertTrue(in(site, Rules.get("192.0.2.1", "/a")));
    assertTrue(in(site, Rules.get("192.0.2.1", "/b")));
    Ruling ruling = limits.rule(site, Rules.get("192.0.2.1", "/c"), Rules.NOWHERE, false);
    Ruling.Refused refused = assertInstanceOf(Ruling.Refused.class, ruling);
    assertEquals("\"all\";q=2;w=10", refused.policy());
    assertEquals("\"all\";r=0;t=5", refused.state());
    assertEquals(5, refused.retrySeconds());
    assertTrue(in(site, Rules.get("192.0.2.2", "/c")), "another client is another count");
    later(5 * SECOND);
    assertTrue(in(site, Rules.get("192.0.2.1", "/c")));
  }

  @Test
  void aClockThatOverflowsOrAWallClockThatJumpsChangesNothing() {
    SiteConfig site = force(Rules.bucket("all", 1, 20, By.ADDRESS));
    assertTrue(in(site, Rules.get("192.0.2.1", "/")));
    later(15 * SECOND);
    assertTrue(!in(site, Rules.get("192.0.2.1", "/")), "the count of nanoseconds has wrapped");
    later(5 * SECOND);
    assertTrue(in(site, Rules.get("192.0.2.1", "/")));
  }

  @Test
  void eachKindOfKeyTellsRequestsApart() {
    SiteConfig site =
        force(
            Rules.rule("h", Algorithm.TOKEN_BUCKET, 1, 60, By.HEADER, "X-Key"),
            Rules.rule("c", Algorithm.SLIDING_WINDOW, 2, 60, By.COOKIE, "sid"),
            Rules.bucket("t", 3, 60, By.TOKEN));
    String[] first = {"X-Key", "1", "Cookie", "a=b; sid=x", "Authorization", "Bearer u"};
    assertTrue(in(site, Rules.get("192.0.2.1", "/", first)));
    assertTrue(!in(site, Rules.get("192.0.2.9", "/", first)), "the same field");
    assertTrue(in(site, Rules.get("192.0.2.1", "/", "X-Key", "2", "Cookie", "sid=x", "Auth", "")));
    assertTrue(!in(site, Rules.get("192.0.2.1", "/", "X-Key", "3", "Cookie", "sid=x; b=c")));
    assertTrue(in(site, Rules.get("192.0.2.1", "/", "X-Key", "4", "Cookie", "sid=y")));
    SiteConfig tokens = force(Rules.bucket("t", 1, 60, By.TOKEN));
    assertTrue(in(tokens, Rules.get("192.0.2.1", "/", "Authorization", "Bearer  u")));
    assertTrue(!in(tokens, Rules.get("192.0.2.2", "/", "Authorization", "bearer u")));
    assertTrue(in(tokens, Rules.get("192.0.2.2", "/", "Authorization", "Bearer v")));
    assertTrue(in(tokens, Rules.get("192.0.2.2", "/", "Authorization", "Basic u")));
    assertTrue(!in(tokens, Rules.get("192.0.2.3", "/")), "all without a token count together");
  }

  @Test
  void pathsAndCountriesAreKeysToo() {
    SiteConfig site = force(Rules.bucket("p", 1, 60, By.PATH));
    assertTrue(in(site, Rules.get("192.0.2.1", "/a?x=1")));
    assertTrue(!in(site, Rules.get("192.0.2.2", "/a?x=2")), "the query does not count");
    assertTrue(in(site, Rules.get("192.0.2.1", "/b")));
    SiteConfig land = force(Rules.bucket("l", 1, 60, By.COUNTRY));
    RequestHead request = Rules.get("192.0.2.1", "/");
    assertEquals(Ruling.LET_IN, limits.rule(land, request, Rules.place("DE"), false));
    assertEquals(Ruling.LET_IN, limits.rule(land, request, Rules.place("SE"), false));
    Ruling again = limits.rule(land, request, Rules.place("DE"), false);
    assertInstanceOf(Ruling.Refused.class, again);
  }

  @Test
  void onlyWhatFitsPathAndMethodCounts() {
    RateRule one = Rules.bucket("login", 1, 60, By.ALL);
    SiteConfig site =
        force(Rules.with(one, List.of("/login*", "*.php"), List.of("GET"), Action.BLOCK, false));
    assertTrue(in(site, Rules.get("192.0.2.1", "/")));
    assertTrue(in(site, Rules.get("192.0.2.1", "/login?a=.php")));
    assertTrue(in(site, Rules.get("192.0.2.1", "/x?a=.php")), "the query is no part of the path");
    assertTrue(!in(site, Rules.get("192.0.2.1", "/x.php?a")));
    assertTrue(in(site, Rules.get("192.0.2.1", "/logi")));
  }

  @Test
  void whatOnlyLogsLetsInAndSaysSo() {
    RateRule one = Rules.bucket("watch", 1, 60, By.ALL);
    SiteConfig site = force(Rules.with(one, List.of(), List.of(), Action.LOG, false));
    assertEquals(Ruling.LET_IN, limits.rule(site, Rules.get("a", "/"), Rules.NOWHERE, false));
    assertEquals(
        new Ruling.LetIn("", "", "watch"),
        limits.rule(site, Rules.get("a", "/"), Rules.NOWHERE, false));
  }

  @Test
  void eachLimitIsCountedByItsName() {
    RateRule one = Rules.bucket("watch", 1, 60, By.ALL);
    SiteConfig site = force(Rules.with(one, List.of(), List.of(), Action.LOG, false));
    for (int i = 0; i < 3; i++) {
      assertTrue(in(site, Rules.get("192.0.2.1", "/")));
    }
    String text = new LimitMetrics(limits).scrape();
    String labels = "{site=\"shop\",limit=\"watch\",action=\"log\"} ";
    assertTrue(text.contains("perigee_limit_let_in_total" + labels + "1\n"), text);
    assertTrue(text.contains("perigee_limit_over_total" + labels + "2\n"), text);
  }

  @Test
  void whatIsShownSaysWhatIsLeftOfEachLimit() {
    SiteConfig site =
        force(
            Rules.with(
                Rules.bucket("burst", 10, 10, By.ALL), List.of(), List.of(), Action.BLOCK, true),
            Rules.with(
                Rules.rule("hour", Algorithm.SLIDING_WINDOW, 100, 3600, By.ADDRESS, ""),
                List.of(),
                List.of(),
                Action.BLOCK,
                true));
    Ruling ruling = limits.rule(site, Rules.get("192.0.2.1", "/"), Rules.NOWHERE, false);
    Ruling.LetIn let = assertInstanceOf(Ruling.LetIn.class, ruling);
    assertEquals("\"burst\";q=10;w=10, \"hour\";q=100;w=3600", let.policy());
    assertEquals("\"burst\";r=9;t=1, \"hour\";r=99;t=3600", let.state());
  }

  @Test
  void aRuleThatAChangeLeavesGoesOnCounting() {
    RateRule kept = Rules.bucket("kept", 1, 60, By.ALL);
    SiteConfig site = force(kept);
    assertTrue(in(site, Rules.get("192.0.2.1", "/")));
    SiteConfig more = force(kept, Rules.bucket("new", 5, 60, By.ADDRESS));
    assertTrue(!in(more, Rules.get("192.0.2.1", "/")));
    SiteConfig changed = force(Rules.bucket("kept", 2, 60, By.ALL));
    assertTrue(in(changed, Rules.get("192.0.2.1", "/")), "a changed one begins anew");
    limits.swap(Rules.sites());
    assertTrue(in(changed, Rules.get("192.0.2.1", "/")), "a site that is gone has no limits");
  }

  @Test
  void theHashWithoutAnObjectIsTheSame() {
    Random random = new Random(5);
    for (int length = 0; length < 40; length++) {
      String text = "x" + random.nextLong() + random.nextLong() + random.nextLong();
      int to = Math.min(text.length(), 1 + length);
      long number = random.nextLong();
      long expected = new SipHash(3, 4).add(number).add(text, 1, to).end();
      assertEquals(expected, SipHash.of(3, 4, number, text, 1, to));
    }
  }

  @Test
  void aRequestThatIsLetInLeavesNothingToBeCollected() {
    SiteConfig site =
        force(
            Rules.with(
                Rules.bucket("a", 1_000_000, 1, By.ADDRESS),
                List.of("/img/*", "/*"),
                List.of("GET", "HEAD"),
                Action.BLOCK,
                false),
            Rules.rule("w", Algorithm.SLIDING_WINDOW, 1_000_000, 60, By.ADDRESS, ""),
            Rules.bucket("p", 1_000_000, 1, By.PATH),
            Rules.ofFleet(Rules.bucket("f", 1_000_000, 1, By.ADDRESS)),
            Rules.bucket("c", 1_000_000, 1, By.COUNTRY),
            Rules.bucket("all", 1_000_000, 1, By.ALL));
    RequestHead[] requests = new RequestHead[1000];
    for (int i = 0; i < requests.length; i++) {
      String client = i % 2 == 0 ? "192.0.2." + i % 256 : "2001:db8::" + Integer.toHexString(i);
      requests[i] =
          Rules.get(client, "/a/" + i + "?q", "X-Key", "k" + i, "Authorization", "Bearer");
    }
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    run(site, requests, 400_000);
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 5; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      run(site, requests, 20_000);
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    System.out.println("RateLimitsTest: " + least + " bytes for 20000 requests by six limits");
    assertTrue(least < 10_000, least + " bytes for 20000 requests");
  }

  private void run(SiteConfig site, RequestHead[] requests, int count) {
    for (int i = 0; i < count; i++) {
      clock.addAndGet(2_000);
      assertEquals(
          Ruling.LET_IN, limits.rule(site, requests[i % requests.length], Rules.NOWHERE, false));
    }
  }
}

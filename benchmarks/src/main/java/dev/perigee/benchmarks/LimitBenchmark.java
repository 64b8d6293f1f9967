package dev.perigee.benchmarks;

import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.RateRule;
import dev.perigee.contract.RateRule.Action;
import dev.perigee.contract.RateRule.Algorithm;
import dev.perigee.contract.RateRule.By;
import dev.perigee.contract.RateRule.Scope;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.limit.RateLimits;
import dev.perigee.edge.limit.Ruling;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.table.HashTrie;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The decision of a site's one rate limit about a request, with everything that belongs to it: the
 * site's limits, the clock, the hash of what counts, the count. Clients come in an order that no
 * cache foresees.
 */
@State(org.openjdk.jmh.annotations.Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class LimitBenchmark {
  private static final ClientPlace NOWHERE =
      new ClientPlace() {
        @Override
        public String country() {
          return UNKNOWN;
        }

        @Override
        public OptionalLong system() {
          return OptionalLong.empty();
        }
      };

  /** Clients that take turns. */
  @Param({"1000", "100000"})
  public int clients;

  /** What the limit goes by, and whose it is. */
  @Param({"ADDRESS NODE", "HEADER NODE", "ALL NODE", "ADDRESS FLEET"})
  public String kind = "";

  private RateLimits limits = new RateLimits(1, System::nanoTime, new Random(1));
  private SiteConfig none = site();
  private SiteConfig bucket = none;
  private SiteConfig window = none;
  private RequestHead[] requests = {};
  private int next;

  private static SiteConfig site(RateRule... rules) {
    List<OriginUrl> origins = List.of(new OriginUrl("http", "origin.example", 80));
    String id = rules.length == 0 ? "none" : rules[0].name();
    return new SiteConfig(id, List.of("shop.example"), origins, Set.of(), false, false)
        .withLimits(List.of(rules));
  }

  private RateRule rule(String name, Algorithm algorithm) {
    String[] words = kind.split(" ");
    By by = By.valueOf(words[0]);
    return new RateRule(
        name,
        List.of("/img/*", "*.css"),
        List.of(),
        algorithm,
        1_000_000,
        1,
        1_000_000,
        by,
        by.isNamed() ? "X-Key" : "",
        RateRule.IPV6_PREFIX,
        Action.BLOCK,
        algorithm == Algorithm.TOKEN_BUCKET ? Scope.valueOf(words[1]) : Scope.NODE,
        false,
        false);
  }

  /** Three sites, and requests of many clients. */
  @Setup
  public void fill() {
    limits = new RateLimits(RateLimits.COUNTERS, System::nanoTime, new Random(1));
    bucket = site(rule("bucket", Algorithm.TOKEN_BUCKET));
    window = site(rule("window", Algorithm.SLIDING_WINDOW));
    limits.swap(HashTrie.of(List.of(none, bucket, window), SiteConfig::id));
    requests = new RequestHead[clients];
    for (int i = 0; i < clients; i++) {
      int client = (int) (i * 40_503L % clients);
      requests[i] = request((client >> 16) + "." + (client >> 8 & 255) + "." + (client & 255));
    }
  }

  private static RequestHead request(String client) {
    FieldList fields = FieldList.of("Host", "shop.example", "Accept", "*/*", "X-Key", client);
    return new RequestHead(
        "GET",
        "https",
        "shop.example",
        443,
        "/img/a.png?v=1",
        "HTTP/1.1",
        fields,
        "10." + client,
        false);
  }

  private RequestHead request() {
    next = next + 1 == requests.length ? 0 : next + 1;
    return requests[next];
  }

  /** What of the others' time is not the limit's: a node has just read what a request says. */
  @Benchmark
  public int theRequestAlone() {
    RequestHead request = request();
    int sum = request.method().length() + request.target().length();
    String client = request.client();
    for (int i = 0; i < client.length(); i++) {
      sum += client.charAt(i);
    }
    return sum + request.fields().first("X-Key").orElse("").length();
  }

  /** And this is in any of them once. */
  @Benchmark
  public long theClockAlone() {
    return System.nanoTime();
  }

  @Benchmark
  public Ruling noLimit() {
    return limits.rule(none, request(), NOWHERE, false);
  }

  @Benchmark
  public Ruling tokenBucket() {
    return limits.rule(bucket, request(), NOWHERE, false);
  }

  @Benchmark
  public Ruling slidingWindow() {
    return limits.rule(window, request(), NOWHERE, false);
  }
}

package dev.perigee.benchmarks;

import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.KeyRule;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SetCookie;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.policy.Admission;
import dev.perigee.edge.policy.AdmissionPolicy;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Admission of a request and its cache key: with the usual rule, and with one of each kind. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
public class KeyBenchmark {
  private static final ClientPlace PLACE =
      new ClientPlace() {
        @Override
        public String country() {
          return "DE";
        }

        @Override
        public OptionalLong system() {
          return OptionalLong.empty();
        }
      };

  private final AdmissionPolicy policy = new AdmissionPolicy("perigee");
  private final SiteConfig usual = site(CachePolicy.DEFAULT);
  private final SiteConfig ruled =
      site(
          new CachePolicy(
              List.of(),
              true,
              new KeyRule(
                  KeyRule.Query.EXCEPT,
                  List.of("utm_*", "fbclid"),
                  true,
                  List.of("x-variant"),
                  List.of("lang"),
                  true,
                  true),
              10_000,
              10_000,
              0,
              100,
              SetCookie.EXPLICIT));
  private final RequestHead request =
      new RequestHead(
          "GET",
          "https",
          "www.shop.example",
          443,
          "/search?q=shoes&page=2&utm_source=mail&sort=price",
          "HTTP/1.1",
          FieldList.of(
              "Accept", "text/html,application/xhtml+xml",
              "Accept-Encoding", "gzip, br",
              "Cookie", "session=0123456789abcdef; lang=de",
              "User-Agent", "Mozilla/5.0 (Linux; Android 15) Mobile Safari/537.36"),
          "192.0.2.1",
          false);

  private static SiteConfig site(CachePolicy policy) {
    return new SiteConfig(
        "shop",
        List.of("www.shop.example"),
        List.of(new OriginUrl("https", "origin.example", 443)),
        Set.of(),
        false,
        false,
        policy);
  }

  /** Nothing decided by the owner. */
  @Benchmark
  public Admission usual() {
    return policy.admit(request, PLACE, usual, "www.shop.example");
  }

  /** Query, header, cookie, device and country in the key. */
  @Benchmark
  public Admission ruled() {
    return policy.admit(request, PLACE, ruled, "www.shop.example");
  }
}

package dev.perigee.benchmarks;

import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.cache.HttpDate;
import dev.perigee.edge.cache.Lookup;
import dev.perigee.edge.cache.LookupPolicy;
import dev.perigee.edge.cache.StoragePolicy;
import dev.perigee.edge.cache.StoragePolicy.Storage;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.collapse.FlightTable;
import dev.perigee.edge.geo.GeoLocator;
import dev.perigee.edge.limit.RateLimits;
import dev.perigee.edge.limit.Ruling;
import dev.perigee.edge.policy.Admission;
import dev.perigee.edge.policy.AdmissionPolicy;
import dev.perigee.edge.policy.LoadConfig;
import dev.perigee.edge.policy.LoadTable;
import dev.perigee.edge.policy.SiteLoad;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.RequestId;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.respond.CacheStatus;
import dev.perigee.edge.respond.OutgoingFields;
import dev.perigee.edge.respond.RangePolicy;
import dev.perigee.edge.respond.coding.AcceptEncoding;
import dev.perigee.edge.respond.coding.NotCodedReason;
import dev.perigee.edge.routing.RouteTable;
import dev.perigee.edge.routing.Routed;
import dev.perigee.edge.telemetry.EdgeMetrics;
import dev.perigee.edge.telemetry.RequestRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Each stage of a hit from memory by itself, in the order of a request, between the server that
 * parses it and the one that writes the answer. What is found is the business of {@link
 * StoreBenchmark}. A test holds what each leaves to the collector to {@code allocation.properties}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class HitPathBenchmark {
  private static final long NOW = 1_800_000_000_000L;
  private static final int SITES = 1_000;
  private static final int BODY = 1024;
  private static final String HOST = "www.shop.example";
  private static final String NODE = "perigee";

  private final SiteConfig site = site("shop", HOST);
  private final RouteTable routes = RouteTable.of("cdn.example", sites());
  private final LoadTable load = new LoadTable(LoadConfig.DEFAULT, System::nanoTime);
  private final AdmissionPolicy admission = new AdmissionPolicy(NODE);
  private final RateLimits limits = new RateLimits(1, System::nanoTime, new Random(1));
  private final ClientPlace place = new GeoLocator().place("192.0.2.1");
  private final CacheKey key = CacheKey.of("shop", HOST, "/assets/site.css?v=7");
  private final RequestHead request = request();
  private final FlightTable flights = new FlightTable(1_000);
  private final ResponseHead response = response();
  private final StoredMeta meta = meta();
  private final List<StoredResponse> stored = List.of(new Found(meta));
  private final CacheStatus status = CacheStatus.hit(NODE, 3_000);
  private final EdgeMetrics metrics = new EdgeMetrics();
  private final RequestId id = RequestId.from(() -> "0123456789abcdef0123456789abcdef");
  private final RequestRecord ended = record();

  private static SiteConfig site(String id, String host) {
    return new SiteConfig(
        id,
        List.of(host),
        List.of(new OriginUrl("https", "origin.example", 443)),
        Set.of(),
        false,
        false,
        CachePolicy.DEFAULT);
  }

  private List<SiteConfig> sites() {
    List<SiteConfig> all = new ArrayList<>(List.of(site));
    for (int i = 0; i < SITES; i++) {
      all.add(site("s" + i, "www.s" + i + ".example"));
    }
    return all;
  }

  private RequestHead request() {
    FieldList fields =
        FieldList.of(
            "Accept", "text/css,*/*;q=0.1",
            "Accept-Encoding", "gzip, deflate, br, zstd",
            "Accept-Language", "de,en-US;q=0.7,en;q=0.3",
            "User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Firefox/145.0");
    return new RequestHead(
        "GET", "https", HOST, 443, key.target(), "HTTP/1.1", fields, "192.0.2.1", false);
  }

  private StoredMeta meta() {
    return switch (storage()) {
      case Storage.Storable(StoredMeta kept) -> kept;
      case Storage.NotStorable(var reason) -> throw new IllegalStateException(reason.sentence());
    };
  }

  private static ResponseHead response() {
    FieldList fields =
        FieldList.of(
            "Date", HttpDate.format(NOW),
            "Content-Type", "text/css",
            "Cache-Control", "public, max-age=3600",
            "ETag", "\"5f2a-63bd\"",
            "Vary", "Accept-Encoding");
    return new ResponseHead(200, fields);
  }

  private RequestRecord record() {
    return new RequestRecord(
        "192.0.2.1",
        place,
        "GET",
        "https",
        HOST,
        key.target(),
        "shop",
        200,
        BODY,
        50_000,
        id,
        RequestRecord.Outcome.HIT,
        "",
        "");
  }

  private record Found(StoredMeta meta) implements StoredResponse {
    @Override
    public long id() {
      return 1;
    }

    @Override
    public long length() {
      return BODY;
    }

    @Override
    public Optional<StoredBody> open() {
      return Optional.empty();
    }
  }

  /** The site of a host, among a thousand. */
  @Benchmark
  public Routed route() {
    return routes.route(HOST);
  }

  /** The site's share of the node, taken and given back. */
  @Benchmark
  public Optional<SiteLoad> load() {
    Optional<SiteLoad> one = load.ask(site, true);
    one.ifPresent(SiteLoad::asked);
    return one;
  }

  /** Whether it may come in, and its cache key. */
  @Benchmark
  public Admission admit() {
    return admission.admit(request, place, site, HOST);
  }

  /** Rate limits of a site that has none. */
  @Benchmark
  public Ruling limit() {
    return limits.rule(site, request, place, false);
  }

  /** What a fetch that ends meanwhile is told by. */
  @Benchmark
  public int landed() {
    return flights.landed(key);
  }

  /** What the reader takes. */
  @Benchmark
  public String negotiate() {
    return AcceptEncoding.of(request.fields()).normal();
  }

  /** Whether what was found answers it. */
  @Benchmark
  public Lookup lookup() {
    return LookupPolicy.lookup(request, stored, NOW + 5_000);
  }

  /** All of it or which parts. */
  @Benchmark
  public RangePolicy.Ranged range() {
    return RangePolicy.decide(request, meta.head(), BODY);
  }

  /** The text of Cache-Status. */
  @Benchmark
  public String cacheStatus() {
    return CacheStatus.hit(NODE, 3_000).text();
  }

  /** The fields as they go out. */
  @Benchmark
  public FieldList fields() {
    FieldList all = meta.outgoing(one -> OutgoingFields.of(one, NODE));
    return OutgoingFields.aged(all, 5, status, NotCodedReason.OFF);
  }

  /** What is known of it in the end, counted. */
  @Benchmark
  public long count() {
    metrics.ended(ended);
    return ended.bytes();
  }

  /** No stage of a hit, but what makes them short: once for each response that is stored. */
  @Benchmark
  public Storage storage() {
    return StoragePolicy.decide(request, key, response, NOW, NOW, 0);
  }
}

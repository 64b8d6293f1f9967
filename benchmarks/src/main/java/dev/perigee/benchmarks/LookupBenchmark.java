package dev.perigee.benchmarks;

import dev.perigee.edge.cache.HttpDate;
import dev.perigee.edge.cache.Lookup;
import dev.perigee.edge.cache.LookupPolicy;
import dev.perigee.edge.cache.StoragePolicy;
import dev.perigee.edge.cache.StoragePolicy.Storage;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import java.util.List;
import java.util.Optional;
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

/** What the cache decides for each hit, and once for each response that it stores. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class LookupBenchmark {
  private static final long NOW = 1_800_000_000_000L;

  private final CacheKey key = CacheKey.of("shop", "www.shop.example", "/assets/site.css");
  private final RequestHead request = request();
  private final ResponseHead response = response();
  private final List<StoredResponse> stored = List.of(new Found(meta()));

  /** The decision for a request such as a browser sends, over a fresh stored response. */
  @Benchmark
  public Lookup hit() {
    return LookupPolicy.lookup(request, stored, NOW + 5_000);
  }

  /** Whether a response may be stored, with all that is worked out once. */
  @Benchmark
  public Storage storage() {
    return StoragePolicy.decide(request, key, response, NOW, NOW, 0);
  }

  private StoredMeta meta() {
    return switch (storage()) {
      case Storage.Storable(StoredMeta meta) -> meta;
      case Storage.NotStorable(var reason) -> throw new IllegalStateException(reason.sentence());
    };
  }

  private RequestHead request() {
    FieldList fields =
        FieldList.builder()
            .add("Accept", "text/css,*/*;q=0.1")
            .add("Accept-Encoding", "gzip, deflate, br, zstd")
            .add("Accept-Language", "de,en-US;q=0.7,en;q=0.3")
            .add(
                "User-Agent",
                "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0")
            .build();
    return new RequestHead(
        "GET", "https", key.host(), 443, key.target(), "HTTP/1.1", fields, "192.0.2.1", false);
  }

  private static ResponseHead response() {
    FieldList fields =
        FieldList.builder()
            .add("Date", HttpDate.format(NOW))
            .add("Content-Type", "text/css")
            .add("Cache-Control", "public, max-age=3600, stale-while-revalidate=60")
            .add("ETag", "\"5f2a-63bd\"")
            .add("Last-Modified", HttpDate.format(NOW - 86_400_000))
            .add("Vary", "Accept-Encoding")
            .add("Surrogate-Key", "css site shop")
            .build();
    return new ResponseHead(200, fields);
  }

  private record Found(StoredMeta meta) implements StoredResponse {
    @Override
    public long id() {
      return 1;
    }

    @Override
    public long length() {
      return 0;
    }

    @Override
    public Optional<StoredBody> open() {
      return Optional.empty();
    }
  }
}

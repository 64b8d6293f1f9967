package dev.perigee.benchmarks;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.UrlNormaliser;
import dev.perigee.contract.sync.v1.ControlMessage;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What the contract costs: normalising a target, once for each request, and coding an update. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class ContractBenchmark {
  /** A target that is in normal form already, the usual case, and one that needs work. */
  @State(Scope.Benchmark)
  public static class Target {
    @Param({"/assets/site.css?v=20261101", "/a/./b/../c%7Ed/%e2%82%ac?q=%41&r=2"})
    public String text = "";
  }

  private final FromControl update = update();
  private final ControlMessage message = SyncCodec.encode(update);

  @Benchmark
  public Optional<String> normaliseTarget(Target target) {
    return UrlNormaliser.target(target.text);
  }

  @Benchmark
  public ControlMessage encodeUpdate() {
    return SyncCodec.encode(update);
  }

  @Benchmark
  public FromControl decodeUpdate() {
    return SyncCodec.decode(message);
  }

  private static FromControl update() {
    SiteConfig site =
        new SiteConfig(
            "shop",
            List.of("www.shop.example", "*.img.shop.example"),
            List.of(new OriginUrl("https", "origin.shop.example", 443)),
            Set.of(),
            false,
            false);
    return new FromControl.Update(
        "n1", 7, 6, 0, true, List.of(site), List.of(), List.of(), List.of(), "cdn.example");
  }
}

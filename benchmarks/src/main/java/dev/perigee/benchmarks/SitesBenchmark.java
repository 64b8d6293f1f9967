package dev.perigee.benchmarks;

import dev.perigee.edge.table.HashTrie;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The look-up of a host that every request does, in the map that shares its structure and in the
 * JDK's; and one change of either. Hosts are texts of their own, as a request's is, in an order
 * that no cache foresees.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class SitesBenchmark {
  /** Hosts in the map. */
  @Param({"10", "100000"})
  public int hosts;

  private HashTrie<Integer> trie = HashTrie.empty();
  private Map<String, Integer> map = new HashMap<>();
  private String[] asked = {};
  private int next;

  /** Fills both with the same. */
  @Setup
  public void fill() {
    map = new HashMap<>();
    asked = new String[hosts];
    for (int i = 0; i < hosts; i++) {
      map.put("www.site-" + i + ".example", i);
    }
    for (int i = 0; i < hosts; i++) {
      asked[i] = "www.site-" + (int) (i * 40_503L % hosts) + ".example";
    }
    trie = HashTrie.copyOf(map);
  }

  private String host() {
    next = next + 1 == asked.length ? 0 : next + 1;
    return asked[next];
  }

  @Benchmark
  public @Nullable Integer hashMap() {
    return map.get(host());
  }

  @Benchmark
  public @Nullable Integer hashTrie() {
    return trie.find(host());
  }

  @Benchmark
  public HashTrie<Integer> change() {
    return trie.with(host(), -1);
  }
}

package dev.perigee.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;

/**
 * What each stage of a hit leaves to the collector is what {@code allocation.properties} says, to
 * the byte. Counted, not timed, and without a compiler that takes objects away: the same on every
 * machine with this JDK's layout of objects.
 */
class HitPathAllocationTest {
  private static final int WARM = 5_000;
  private static final int COUNTED = 10_000;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final HitPathBenchmark stages = new HitPathBenchmark();
  private final Map<String, Supplier<Object>> all =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("route", stages::route),
              Map.entry("load", stages::load),
              Map.entry("admit", stages::admit),
              Map.entry("limit", stages::limit),
              Map.entry("negotiate", stages::negotiate),
              Map.entry("lookup", stages::lookup),
              Map.entry("range", stages::range),
              Map.entry("storage", stages::storage),
              Map.entry("cacheStatus", stages::cacheStatus),
              Map.entry("fields", stages::fields),
              Map.entry("landed", () -> stages.landed() < 0 ? "" : "a count"),
              Map.entry("count", () -> stages.count() < 0 ? "" : "a count")));

  @Test
  void aStageOfAHitLeavesNoMoreThanItDid() throws Exception {
    Properties known = new Properties();
    try (InputStream in =
        HitPathAllocationTest.class.getResourceAsStream("allocation.properties")) {
      known.load(in);
    }
    Map<String, String> found = new TreeMap<>();
    all.forEach((name, stage) -> found.put(name, Long.toString(bytesEach(stage))));
    assertEquals(
        new TreeMap<Object, Object>(known),
        new TreeMap<Object, Object>(found),
        "bytes by stage; where a change comes to less, write that down");
  }

  @Test
  void everyStageOfTheBenchmarkIsHeld() {
    assertEquals(
        Arrays.stream(HitPathBenchmark.class.getDeclaredMethods())
            .filter(method -> method.isAnnotationPresent(Benchmark.class))
            .map(Method::getName)
            .sorted()
            .toList(),
        all.keySet().stream().toList());
  }

  private static long bytesEach(Supplier<Object> stage) {
    run(stage, WARM);
    long thread = Thread.currentThread().threadId();
    long before = THREADS.getThreadAllocatedBytes(thread);
    run(stage, COUNTED);
    return (THREADS.getThreadAllocatedBytes(thread) - before) / COUNTED;
  }

  private static void run(Supplier<Object> stage, int times) {
    for (int i = 0; i < times; i++) {
      if (stage.get() == null) {
        throw new AssertionError("nothing came of it");
      }
    }
  }
}

package dev.perigee.edge.store;

import dev.perigee.edge.store.Simulations.Simulation;
import dev.perigee.edge.store.Traces.Trace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongFunction;
import org.jspecify.annotations.NullMarked;

/**
 * Hit ratios of the store's eviction beside others on the same traces: prints a table and writes a
 * plot. {@code java -cp 'benchmarks/target/perigee-benchmarks-*.jar:benchmarks/target/lib/*'
 * dev.perigee.edge.store.EvictionStudy plot.svg}
 */
@NullMarked
final class EvictionStudy {
  private static final int UNIT = 4096;
  private static final int WARM_UP = Traces.REQUESTS / 4;
  private static final int[] PERCENT = {1, 5, 20};

  /** Points that the best of the others may be ahead. */
  private static final double GOAL = 1.0;

  private EvictionStudy() {}

  /** Hit ratios after the warm-up, by objects and by bytes. */
  record Ratio(double objects, double bytes) {}

  /** One trace at one size. */
  record Row(String trace, int percent, Map<String, Ratio> ratios) {}

  public static void main(String[] args) throws IOException {
    Map<String, LongFunction<Simulation>> caches = new LinkedHashMap<>();
    caches.put("LRU", Simulations::lru);
    caches.put("Caffeine", Simulations::caffeine);
    caches.put("SIEVE", Simulations::sieve);
    caches.put("S3-FIFO", Simulations::s3Fifo);
    caches.put("Perigee", Simulations::own);
    List<Trace> traces =
        List.of(
            Traces.withOneHitWonders("Zipf 0.8, one-hit wonders", 0.8, false, 1),
            Traces.withOneHitWonders("Zipf 1.0, one-hit wonders", 1.0, false, 2),
            Traces.withScans("Zipf 0.9, scans", 3),
            Traces.withOneHitWonders("Sizes of web objects", 0.9, true, 4),
            Traces.withShifts("Shifting popularity", 5));
    List<Row> rows = new ArrayList<>();
    System.out.println("| trace | size | " + String.join(" | ", caches.keySet()) + " | behind |");
    System.out.println("|---|---|" + "---|".repeat(caches.size() + 1));
    for (Trace trace : traces) {
      long footprint = trace.footprint();
      for (int percent : PERCENT) {
        Map<String, Ratio> ratios = new LinkedHashMap<>();
        caches.forEach(
            (name, cache) -> ratios.put(name, run(trace, cache.apply(footprint / 100 * percent))));
        Row row = new Row(trace.name(), percent, ratios);
        rows.add(row);
        System.out.println(line(row));
      }
    }
    if (args.length > 0) {
      Files.writeString(Path.of(args[0]), Plot.of(rows));
    }
    if (rows.stream().anyMatch(row -> Math.max(behind(row)[0], behind(row)[1]) > GOAL)) {
      System.err.println("behind by more than " + GOAL + " points");
      System.exit(1);
    }
  }

  private static Ratio run(Trace trace, Simulation cache) {
    long hits = 0;
    long hitBytes = 0;
    long asked = 0;
    long askedBytes = 0;
    for (int i = 0; i < trace.objects().length; i++) {
      int object = trace.objects()[i];
      int bytes = trace.bytes()[object];
      boolean hit = cache.ask(object, (long) (bytes + UNIT - 1) / UNIT * UNIT);
      if (i >= WARM_UP) {
        asked++;
        askedBytes += bytes;
        hits += hit ? 1 : 0;
        hitBytes += hit ? bytes : 0;
      }
    }
    return new Ratio(100.0 * hits / asked, 100.0 * hitBytes / askedBytes);
  }

  private static String line(Row row) {
    StringBuilder line = new StringBuilder("| " + row.trace + " | " + row.percent + " % |");
    row.ratios.forEach(
        (name, ratio) ->
            line.append(String.format(Locale.ROOT, " %.1f / %.1f |", ratio.objects, ratio.bytes)));
    double[] behind = behind(row);
    return line.append(String.format(Locale.ROOT, " %.1f / %.1f |", behind[0], behind[1]))
        .toString();
  }

  /** How many points the best of LRU, Caffeine and S3-FIFO is ahead of the store. */
  private static double[] behind(Row row) {
    double objects = 0;
    double bytes = 0;
    Ratio own = row.ratios.getOrDefault("Perigee", new Ratio(0, 0));
    for (String peer : List.of("LRU", "Caffeine", "S3-FIFO")) {
      Ratio ratio = row.ratios.getOrDefault(peer, own);
      objects = Math.max(objects, ratio.objects - own.objects);
      bytes = Math.max(bytes, ratio.bytes - own.bytes);
    }
    return new double[] {objects, bytes};
  }
}

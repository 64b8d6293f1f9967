package dev.perigee.benchmarks.sync;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How fast one purge, and one change, is everywhere, and how many purges a second a control plane
 * brings to so many edges. Run in the built tree:
 *
 * <pre>
 * java -Xmx4g -cp 'benchmarks/target/perigee-benchmarks-0.1.0-SNAPSHOT.jar:benchmarks/target/lib/*' \
 *   dev.perigee.benchmarks.sync.SyncStudy prepare FOLDER NODES
 * … SyncStudy run FOLDER EDGES RATE,RATE… [PLOT.svg]
 * </pre>
 *
 * <p>{@code prepare} provisions and enrols the nodes once; {@code run} takes as many of them as it
 * says. Everything is bounded in count and time, and speaks to loopback alone.
 */
public final class SyncStudy {
  private static final int SITES = 10;
  private static final int PURGES = 60;
  private static final int CHANGES = 30;
  private static final int IDLE_SECONDS = 10;
  private static final int PATIENCE_SECONDS = 120;
  private static final int SUSTAINED_SECONDS = 20;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

  private final StudyControl control;
  private final SimulatedFleet fleet;

  private SyncStudy(StudyControl control, SimulatedFleet fleet) {
    this.control = control;
    this.fleet = fleet;
  }

  /** Runs one of the two commands. */
  public static void main(String[] args) throws Exception {
    if (args.length == 3 && args[0].equals("prepare")) {
      prepare(Path.of(args[1]), Integer.parseInt(args[2]));
    } else if ((args.length == 4 || args.length == 5) && args[0].equals("run")) {
      List<Integer> rates = Arrays.stream(args[3].split(",")).map(Integer::valueOf).toList();
      String plot = args.length == 5 ? args[4] : "";
      run(Path.of(args[1]), Integer.parseInt(args[2]), rates, plot);
    } else {
      System.err.println("prepare FOLDER NODES | run FOLDER EDGES RATE,RATE… [PLOT.svg]");
      System.exit(2);
    }
    System.exit(0);
  }

  private static void prepare(Path folder, int nodes)
      throws IOException, InterruptedException, GeneralSecurityException {
    Files.createDirectories(folder);
    try (StudyControl control = StudyControl.start(folder, List.of("-Xmx2g"))) {
      long start = System.nanoTime();
      Identities.enrol(control, nodes).save(folder);
      for (int i = 0; i < SITES; i++) {
        control.ask("POST", "/v1/sites", site(i, 0));
      }
      print("%d nodes enrolled in %.1f s".formatted(nodes, since(start)));
    }
  }

  private static String site(int number, int round) {
    return "{\"id\":\"site-%d\",\"hosts\":[\"www.site-%d.example\"],\"origins\":[\"%s\"]}"
        .formatted(number, number, "https://origin-" + round + ".example");
  }

  private static void run(Path folder, int edges, List<Integer> rates, String plot)
      throws IOException, InterruptedException, GeneralSecurityException {
    requireFiles(edges);
    if (!Identities.areIn(folder)) {
      throw new IOException("prepare " + folder + " first");
    }
    List<String> jvm = new ArrayList<>(List.of("-Xmx2g"));
    String more = System.getProperty("study.jvm", "");
    jvm.addAll(Arrays.stream(more.split(" ")).filter(option -> !option.isEmpty()).toList());
    try (StudyControl control = StudyControl.start(folder, jvm);
        SimulatedFleet fleet = new SimulatedFleet(Identities.load(folder), edges, control.port())) {
      SyncStudy study = new SyncStudy(control, fleet);
      print(
          "%d edges; load %s".formatted(edges, Files.readString(Path.of("/proc/loadavg")).strip()));
      print(
          "connected and current after %.1f s; %s".formatted(fleet.connect(300), fleet.trouble()));
      study.idle();
      List<double[]> purges = study.purges();
      List<double[]> changes = study.changes();
      List<SyncPlot.Lags> lags = new ArrayList<>();
      for (int rate : rates) {
        lags.add(study.sustained(rate));
      }
      print("%s".formatted(control.memory()));
      if (!plot.isEmpty()) {
        Files.writeString(Path.of(plot), SyncPlot.of(edges, purges, changes, lags));
      }
    }
  }

  /** Every edge is an open file here and in the control plane. */
  private static void requireFiles(int edges) throws IOException {
    String limits = Files.readString(Path.of("/proc/self/limits"));
    Matcher open = Pattern.compile("Max open files\\s+([0-9]+)").matcher(limits);
    long most = open.find() ? Long.parseLong(open.group(1)) : Long.MAX_VALUE;
    if (most < edges + 1_000) {
      throw new IOException(
          "%d files may be open, and %d edges need %d: ulimit -n %d"
              .formatted(most, edges, edges + 1_000, edges + 1_000));
    }
  }

  private void idle() throws IOException, InterruptedException {
    print("%s".formatted(control.memory()));
    double[] before = control.processorSeconds();
    double own = ownSeconds();
    LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(IDLE_SECONDS));
    double[] after = control.processorSeconds();
    print(
        "at rest: processors busy: control plane %.2f, database %.2f, edges %.2f; %s"
            .formatted(
                (after[0] - before[0]) / IDLE_SECONDS,
                (after[1] - before[1]) / IDLE_SECONDS,
                (ownSeconds() - own) / IDLE_SECONDS,
                fleet.trouble()));
  }

  private static double ownSeconds() {
    return ProcessHandle.current()
        .info()
        .totalCpuDuration()
        .map(spent -> spent.toMillis() / 1000.0)
        .orElse(0.0);
  }

  private String purge(int site, long tag) throws IOException, InterruptedException {
    String body = "{\"site\":\"site-%d\",\"tag\":\"product-%d\"}".formatted(site % SITES, tag);
    return control.ask("POST", "/v1/purges", body);
  }

  /** One purge after the other; of each the milliseconds from the answer to each node. */
  private List<double[]> purges() throws IOException, InterruptedException {
    List<double[]> all = new ArrayList<>();
    double[] asked = new double[PURGES];
    long number = StudyControl.number(purge(0, 0), "number");
    awaitPurge(number);
    List<Long> receipts = new ArrayList<>();
    for (int i = 0; i < PURGES; i++) {
      LockSupport.parkNanos(PAUSE_NANOS);
      Arrivals watch = fleet.watchPurge(++number);
      long start = System.nanoTime();
      String answer = purge(i, number);
      long answered = System.nanoTime();
      if (StudyControl.number(answer, "number") != number || !watch.await(PATIENCE_SECONDS)) {
        throw new IOException("purge " + number + " did not come everywhere: " + fleet.trouble());
      }
      double[] millis = watch.millisAfter(answered);
      all.add(millis);
      asked[i] = watch.millisAfter(start)[millis.length - 1];
      String id = StudyControl.text(answer, "id");
      receipts.add(maxOfReceipt(id));
    }
    double[] last = last(all);
    print(
        "purges: the last of %d nodes has it, ms after the answer: %s"
            .formatted(nodes(), spread(last)));
    print("purges: the same after the request: %s".formatted(spread(sorted(asked))));
    print("purges: each node: %s".formatted(spread(joined(all))));
    print(
        "purges: slowest node by the receipts: %s; %s"
            .formatted(
                spread(sorted(receipts.stream().mapToDouble(Long::doubleValue).toArray())),
                fleet.trouble()));
    return all;
  }

  /** The slowest acknowledgement by the receipt, once nothing more is written. */
  private long maxOfReceipt(String id) throws IOException, InterruptedException {
    String receipt = "";
    for (int tries = 0; tries < 50; tries++) {
      receipt = control.ask("GET", "/v1/purges/" + id, "");
      Matcher counted = Pattern.compile("\"acknowledgements\":\\s*([0-9]+)").matcher(receipt);
      if (counted.find() && Long.parseLong(counted.group(1)) >= nodes()) {
        break;
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    return StudyControl.number(receipt, "maxMillis");
  }

  private void awaitPurge(long number) throws IOException {
    long start = System.nanoTime();
    while (fleet.leastPurge() < number) {
      if (since(start) > PATIENCE_SECONDS) {
        throw new IOException("purge " + number + " did not come everywhere: " + fleet.trouble());
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  /**
   * One change of a site after the other; of each the milliseconds from the answer to each node.
   */
  private List<double[]> changes() throws IOException, InterruptedException {
    List<double[]> all = new ArrayList<>();
    for (int i = 0; i < CHANGES; i++) {
      LockSupport.parkNanos(PAUSE_NANOS);
      long revision = fleet.edges().getFirst().revision();
      Arrivals watch = fleet.watchRevision(revision + 1);
      control.ask("PUT", "/v1/sites/site-" + i % SITES, site(i % SITES, i + 1 + (int) revision));
      long answered = System.nanoTime();
      if (!watch.await(PATIENCE_SECONDS)) {
        throw new IOException("a change did not come everywhere: " + fleet.trouble());
      }
      all.add(watch.millisAfter(answered));
    }
    print("changes: the last node has it, ms after the answer: %s".formatted(spread(last(all))));
    print("changes: each node: %s; %s".formatted(spread(joined(all)), fleet.trouble()));
    return all;
  }

  /** Purges at a rate, whatever becomes of them; how far the last node is behind. */
  private SyncPlot.Lags sustained(int rate) throws IOException, InterruptedException {
    double[] before = control.processorSeconds();
    double own = ownSeconds();
    PurgeLoad load = new PurgeLoad(this::purge, rate, SUSTAINED_SECONDS);
    SyncPlot.Lags lags = load.run(fleet::leastPurge, PATIENCE_SECONDS);
    double[] after = control.processorSeconds();
    double[] millis = lags.millis().stream().mapToDouble(Double::doubleValue).sorted().toArray();
    print(
        ("sustained: %d/s wanted, %.0f/s issued, %d refused; everywhere, ms after the answer: %s;"
                + " caught up %.1f s after the end")
            .formatted(rate, load.rate(), load.refused(), spread(millis), load.tailSeconds()));
    print(
        "sustained: processor seconds: control plane %.1f, database %.1f, edges and load %.1f; %s"
            .formatted(
                after[0] - before[0], after[1] - before[1], ownSeconds() - own, fleet.trouble()));
    return lags;
  }

  private int nodes() {
    return fleet.edges().size();
  }

  private static double[] last(List<double[]> all) {
    return sorted(all.stream().mapToDouble(millis -> millis[millis.length - 1]).toArray());
  }

  private static double[] joined(List<double[]> all) {
    return sorted(all.stream().flatMapToDouble(Arrays::stream).toArray());
  }

  private static double[] sorted(double[] values) {
    double[] copy = values.clone();
    Arrays.sort(copy);
    return copy;
  }

  /** Of ascending values. */
  private static String spread(double[] of) {
    return of.length == 0
        ? "none"
        : "p50 %.0f, p99 %.0f, most %.0f".formatted(at(of, 0.5), at(of, 0.99), at(of, 1));
  }

  static double at(double[] ascending, double share) {
    int rank = Math.max(1, (int) Math.ceil(share * ascending.length));
    return ascending[rank - 1];
  }

  private static double since(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }

  private static void print(String line) {
    System.out.println(line);
  }
}

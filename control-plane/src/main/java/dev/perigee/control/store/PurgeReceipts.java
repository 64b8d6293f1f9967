package dev.perigee.control.store;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jdbi.v3.core.Handle;

/**
 * How far purges have come over the nodes that are provisioned now, from what all control planes on
 * the database were told.
 */
public final class PurgeReceipts {
  /** What another control plane writes is seen so late at most. */
  private static final long LOOK_MILLIS = 200;

  private static final long NAMES_MILLIS = 1_000;

  /** So few nodes are asked for each time. */
  private static final int FEW = 100;

  private final Database database;
  private final PurgeAcks acks;
  private final InstantSource clock;
  private final AtomicBoolean reading = new AtomicBoolean();
  private volatile Names names = new Names(0, List.of());

  /** Names of the nodes that are provisioned, and when that was read. */
  private record Names(long readMillis, List<String> nodes) {}

  /**
   * Receipts from a database.
   *
   * @param acks whoever writes acknowledgements here, and so knows first
   */
  public PurgeReceipts(Database database, PurgeAcks acks, InstantSource clock) {
    this.database = database;
    this.acks = acks;
    this.clock = clock;
  }

  /**
   * How long nodes took from the purge's commit.
   *
   * @param acknowledgements that were timed: each node's first one, while it was connected
   */
  public record Timing(long acknowledgements, long p50Millis, long p99Millis, long maxMillis) {}

  /**
   * How far one purge has come.
   *
   * @param applied names of nodes that have it in force
   * @param late names of nodes that are not known to have it in force, connected or not
   * @param timing empty before the first acknowledgement
   */
  public record Receipt(
      long number, List<String> applied, List<String> late, Optional<Timing> timing) {
    /** Copies the lists. */
    public Receipt {
      applied = List.copyOf(applied);
      late = List.copyOf(late);
    }

    public boolean isComplete() {
      return late.isEmpty();
    }
  }

  /**
   * The receipt of a purge that was issued just now: nobody has applied it. Of many nodes they are
   * those of a second ago, so that hundreds of purges a second do not ask for thousands of nodes
   * each.
   */
  public Receipt begun(long number) {
    Names now = names;
    long millis = clock.millis();
    boolean few = now.nodes().size() < FEW;
    boolean old = Math.abs(millis - now.readMillis()) >= NAMES_MILLIS;
    // One reads for all: who comes meanwhile takes what there is.
    if (few || (old && reading.compareAndSet(false, true))) {
      try {
        now = new Names(millis, List.copyOf(database.read(PurgeReceipts::nodes).keySet()));
        names = now;
      } finally {
        reading.set(false);
      }
    }
    return new Receipt(number, List.of(), now.nodes(), Optional.empty());
  }

  public Receipt receipt(long number) {
    return receipts(List.of(number)).getFirst();
  }

  /** The receipts of these purges, in their order. */
  public List<Receipt> receipts(List<Long> numbers) {
    return database.inTransaction(
        handle -> {
          Map<String, Long> nodes = nodes(handle);
          Map<Long, AckTimes> times = times(handle, numbers);
          return numbers.stream()
              .map(number -> receipt(number, nodes, Optional.ofNullable(times.get(number))))
              .toList();
        });
  }

  /** Waits until every provisioned node has it in force or the time is over. */
  public Receipt await(long number, Duration timeout) throws InterruptedException {
    long end = clock.millis() + timeout.toMillis();
    for (long left = timeout.toMillis(); left > 0; left = end - clock.millis()) {
      long seen = acks.writes();
      if (isComplete(number)) {
        break;
      }
      acks.awaitWrite(seen, Math.min(left, LOOK_MILLIS));
    }
    return receipt(number);
  }

  private boolean isComplete(long number) {
    return database.read(
        handle ->
            handle
                .createQuery(
                    "SELECT NOT EXISTS (SELECT 1 FROM node n LEFT JOIN node_purge p"
                        + " ON p.node = n.name WHERE coalesce(p.applied, 0) < ?)")
                .bind(0, number)
                .mapTo(Boolean.class)
                .one());
  }

  private static Receipt receipt(long number, Map<String, Long> nodes, Optional<AckTimes> times) {
    List<String> applied = new ArrayList<>();
    List<String> late = new ArrayList<>();
    nodes.forEach((node, through) -> (through >= number ? applied : late).add(node));
    Optional<Timing> timing =
        times.map(t -> new Timing(t.total(), t.within(0.5), t.within(0.99), t.slowest()));
    return new Receipt(number, applied, late, timing);
  }

  private static Map<String, Long> nodes(Handle handle) {
    Map<String, Long> nodes = new LinkedHashMap<>();
    handle
        .createQuery(
            "SELECT n.name, coalesce(p.applied, 0) FROM node n"
                + " LEFT JOIN node_purge p ON p.node = n.name ORDER BY n.name")
        .map((row, context) -> Map.entry(row.getString(1), row.getLong(2)))
        .forEach(node -> nodes.put(node.getKey(), node.getValue()));
    return nodes;
  }

  /** By purge, what all control planes counted. */
  private static Map<Long, AckTimes> times(Handle handle, List<Long> numbers) {
    Map<Long, AckTimes> times = new HashMap<>();
    handle
        .createQuery(
            "SELECT purge, slowest, places, counts FROM purge_timing WHERE purge = ANY (?)")
        .bind(0, numbers.toArray(Long[]::new))
        .map(
            (row, context) -> times.computeIfAbsent(row.getLong(1), n -> new AckTimes()).merge(row))
        .list();
    return times;
  }
}

package dev.perigee.control.fleet;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.Limits;
import dev.perigee.contract.WarmUrl;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Warm-ups under way: which URLs each node has been sent and what became of them. They live in
 * memory only, for an hour: a warm-up that is lost costs a reader a miss, and is started again.
 *
 * <p>A node has at most two batches at once, each about a second's worth; what was sent over a
 * stream that ended is sent again over the next.
 */
public final class WarmUps {
  /** URLs in all warm-ups that are kept. */
  public static final int MAX_URLS = 50_000;

  private static final Duration KEPT = Duration.ofHours(1);
  private static final int BATCHES_AT_ONCE = 2;
  private static final int FAILURES_KEPT = 20;

  /** Of the URLs in one message; the rest of it is small. */
  private static final int BATCH_CHARS = Limits.MESSAGE_BYTES / 2;

  private final InstantSource clock;
  private final Map<String, Job> jobs = new LinkedHashMap<>();

  /** None. */
  public WarmUps(InstantSource clock) {
    this.clock = clock;
  }

  /** What to warm, where. */
  public record Order(
      String site,
      List<WarmUrl> urls,
      Map<String, String> fields,
      int perSecond,
      Set<String> nodes,
      List<String> absent) {
    public Order {
      urls = List.copyOf(urls);
      fields = Map.copyOf(fields);
      nodes = Set.copyOf(nodes);
      absent = List.copyOf(absent);
    }
  }

  /**
   * How far a warm-up is.
   *
   * @param absent names of nodes that serve the site and were not there when it began
   */
  public record Progress(
      String id,
      String site,
      int urls,
      Instant issuedAt,
      Map<String, NodeProgress> nodes,
      List<String> absent,
      List<String> failures) {
    public Progress {
      nodes = Map.copyOf(nodes);
      absent = List.copyOf(absent);
      failures = List.copyOf(failures);
    }

    /** Whether every node is through the list. */
    public boolean isComplete() {
      return nodes.values().stream().allMatch(node -> node.done() >= urls);
    }
  }

  /** How far one node is: what became of its URLs. */
  public record NodeProgress(int hits, int stored, int passed, int failed) {
    private static final NodeProgress NONE = new NodeProgress(0, 0, 0, 0);

    private NodeProgress plus(FromEdge.Warmed warmed) {
      return new NodeProgress(
          hits + warmed.hits(),
          stored + warmed.stored(),
          passed + warmed.passed(),
          failed + warmed.failed());
    }

    /** URLs that it is through. */
    public int done() {
      return hits + stored + passed + failed;
    }
  }

  /** Begins one; empty where as many URLs as may be are under way. */
  public synchronized Optional<Progress> begin(Order order) {
    expire();
    int held = jobs.values().stream().mapToInt(job -> job.order.urls().size()).sum();
    if (held + order.urls().size() > MAX_URLS) {
      return Optional.empty();
    }
    Job job = new Job(UUID.randomUUID().toString(), clock.instant(), order);
    jobs.put(job.id, job);
    return Optional.of(job.progress());
  }

  /** How far it is; empty where it is not known, or not any more. */
  public synchronized Optional<Progress> progress(String id) {
    expire();
    return Optional.ofNullable(jobs.get(id)).map(Job::progress);
  }

  /** What a node may be sent now. */
  public synchronized List<FromControl.WarmUp> due(String node) {
    List<FromControl.WarmUp> due = new ArrayList<>();
    jobs.values().forEach(job -> job.due(node, due));
    return due;
  }

  /** A node is through a batch. */
  public synchronized void warmed(String node, FromEdge.Warmed warmed) {
    Job job = jobs.get(warmed.job());
    if (job != null) {
      job.warmed(node, warmed);
    }
  }

  /** A node's stream begins: what it had not answered for is sent again. */
  public synchronized void connected(String node) {
    jobs.values().forEach(job -> job.connected(node));
  }

  private void expire() {
    Instant limit = clock.instant().minus(KEPT);
    jobs.values().removeIf(job -> job.issuedAt.isBefore(limit));
  }

  private static final class Job {
    private final String id;
    private final Instant issuedAt;
    private final Order order;
    private final Map<String, Place> places = new TreeMap<>();
    private final List<String> failures = new ArrayList<>();

    Job(String id, Instant issuedAt, Order order) {
      this.id = id;
      this.issuedAt = issuedAt;
      this.order = order;
      order.nodes().forEach(node -> places.put(node, new Place()));
    }

    Progress progress() {
      Map<String, NodeProgress> nodes = new LinkedHashMap<>();
      places.forEach((node, place) -> nodes.put(node, place.progress));
      return new Progress(
          id, order.site(), order.urls().size(), issuedAt, nodes, order.absent(), failures);
    }

    void due(String node, List<FromControl.WarmUp> due) {
      Place place = places.get(node);
      while (place != null && place.out.size() < BATCHES_AT_ONCE) {
        int from = place.again.isEmpty() ? place.sent : place.again.pollFirstEntry().getKey();
        if (from >= order.urls().size()) {
          return;
        }
        int end = end(from);
        place.out.put(from, end);
        place.sent = Math.max(place.sent, end);
        due.add(
            new FromControl.WarmUp(
                id,
                order.site(),
                from,
                order.urls().subList(from, end),
                order.fields(),
                order.perSecond()));
      }
    }

    /** Behind the last URL of the batch that begins at {@code from}. */
    private int end(int from) {
      int most = Math.min(Limits.WARM_BATCH, order.perSecond());
      int end = from;
      int chars = 0;
      while (end < order.urls().size() && end - from < most) {
        chars += order.urls().get(end).toString().length();
        if (chars > BATCH_CHARS && end > from) {
          break;
        }
        end++;
      }
      return end;
    }

    void warmed(String node, FromEdge.Warmed warmed) {
      Place place = places.get(node);
      if (place == null || !place.out.values().remove(warmed.through())) {
        return;
      }
      place.progress = place.progress.plus(warmed);
      for (String failure : warmed.failures()) {
        if (failures.size() < FAILURES_KEPT) {
          failures.add(node + ": " + failure);
        }
      }
    }

    void connected(String node) {
      Place place = places.get(node);
      if (place != null) {
        place.again.putAll(place.out);
        place.out.clear();
      }
    }
  }

  /** Where one node is in a job's list: batches by the place of their first URL. */
  private static final class Place {
    private final TreeMap<Integer, Integer> out = new TreeMap<>();
    private final TreeMap<Integer, Integer> again = new TreeMap<>();
    private NodeProgress progress = NodeProgress.NONE;
    private int sent;
  }
}

package dev.perigee.control.store;

import dev.perigee.contract.FromEdge;
import dev.perigee.contract.WarmUrl;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Warm-ups of the last hour: which URLs each node is to fetch, and how far it is. Calls block; a
 * broken database is a {@link StoreException}.
 */
public interface WarmUpStore {
  /** URLs in all warm-ups that are kept. */
  int MAX_URLS = 50_000;

  /** URLs in those of one organisation; the first, which is the operators' too, may use up all. */
  int MAX_URLS_OF_ONE = 10_000;

  /** Begins one; empty where as many URLs as may be are kept, of all or of the organisation. */
  Optional<Progress> begin(Order order);

  /** How far it is; empty where it is not known, not any more, or not within purview. */
  Optional<Progress> progress(Purview purview, String id);

  /** Ids of the warm-ups that are kept, the oldest first. */
  List<String> kept();

  /** What a warm-up is to fetch; empty where it is not kept any more. */
  Optional<Job> job(String id);

  /** Place behind the last URL that the node is through; empty where the job is not its. */
  Optional<Integer> through(String id, String node);

  /**
   * A node is through the next URLs of a job.
   *
   * @param from where it was before
   * @return false where it was elsewhere: another control plane has noted more
   */
  boolean note(String node, int from, FromEdge.Warmed warmed);

  /** What to warm, where. */
  record Order(
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

  /** What nodes are sent of a warm-up. */
  record Job(
      String id, String site, List<WarmUrl> urls, Map<String, String> fields, int perSecond) {
    public Job {
      urls = List.copyOf(urls);
      fields = Map.copyOf(fields);
    }
  }

  /**
   * How far a warm-up is.
   *
   * @param absent names of nodes that serve the site and were not there when it began
   */
  record Progress(
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
  record NodeProgress(int hits, int stored, int passed, int failed) {
    /** URLs that it is through. */
    public int done() {
      return hits + stored + passed + failed;
    }
  }
}

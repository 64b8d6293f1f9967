package dev.perigee.control.stream;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.Limits;
import dev.perigee.control.store.WarmUpStore.Job;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Decides which URLs of warm-ups one connected edge is sent next: at most two batches of a warm-up
 * at once, each about a second's worth.
 *
 * <p>It may answer for them in any order, but what counts is how far it came without a gap: that is
 * where the next stream begins, perhaps to another control plane. So a few URLs may be fetched
 * twice, and none is counted twice.
 */
final class WarmPlan {
  private static final int BATCHES_AT_ONCE = 2;

  /** Of the URLs in one message; the rest of it is small. */
  private static final int BATCH_CHARS = Limits.MESSAGE_BYTES / 2;

  private final Map<String, Place> places = new HashMap<>();

  /** That the node came from one place of a job to another without a gap. */
  record Step(int from, FromEdge.Warmed warmed) {}

  /**
   * What the node may be sent now.
   *
   * @param jobs all that are under way
   * @param through where the node is in a job that is new here; empty where the job is not its
   */
  synchronized List<FromControl.WarmUp> due(
      List<Job> jobs, Function<Job, Optional<Integer>> through) {
    List<FromControl.WarmUp> due = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    for (Job job : jobs) {
      ids.add(job.id());
      places
          .computeIfAbsent(
              job.id(), id -> new Place(job, through.apply(job).orElse(job.urls().size())))
          .due(due);
    }
    places.keySet().retainAll(ids);
    return due;
  }

  /** The node is through a batch. Gives what can be noted with that, in order. */
  synchronized List<Step> warmed(FromEdge.Warmed warmed) {
    Place place = places.get(warmed.job());
    return place == null ? List.of() : place.warmed(warmed);
  }

  /** What was to be noted was not: the node's place is to be looked up anew. */
  synchronized void lose(String job) {
    places.remove(job);
  }

  /** Where the node is in a job's list: batches by the place of their first URL. */
  private static final class Place {
    private final Job job;
    private final TreeMap<Integer, Integer> out = new TreeMap<>();
    private final TreeMap<Integer, FromEdge.Warmed> done = new TreeMap<>();
    private int noted;
    private int sent;

    Place(Job job, int through) {
      this.job = job;
      this.noted = through;
      this.sent = through;
    }

    void due(List<FromControl.WarmUp> due) {
      while (out.size() < BATCHES_AT_ONCE && sent < job.urls().size()) {
        int end = end(sent);
        out.put(sent, end);
        due.add(
            new FromControl.WarmUp(
                job.id(),
                job.site(),
                sent,
                job.urls().subList(sent, end),
                job.fields(),
                job.perSecond()));
        sent = end;
      }
    }

    /** Behind the last URL of the batch that begins at {@code from}. */
    private int end(int from) {
      int most = Math.min(Limits.WARM_BATCH, job.perSecond());
      int end = from;
      int chars = 0;
      while (end < job.urls().size() && end - from < most) {
        chars += job.urls().get(end).toString().length();
        if (chars > BATCH_CHARS && end > from) {
          break;
        }
        end++;
      }
      return end;
    }

    List<Step> warmed(FromEdge.Warmed warmed) {
      out.entrySet().stream()
          .filter(batch -> batch.getValue() == warmed.through())
          .map(Map.Entry::getKey)
          .findFirst()
          .ifPresent(
              from -> {
                out.remove(from);
                done.put(from, warmed);
              });
      List<Step> steps = new ArrayList<>();
      while (!done.isEmpty() && done.firstKey() == noted) {
        FromEdge.Warmed next = done.pollFirstEntry().getValue();
        steps.add(new Step(noted, next));
        noted = next.through();
      }
      return steps;
    }
  }
}

package dev.perigee.control.stream;

import dev.perigee.control.store.WarmUpStore;
import dev.perigee.control.store.WarmUpStore.Job;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The warm-ups under way, each looked up once for all streams. */
final class WarmJobs {
  private final WarmUpStore store;
  private volatile Known known = new Known(List.of(), List.of());

  /** What was looked up, and for which ids. */
  private record Known(List<String> ids, List<Job> jobs) {}

  WarmJobs(WarmUpStore store) {
    this.store = store;
  }

  /** Those of these that are still kept. */
  List<Job> of(List<String> ids) {
    Known now = known;
    return now.ids().equals(ids) ? now.jobs() : look(ids);
  }

  private synchronized List<Job> look(List<String> ids) {
    if (!known.ids().equals(ids)) {
      Map<String, Job> before = new LinkedHashMap<>();
      known.jobs().forEach(job -> before.put(job.id(), job));
      List<Job> jobs =
          ids.stream()
              .flatMap(id -> Optional.ofNullable(before.get(id)).or(() -> store.job(id)).stream())
              .toList();
      known = new Known(ids, jobs);
    }
    return known.jobs();
  }
}

package dev.perigee.control.stream;

import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.WarmUpStore;
import dev.perigee.control.store.WarmUpStore.Job;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The warm-ups under way, looked up once for all streams: with each news, and once a second. */
final class WarmJobs {
  private static final long LOOK_MILLIS = 1_000;

  private final WarmUpStore store;
  private final LogNumbers numbers;
  private final InstantSource clock;
  private Map<String, Job> jobs = Map.of();
  private long seen = -1;
  private long lookedMillis;

  WarmJobs(WarmUpStore store, LogNumbers numbers, InstantSource clock) {
    this.store = store;
    this.numbers = numbers;
    this.clock = clock;
  }

  synchronized List<Job> now() {
    long generation = numbers.generation();
    long millis = clock.millis();
    if (generation != seen || Math.abs(millis - lookedMillis) >= LOOK_MILLIS) {
      Map<String, Job> next = new LinkedHashMap<>();
      for (String id : store.kept()) {
        Optional.ofNullable(jobs.get(id))
            .or(() -> store.job(id))
            .ifPresent(job -> next.put(id, job));
      }
      jobs = next;
      seen = generation;
      lookedMillis = millis;
    }
    return List.copyOf(jobs.values());
  }
}

package dev.perigee.control.changelog;

import dev.perigee.control.store.PostgresNodeStore.Placement;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What one look at the database found, for all streams.
 *
 * @param revision the newest; what follows was read after it
 * @param places where all nodes are, by name
 * @param canaries nodes that have some site otherwise than the others
 * @param warmUps ids of the warm-ups that are kept
 * @param lost whether the database does not answer: the rest is then as it was before
 */
public record LogView(
    long revision,
    Map<String, Placement> places,
    Set<String> canaries,
    List<String> warmUps,
    boolean lost) {
  /** Before the first look. */
  static final LogView NOTHING = new LogView(0, Map.of(), Set.of(), List.of(), false);

  public LogView {
    places = Map.copyOf(places);
    canaries = Set.copyOf(canaries);
    warmUps = List.copyOf(warmUps);
  }

  LogView withWarmUps(List<String> now) {
    return new LogView(revision, places, canaries, now, false);
  }

  LogView asLost() {
    return new LogView(revision, places, canaries, warmUps, true);
  }
}

package dev.perigee.control.fleet;

import dev.perigee.control.fleet.FleetView.NodeState;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How the nodes did when other control planes were last heard, for a control plane that has no
 * streams of nodes. While it hears nobody that is how they do: it is said again and again, so that
 * they do not fall silent. Then its own probes take out a node that dies; and as nobody else says
 * anything they count alone, once that has gone on for {@link #PATIENCE}.
 */
public final class LastHeard {
  /** Until those who are not heard have no say any more. */
  static final Duration PATIENCE = Duration.ofSeconds(5);

  /** How often it is said, and noted: nodes fall silent after three times as long. */
  static final Duration PERIOD = Duration.ofSeconds(1);

  /** In whose name it is said; no control plane's id. */
  private static final String MEMORY = "last heard";

  private final Fleet fleet;
  private final BooleanSupplier heard;
  private final Consumer<Boolean> others;
  private final InstantSource clock;
  private List<NodeState> older = List.of();

  /** Between the two: a link that has ended counts as heard for two looks more. */
  private List<NodeState> middle = List.of();

  private List<NodeState> newer = List.of();
  private Instant looked = Instant.MIN;
  private @Nullable Instant aloneSince;

  /**
   * One that knows nothing.
   *
   * @param heard whether any other control plane is
   * @param others told, again and again, whether the probes of the others count
   */
  public LastHeard(
      Fleet fleet, BooleanSupplier heard, Consumer<Boolean> others, InstantSource clock) {
    this.fleet = fleet;
    this.heard = heard;
    this.others = others;
    this.clock = clock;
  }

  /** Begins with what an earlier run of this process heard. */
  public synchronized void begin(List<NodeState> known) {
    older = List.copyOf(known);
    middle = older;
    newer = older;
    say(clock.instant());
  }

  /** To be called several times a second. */
  public synchronized void look() {
    Instant now = clock.instant();
    if (looked.plus(PERIOD).isAfter(now)) {
      return;
    }
    looked = now;
    if (heard.getAsBoolean()) {
      aloneSince = null;
      // By the time that nobody is heard any more the newer one may miss some.
      List<NodeState> states = fleet.known().stream().map(fleet::state).toList();
      older = newer.isEmpty() ? states : middle;
      middle = newer.isEmpty() ? states : newer;
      newer = states;
      others.accept(true);
      return;
    }
    Instant since = aloneSince == null ? now : aloneSince;
    aloneSince = since;
    say(now);
    others.accept(since.plus(PATIENCE).isAfter(now));
  }

  private void say(Instant now) {
    older.stream()
        .filter(NodeState::connected)
        .forEach(state -> fleet.heard(MEMORY, state.withLastSeen(now)));
  }

  /** The nodes as they were when others were last heard. */
  public synchronized List<NodeState> states() {
    return older;
  }
}

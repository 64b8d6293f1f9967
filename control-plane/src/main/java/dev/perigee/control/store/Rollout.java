package dev.perigee.control.store;

import dev.perigee.contract.SiteConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A change of a site that its canaries have and the other nodes get when it is promoted.
 *
 * @param id a UUID
 * @param candidate the site as the change makes it
 * @param revision with which the canaries get it
 * @param who who began it, and {@code note} why
 * @param reason why it was halted; empty else
 * @param canaries those that still exist
 * @param others what nodes that are no canaries answered meanwhile
 * @param readAt the database's time
 */
public record Rollout(
    String id,
    SiteConfig candidate,
    State state,
    long revision,
    Plan plan,
    String who,
    String note,
    String reason,
    Instant begunAt,
    Optional<Instant> endedAt,
    List<Canary> canaries,
    Answered others,
    Instant readAt) {
  /** Copies the list. */
  public Rollout {
    canaries = List.copyOf(canaries);
  }

  /** How far it is. */
  public enum State {
    /** Its canaries have it, or are to get it. */
    CANARY,
    /** Every node has it, or is to get it. */
    PROMOTED,
    /** No node has it, or each that has it is to lose it. */
    HALTED;

    /** As the database and the API call it. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    static State of(String word) {
      return valueOf(word.toUpperCase(Locale.ROOT));
    }
  }

  /**
   * How it is to go on by itself.
   *
   * @param hold after which it is promoted, from the last canary's taking it; empty: by command
   * @param errorPoints by how many per cent of requests the canaries' 5xx may exceed the others'
   * @param minimumRequests that the canaries must have answered for their errors to count
   */
  public record Plan(Optional<Duration> hold, int errorPoints, int minimumRequests) {}

  /**
   * A node that has it first.
   *
   * @param appliedAt when it took it; empty where it has not
   * @param answered since then
   */
  public record Canary(String node, Optional<Instant> appliedAt, Answered answered) {}

  /** What readers of the site were answered. */
  public record Answered(long requests, long errors) {
    /** None. */
    public static final Answered NOTHING = new Answered(0, 0);

    public Answered plus(Answered more) {
      return new Answered(requests + more.requests, errors + more.errors);
    }
  }

  /** What becomes of it now. */
  public sealed interface Verdict {
    /** Nothing yet. */
    record Wait(String sentence) implements Verdict {}

    /** Every node gets it. */
    record Promote() implements Verdict {}

    /** No node keeps it. */
    record Halt(String reason) implements Verdict {}
  }

  /** What all canaries answered. */
  public Answered answered() {
    return canaries.stream().map(Canary::answered).reduce(Answered.NOTHING, Answered::plus);
  }
}

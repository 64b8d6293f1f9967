package dev.perigee.control.rollout;

import dev.perigee.control.store.Rollout;
import dev.perigee.control.store.Rollout.Answered;
import dev.perigee.control.store.Rollout.Verdict;
import java.time.Instant;
import java.util.Optional;

/** Decides what becomes of a rollout by what its canaries answered. */
final class RolloutPolicy {
  private RolloutPolicy() {}

  /**
   * The verdict on a rollout that is under way, as of when it was read.
   *
   * @param refusal why a canary refused it; empty where none did
   */
  static Verdict judge(Rollout rollout, Optional<String> refusal) {
    if (refusal.isPresent()) {
      return new Verdict.Halt(refusal.get());
    }
    Answered canaries = rollout.answered();
    int minimum = rollout.plan().minimumRequests();
    if (canaries.requests() >= minimum) {
      double share = percent(canaries);
      double usual = rollout.others().requests() >= minimum ? percent(rollout.others()) : 0;
      if (share > usual + rollout.plan().errorPoints()) {
        return new Verdict.Halt(
            "%.1f%% of %d requests on the canaries were answered with a 5xx, %.1f%% elsewhere"
                .formatted(share, canaries.requests(), usual));
      }
    }
    return promotion(rollout);
  }

  private static Verdict promotion(Rollout rollout) {
    Instant last = Instant.MIN;
    for (Rollout.Canary canary : rollout.canaries()) {
      if (canary.appliedAt().isEmpty()) {
        return new Verdict.Wait(canary.node() + " has not taken it yet");
      }
      Instant at = canary.appliedAt().get();
      last = at.isAfter(last) ? at : last;
    }
    if (rollout.canaries().isEmpty() || rollout.plan().hold().isEmpty()) {
      return new Verdict.Wait("waits for a command");
    }
    Instant due = last.plus(rollout.plan().hold().get());
    return rollout.readAt().isBefore(due)
        ? new Verdict.Wait("is promoted at " + due)
        : new Verdict.Promote();
  }

  private static double percent(Answered answered) {
    return answered.requests() == 0 ? 0 : 100.0 * answered.errors() / answered.requests();
  }
}

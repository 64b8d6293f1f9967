package dev.perigee.control.pki;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.Problem;
import dev.perigee.control.pki.EdgeAuthority.Issuer;
import dev.perigee.control.store.AuthorityStore;
import dev.perigee.control.store.AuthorityStore.Place;
import dev.perigee.control.store.AuthorityStore.Step;
import dev.perigee.control.store.AuthorityStore.Trusting;
import dev.perigee.control.store.Change;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The steps by which one edge CA takes the place of another, without anybody who is refused: a new
 * one is made and told of; it signs once all trust it; the one before is forgotten once nobody
 * shows a certificate of it. A step is refused while it could hurt.
 */
public final class AuthorityRotation {
  private static final int NAMED = 5;

  private final AuthorityStore store;
  private final InstantSource clock;
  private final SecureRandom random;
  private final Runnable changed;

  /** How far a rotation is. */
  public enum Stage {
    /** None is under way. */
    STEADY,
    /** All are told of a new CA. */
    ANNOUNCED,
    /** It signs, and those who show certificates of the one before renew them. */
    SWITCHED
  }

  /**
   * How things stand.
   *
   * @param waitingFor nodes and control planes that the next step waits for
   */
  public record State(
      Stage stage,
      Issuer signing,
      Optional<Issuer> next,
      Optional<Issuer> before,
      List<String> waitingFor) {
    public State {
      waitingFor = List.copyOf(waitingFor);
    }
  }

  /**
   * Steps in a store.
   *
   * @param changed run after each step, for this control plane to know at once
   */
  public AuthorityRotation(
      AuthorityStore store, InstantSource clock, SecureRandom random, Runnable changed) {
    this.store = store;
    this.clock = clock;
    this.random = random;
    this.changed = changed;
  }

  /** How far it is. */
  public State state() {
    return store.look(AuthorityRotation::state);
  }

  private static State state(Step step) {
    Map<Place, Bytes> all = step.authorities();
    Issuer signing = issuer(all, Place.SIGNING).orElseThrow();
    Optional<Issuer> next = issuer(all, Place.NEXT);
    Optional<Issuer> before = issuer(all, Place.BEFORE);
    Stage stage =
        next.isPresent() ? Stage.ANNOUNCED : before.isPresent() ? Stage.SWITCHED : Stage.STEADY;
    Stream<String> waiting =
        switch (stage) {
          case STEADY -> Stream.of();
          case ANNOUNCED -> {
            String wanted = next.orElseThrow().fingerprint();
            yield names(step, one -> !one.trusts().contains(wanted));
          }
          case SWITCHED ->
              names(step, one -> !one.shows().equals(Optional.of(signing.fingerprint())));
        };
    return new State(stage, signing, next, before, waiting.toList());
  }

  private static Stream<String> names(Step step, Predicate<Trusting> waits) {
    return Stream.concat(
        step.controlPlanes().stream().filter(waits).map(AuthorityRotation::control),
        step.nodes().stream().filter(waits).map(Trusting::name));
  }

  private static String control(Trusting one) {
    return "control plane " + one.name();
  }

  private static Optional<Issuer> issuer(Map<Place, Bytes> all, Place place) {
    return Optional.ofNullable(all.get(place)).map(Issuer::of);
  }

  /** Makes a new CA, which all are told of. */
  public Change<State> begin() {
    return change(
        (step, now) -> {
          if (now.stage() != Stage.STEADY) {
            return Optional.of("a rotation is under way: switch or finish it");
          }
          Optional<String> old =
              step.controlPlanes().stream()
                  .filter(one -> one.trusts().isEmpty())
                  .map(AuthorityRotation::control)
                  .findFirst();
          if (old.isPresent()) {
            return Optional.of(old.get() + " is of a build that cannot take part: update it");
          }
          step.put(Place.NEXT, Issuer.make(clock, random).kept());
          return Optional.empty();
        });
  }

  /**
   * Signs with the new CA; nodes renew.
   *
   * @param force whether nodes that do not trust it yet are left behind, to be enrolled anew
   */
  public Change<State> switchOver(boolean force) {
    return change(
        (step, now) -> {
          if (now.stage() != Stage.ANNOUNCED) {
            return Optional.of("there is no new CA to switch to: begin a rotation");
          }
          Optional<String> early = tooEarly(step, now, "does not trust the new CA yet", force);
          if (early.isEmpty()) {
            step.put(Place.BEFORE, now.signing().kept());
            step.put(Place.SIGNING, now.next().orElseThrow().kept());
            step.remove(Place.NEXT);
          }
          return early;
        });
  }

  /**
   * Trusts the CA before no longer.
   *
   * @param force whether nodes that still show its certificates are left behind
   */
  public Change<State> finish(boolean force) {
    return change(
        (step, now) -> {
          if (now.stage() != Stage.SWITCHED) {
            return Optional.of(
                now.stage() == Stage.STEADY
                    ? "no rotation is under way"
                    : "the new CA does not sign yet: switch to it");
          }
          Optional<String> early =
              tooEarly(step, now, "still shows a certificate of the CA before", force);
          if (early.isEmpty()) {
            step.remove(Place.BEFORE);
          }
          return early;
        });
  }

  /** Takes a new CA back that does not sign yet. */
  public Change<State> cancel() {
    return change(
        (step, now) -> {
          if (now.stage() != Stage.ANNOUNCED) {
            return Optional.of("there is no new CA that could be taken back");
          }
          step.remove(Place.NEXT);
          return Optional.empty();
        });
  }

  /** Control planes are always waited for: they come by themselves, in seconds. */
  private static Optional<String> tooEarly(Step step, State now, String what, boolean force) {
    List<String> waiting =
        now.waitingFor().stream()
            .filter(
                name ->
                    !force
                        || step.controlPlanes().stream()
                            .map(AuthorityRotation::control)
                            .anyMatch(name::equals))
            .toList();
    if (waiting.isEmpty()) {
      return Optional.empty();
    }
    String names = String.join(", ", waiting.subList(0, Math.min(NAMED, waiting.size())));
    return Optional.of(
        "too early: %d of them %s: %s%s".formatted(waiting.size(), what, names, more(waiting)));
  }

  private static String more(List<String> waiting) {
    return waiting.size() > NAMED ? " and others" : "";
  }

  /** A step, which says why it may not be taken. */
  private interface Taking {
    Optional<String> take(Step step, State now);
  }

  private Change<State> change(Taking taking) {
    Change<State> change =
        store.change(
            step -> {
              Optional<String> refusal = taking.take(step, state(step));
              return refusal.isPresent()
                  ? new Change.Conflict<>(new Problem("ca", refusal.get()))
                  : new Change.Committed<>(state(step), 0);
            });
    changed.run();
    return change;
  }
}

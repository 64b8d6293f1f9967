package dev.perigee.control.store;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * When a key may take its next step, so that at no moment any resolver holds records that no key it
 * may learn has signed. The keys in the zone all sign the DNSKEY records: so neither order of the
 * steps here and at the parent can break the chain, only haste can.
 */
public final class DnsKeyPolicy {
  /** What all control planes need at most to learn of a change, with much to spare. */
  public static final Duration SPREAD = Duration.ofMinutes(5);

  private final Duration longest;

  /**
   * @param longest that any record of the zone is kept by resolvers, DNSKEY among them
   */
  public DnsKeyPolicy(Duration longest) {
    this.longest = longest;
  }

  /** Whether a step may be taken. */
  public sealed interface Step {
    /** It may. */
    record Allowed() implements Step {}

    /**
     * Not yet.
     *
     * @param at from when on it may
     */
    record TooEarly(Instant at, String why) implements Step {}

    /** Not by waiting alone. */
    record Refused(String why) implements Step {}
  }

  /** From when on whatever was told before a key was there is forgotten. */
  public Instant known(DnsKey key) {
    return key.publishedAt().plus(longest).plus(SPREAD);
  }

  /** A further key. */
  public Step add(List<DnsKey> keys) {
    for (DnsKey key : keys) {
      switch (key.state()) {
        case PUBLISHED -> {
          return new Step.Refused(
              "key %d is published already: roll to it (perigee dns key roll)"
                  .formatted(key.tag()));
        }
        case RETIRING -> {
          return new Step.Refused(
              "key %d is retiring: retire it first (perigee dns key retire)".formatted(key.tag()));
        }
        case SIGNING -> {
          // It may get a successor.
        }
      }
    }
    return new Step.Allowed();
  }

  /** The published key in place of the one that signs. */
  public Step roll(List<DnsKey> keys, Instant now) {
    Optional<DnsKey> next =
        keys.stream().filter(key -> key.state() == DnsKey.State.PUBLISHED).findFirst();
    if (next.isEmpty()) {
      return new Step.Refused("no key is published to roll to: add one (perigee dns key add)");
    }
    return from(
        known(next.get()),
        now,
        "key %d is not known everywhere yet, as DNSKEY records are kept for %d s"
            .formatted(next.get().tag(), longest.toSeconds()));
  }

  /** A key out of the zone; the last one out ends signing. */
  public Step retire(DnsKey key, List<DnsKey> keys, Instant now) {
    if (key.state() == DnsKey.State.PUBLISHED) {
      // No DS and nothing but other keys hang on it.
      return new Step.Allowed();
    }
    if (key.state() == DnsKey.State.SIGNING && keys.size() > 1) {
      return new Step.Refused(
          "key %d signs the zone: retire the other one, or roll first".formatted(key.tag()));
    }
    if (key.dsGone().isEmpty()) {
      return new Step.Refused(
          ("the parent may have a DS of key %d: have it removed there, then say so (perigee dns key"
                  + " ds-gone %d)")
              .formatted(key.tag(), key.tag()));
    }
    DnsKey.DsGone gone = key.dsGone().get();
    Step forgotten =
        from(
            gone.since().plus(gone.kept()),
            now,
            "resolvers may have the DS of key %d for %d s after it went"
                .formatted(key.tag(), gone.kept().toSeconds()));
    if (!(forgotten instanceof Step.Allowed) || key.retiringAt().isEmpty()) {
      return forgotten;
    }
    return from(
        key.retiringAt().get().plus(longest).plus(SPREAD),
        now,
        "resolvers may have what key %d signed for %d s".formatted(key.tag(), longest.toSeconds()));
  }

  private static Step from(Instant at, Instant now, String why) {
    return now.isBefore(at) ? new Step.TooEarly(at, why) : new Step.Allowed();
  }
}

package dev.perigee.edge.cache;

import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import java.util.OptionalLong;

/**
 * Age and freshness lifetime of a stored response (RFC 9111, sections 4.2.1 and 4.2.3), in seconds.
 *
 * @param age corrected age now
 * @param lifetime as the origin said, or guessed where it said nothing and that is allowed
 */
public record Freshness(long age, long lifetime) {
  private static final long MILLIS = 1000;
  private static final long MOST_GUESSED_SECONDS = 86_400;

  public static Freshness of(StoredMeta meta, long nowMillis) {
    long resident = Math.max(0, nowMillis - meta.responseMillis());
    return new Freshness((meta.initialAgeMillis() + resident) / MILLIS, meta.lifetimeSeconds());
  }

  public boolean isFresh() {
    return lifetime > age;
  }

  /** Seconds it will stay fresh; negative: seconds it has been stale. */
  public long ttl() {
    return lifetime - age;
  }

  /** How old a response was when it came: corrected_initial_age, in milliseconds. */
  static long initialAge(ResponseHead head, long requestMillis, long responseMillis) {
    OptionalLong date = date("Date", head, responseMillis);
    long apparent = Math.max(0, responseMillis - date.orElse(responseMillis));
    long delay = Math.max(0, responseMillis - requestMillis);
    return Math.max(apparent, ageValue(head.fields()) * MILLIS + delay);
  }

  /** Age as sent; the first member where several stand, 0 where it is no number. */
  private static long ageValue(FieldList fields) {
    String text = fields.first("Age").orElse("0").split(",", 2)[0].strip();
    boolean digits = !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    return digits ? (text.length() > 10 ? 1L << 31 : Long.parseLong(text)) : 0;
  }

  /** How long a response is fresh: freshness_lifetime, in seconds. */
  static long lifetime(
      ResponseHead head,
      CacheControl control,
      long responseMillis,
      OwnerRule rule,
      long initialAgeMillis) {
    if (rule.hasOwnLifetime()) {
      // From when it came: how old it was then is no more the owner's concern than its max-age.
      return rule.ttlSeconds().orElse(0) + initialAgeMillis / MILLIS;
    }
    OptionalLong shared = control.seconds("s-maxage");
    OptionalLong explicit = shared.isPresent() ? shared : control.seconds("max-age");
    if (explicit.isPresent()) {
      return explicit.getAsLong();
    }
    if (!control.isTargeted() && head.fields().contains("Expires")) {
      return expires(head, responseMillis);
    }
    if (rule.ttlSeconds().isPresent()) {
      return rule.ttlSeconds().getAsLong() + initialAgeMillis / MILLIS;
    }
    boolean guess = rule.heuristics() && StoragePolicy.mayGuess(control, head.status());
    return guess ? guessed(head, responseMillis) : 0;
  }

  /** A tenth of the time since it was changed (section 4.2.2), a day at most. */
  private static long guessed(ResponseHead head, long responseMillis) {
    OptionalLong changed = date("Last-Modified", head, responseMillis);
    if (changed.isEmpty()) {
      return 0;
    }
    long made = date("Date", head, responseMillis).orElse(responseMillis);
    return Math.clamp((made - changed.getAsLong()) / 10 / MILLIS, 0, MOST_GUESSED_SECONDS);
  }

  /** Expires less Date; an invalid or repeated one is in the past (section 5.3). */
  private static long expires(ResponseHead head, long responseMillis) {
    OptionalLong expires = date("Expires", head, responseMillis);
    if (head.fields().all("Expires").size() != 1 || expires.isEmpty()) {
      return 0;
    }
    long made = date("Date", head, responseMillis).orElse(responseMillis);
    return Math.max(0, (expires.getAsLong() - made) / MILLIS);
  }

  private static OptionalLong date(String name, ResponseHead head, long nowMillis) {
    return head.fields()
        .first(name)
        .map(text -> HttpDate.parse(text, nowMillis))
        .orElse(OptionalLong.empty());
  }
}

package dev.perigee.edge.cache;

import dev.perigee.edge.request.FieldList;
import java.util.List;
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
    return new Freshness(age(meta, nowMillis), lifetime(meta));
  }

  public boolean isFresh() {
    return lifetime > age;
  }

  /** Seconds it will stay fresh; negative: seconds it has been stale. */
  public long ttl() {
    return lifetime - age;
  }

  private static long age(StoredMeta meta, long nowMillis) {
    FieldList fields = meta.head().fields();
    OptionalLong date = date("Date", meta);
    long apparent = Math.max(0, meta.responseMillis() - date.orElse(meta.responseMillis()));
    long delay = Math.max(0, meta.responseMillis() - meta.requestMillis());
    long initial = Math.max(apparent, ageValue(fields) * MILLIS + delay);
    long resident = Math.max(0, nowMillis - meta.responseMillis());
    return (initial + resident) / MILLIS;
  }

  /** Age as sent; the first member where several stand, 0 where it is no number. */
  private static long ageValue(FieldList fields) {
    String text = fields.first("Age").orElse("0").split(",", 2)[0].strip();
    boolean digits = !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    return digits ? (text.length() > 10 ? 1L << 31 : Long.parseLong(text)) : 0;
  }

  private static long lifetime(StoredMeta meta) {
    FieldList fields = meta.head().fields();
    CacheControl control = CacheControl.ofResponse(fields);
    OptionalLong shared = control.seconds("s-maxage");
    OptionalLong explicit = shared.isPresent() ? shared : control.seconds("max-age");
    if (explicit.isPresent()) {
      return explicit.getAsLong();
    }
    if (!control.isTargeted() && fields.contains("Expires")) {
      return expires(meta);
    }
    return StoragePolicy.mayGuess(control, meta.head().status()) ? guessed(meta) : 0;
  }

  /** A tenth of the time since it was changed (section 4.2.2), a day at most. */
  private static long guessed(StoredMeta meta) {
    OptionalLong changed = date("Last-Modified", meta);
    if (changed.isEmpty()) {
      return 0;
    }
    long unchanged = date("Date", meta).orElse(meta.responseMillis()) - changed.getAsLong();
    return Math.clamp(unchanged / 10 / MILLIS, 0, MOST_GUESSED_SECONDS);
  }

  private static OptionalLong date(String name, StoredMeta meta) {
    return meta.head()
        .fields()
        .first(name)
        .map(text -> HttpDate.parse(text, meta.responseMillis()))
        .orElse(OptionalLong.empty());
  }

  /** Expires less Date; an invalid or repeated one is in the past (section 5.3). */
  private static long expires(StoredMeta meta) {
    FieldList fields = meta.head().fields();
    List<String> all = fields.all("Expires");
    if (all.size() != 1) {
      return 0;
    }
    OptionalLong expires = HttpDate.parse(all.getFirst(), meta.responseMillis());
    OptionalLong date = date("Date", meta);
    if (expires.isEmpty()) {
      return 0;
    }
    return Math.max(0, (expires.getAsLong() - date.orElse(meta.responseMillis())) / MILLIS);
  }
}

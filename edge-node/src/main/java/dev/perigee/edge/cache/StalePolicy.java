package dev.perigee.edge.cache;

import java.util.OptionalLong;

/** When a stale response may be served (RFC 9111, section 4.2.4; RFC 5861). */
public final class StalePolicy {
  /** How long past its freshness a response may stand in for an origin that cannot be reached. */
  private static final long DISCONNECTED_SECONDS = 86_400;

  private StalePolicy() {}

  /**
   * Whether the origin forbids use of it once stale, where it does not allow that in so many words.
   */
  public static boolean isForbidden(StoredMeta meta) {
    CacheControl control = CacheControl.ofResponse(meta.head().fields());
    return isForbiddenOutright(control) || control.has("s-maxage");
  }

  /**
   * {@code s-maxage} alone forbids stale use (RFC 9111, section 5.2.2.10), but who writes {@code
   * stale-while-revalidate} or {@code stale-if-error} beside it has said what they want.
   */
  private static boolean isForbiddenOutright(CacheControl control) {
    return control.has("must-revalidate")
        || control.has("proxy-revalidate")
        || control.isUnqualified("no-cache");
  }

  /** Whether it may be served while it is validated in the background (RFC 5861, section 3). */
  public static boolean whileRevalidate(StoredMeta meta, long nowMillis) {
    return isWithin("stale-while-revalidate", meta, nowMillis);
  }

  /** Whether it may stand in for an error answer of the origin (RFC 5861, section 4). */
  public static boolean insteadOf(int status, StoredMeta meta, long nowMillis) {
    boolean error = status == 500 || status == 502 || status == 503 || status == 504;
    return error && isWithin("stale-if-error", meta, nowMillis);
  }

  /** Whether it may stand in for an origin that gives no answer. */
  public static boolean whenDisconnected(StoredMeta meta, long nowMillis) {
    CacheControl control = CacheControl.ofResponse(meta.head().fields());
    OptionalLong allowed = control.seconds("stale-if-error");
    boolean forbidden = allowed.isPresent() ? isForbiddenOutright(control) : isForbidden(meta);
    return !forbidden && staleness(meta, nowMillis) <= allowed.orElse(DISCONNECTED_SECONDS);
  }

  private static boolean isWithin(String directive, StoredMeta meta, long nowMillis) {
    CacheControl control = CacheControl.ofResponse(meta.head().fields());
    OptionalLong allowed = control.seconds(directive);
    return allowed.isPresent()
        && !isForbiddenOutright(control)
        && staleness(meta, nowMillis) <= allowed.getAsLong();
  }

  private static long staleness(StoredMeta meta, long nowMillis) {
    return -Freshness.of(meta, nowMillis).ttl();
  }
}

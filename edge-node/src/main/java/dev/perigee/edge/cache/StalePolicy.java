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
    if (meta.rule().hasOwnLifetime()) {
      return false;
    }
    CacheControl control = meta.control();
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
    return isWithin(
        "stale-while-revalidate", meta.rule().staleWhileRevalidateSeconds(), meta, nowMillis);
  }

  /** Whether it may stand in for an error answer of the origin (RFC 5861, section 4). */
  public static boolean insteadOf(int status, StoredMeta meta, long nowMillis) {
    boolean error = status == 500 || status == 502 || status == 503 || status == 504;
    return error && isWithin("stale-if-error", meta.rule().staleIfErrorSeconds(), meta, nowMillis);
  }

  /** Whether it may stand in for an origin that gives no answer. */
  public static boolean whenDisconnected(StoredMeta meta, long nowMillis) {
    OptionalLong allowed = window("stale-if-error", meta.rule().staleIfErrorSeconds(), meta);
    boolean forbidden = allowed.isPresent() ? isForbiddenFor(meta) : isForbidden(meta);
    return !forbidden && staleness(meta, nowMillis) <= allowed.orElse(DISCONNECTED_SECONDS);
  }

  private static boolean isWithin(
      String directive, OptionalLong owners, StoredMeta meta, long nowMillis) {
    OptionalLong allowed = window(directive, owners, meta);
    return allowed.isPresent()
        && !isForbiddenFor(meta)
        && staleness(meta, nowMillis) <= allowed.getAsLong();
  }

  /** The owner's word before the origin's where the owner overrides, else behind it. */
  private static OptionalLong window(String directive, OptionalLong owners, StoredMeta meta) {
    OptionalLong origins = meta.control().seconds(directive);
    OptionalLong first = meta.rule().overrides() ? owners : origins;
    return first.isPresent() ? first : meta.rule().overrides() ? origins : owners;
  }

  private static boolean isForbiddenFor(StoredMeta meta) {
    return !meta.rule().overrides() && isForbiddenOutright(meta.control());
  }

  private static long staleness(StoredMeta meta, long nowMillis) {
    return -Freshness.of(meta, nowMillis).ttl();
  }
}

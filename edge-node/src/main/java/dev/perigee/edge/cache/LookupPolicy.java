package dev.perigee.edge.cache;

import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.RequestHead;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/** Whether a stored response may answer a request (RFC 9111, section 4). */
public final class LookupPolicy {
  private LookupPolicy() {}

  /**
   * The cache's answer.
   *
   * @param stored what lies under the key, newest first
   */
  public static Lookup lookup(RequestHead request, List<StoredResponse> stored, long nowMillis) {
    if (!request.isGet() && !request.isHead()) {
      return new Lookup.Bypass(Lookup.BypassReason.METHOD);
    }
    if (request.hasBody()) {
      return new Lookup.Bypass(Lookup.BypassReason.BODY);
    }
    CacheControl wishes = CacheControl.ofRequest(request.fields());
    if (wishes.has("no-store")) {
      return new Lookup.Bypass(Lookup.BypassReason.REQUEST);
    }
    boolean isEmpty = true;
    for (StoredResponse response : stored) {
      if (isPart(response.meta())) {
        continue;
      }
      isEmpty = false;
      if (Variants.match(response.meta(), request.fields())) {
        return suitability(request, wishes, response, nowMillis);
      }
    }
    return new Lookup.Miss(isEmpty ? Lookup.MissReason.URI_MISS : Lookup.MissReason.VARY_MISS);
  }

  /**
   * What is stored under the key of the whole and is only a part of it, where it may be used
   * unasked; an incomplete response never answers for the whole (section 3.3).
   */
  public static Optional<StoredResponse> part(
      RequestHead request, List<StoredResponse> stored, long nowMillis) {
    for (StoredResponse response : stored) {
      if (isPart(response.meta()) && suits(request, response.meta(), nowMillis)) {
        return Optional.of(response);
      }
    }
    return Optional.empty();
  }

  private static boolean isPart(StoredMeta meta) {
    return meta.key().slice() == CacheKey.WHOLE && SlicePolicy.isPart(meta);
  }

  /** Whether the client wants an answer from the cache or none (section 5.2.1.7). */
  public static boolean isOnlyIfCached(RequestHead request) {
    return CacheControl.ofRequest(request.fields()).has("only-if-cached");
  }

  /** Whether a response that is still being received may answer a request that comes now. */
  public static boolean suits(RequestHead request, StoredMeta meta, long nowMillis) {
    CacheControl wishes = CacheControl.ofRequest(request.fields());
    return Variants.match(meta, request.fields())
        && staleness(request, wishes, meta, Freshness.of(meta, nowMillis)).isEmpty();
  }

  private static Lookup suitability(
      RequestHead request, CacheControl wishes, StoredResponse response, long nowMillis) {
    Freshness freshness = Freshness.of(response.meta(), nowMillis);
    Optional<Lookup.StaleReason> why = staleness(request, wishes, response.meta(), freshness);
    return why.isPresent()
        ? new Lookup.Stale(response, freshness.age(), why.get())
        : new Lookup.Fresh(response, freshness.age(), freshness.ttl());
  }

  /** Why the response may not be used without asking; empty when it may. */
  private static Optional<Lookup.StaleReason> staleness(
      RequestHead request, CacheControl wishes, StoredMeta meta, Freshness freshness) {
    if (meta.softPurgedBy().isPresent()) {
      return Optional.of(Lookup.StaleReason.SOFT_PURGED);
    }
    if (meta.mustBeValidated()) {
      return Optional.of(Lookup.StaleReason.NO_CACHE);
    }
    if (asksForValidation(request, wishes, freshness)) {
      return Optional.of(Lookup.StaleReason.REQUESTED);
    }
    return freshness.isFresh() || acceptsStale(wishes, meta, freshness)
        ? Optional.empty()
        : Optional.of(Lookup.StaleReason.EXPIRED);
  }

  private static boolean asksForValidation(
      RequestHead request, CacheControl wishes, Freshness freshness) {
    boolean pragma =
        !request.fields().contains("Cache-Control")
            && request.fields().joined("Pragma").map(LookupPolicy::isNoCache).orElse(false);
    OptionalLong maxAge = wishes.seconds("max-age");
    OptionalLong minFresh = wishes.seconds("min-fresh");
    return pragma
        || wishes.has("no-cache")
        || (maxAge.isPresent() && freshness.age() > maxAge.getAsLong())
        || (maxAge.isPresent() && maxAge.getAsLong() == 0)
        || (minFresh.isPresent() && freshness.ttl() < minFresh.getAsLong());
  }

  private static boolean isNoCache(String pragma) {
    return Stream.of(pragma.split(",", -1)).anyMatch(p -> p.strip().equalsIgnoreCase("no-cache"));
  }

  private static boolean acceptsStale(CacheControl wishes, StoredMeta meta, Freshness freshness) {
    if (!wishes.has("max-stale") || StalePolicy.isForbidden(meta)) {
      return false;
    }
    return wishes.isBare("max-stale") || -freshness.ttl() <= wishes.seconds("max-stale").orElse(0);
  }
}

package dev.perigee.edge.pipeline;

import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.InterimHead;
import dev.perigee.edge.request.PeerHop;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.routing.PeerTable;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * One need for the origin.
 *
 * @param request as the cache and the origin see it
 * @param answer who waits for it; empty for a validation in the background
 * @param stale what is stored for it but may not be used unasked
 * @param why the {@code fwd} token of Cache-Status
 * @param thread the I/O thread of the request
 * @param peers the other nodes
 * @param hop what the node says that passed the request on; empty where a reader sent it
 * @param reelected whether the flight it followed first came to nothing
 */
record Fetch(
    RequestHead request,
    Optional<Answer> answer,
    SiteConfig site,
    CacheKey key,
    Optional<StoredResponse> stale,
    String why,
    Executor thread,
    PeerTable peers,
    Optional<PeerHop> hop,
    boolean reelected) {
  static Fetch of(
      Answer answer, SiteConfig site, CacheKey key, Optional<StoredResponse> stale, String why) {
    return new Fetch(
        answer.negotiation().asked(),
        Optional.of(answer),
        site,
        key,
        stale,
        why,
        answer.exchange().thread(),
        answer.peers(),
        answer.exchange().peer(),
        false);
  }

  /** The same in the background, for nobody but the store. */
  static Fetch background(Answer from, SiteConfig site, CacheKey key, StoredResponse stale) {
    return new Fetch(
        from.negotiation().asked(),
        Optional.empty(),
        site,
        key,
        Optional.of(stale),
        "stale",
        from.exchange().thread(),
        from.peers(),
        from.exchange().peer(),
        false);
  }

  Fetch withoutStale() {
    return new Fetch(
        request, answer, site, key, Optional.empty(), why, thread, peers, hop, reelected);
  }

  /** The same for a second and last flight. */
  Fetch again() {
    return new Fetch(request, answer, site, key, stale, why, thread, peers, hop, true);
  }

  /** To the one who asked; whoever follows has come for the final response. */
  void interim(InterimHead head) {
    answer.ifPresent(a -> a.exchange().interim(head));
  }
}

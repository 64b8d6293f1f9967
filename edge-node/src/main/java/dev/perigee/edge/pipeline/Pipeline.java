package dev.perigee.edge.pipeline;

import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.cache.Freshness;
import dev.perigee.edge.cache.Lookup;
import dev.perigee.edge.cache.LookupPolicy;
import dev.perigee.edge.cache.ResponseStore;
import dev.perigee.edge.cache.SlicePolicy;
import dev.perigee.edge.cache.StalePolicy;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.cache.Variants;
import dev.perigee.edge.collapse.Flight;
import dev.perigee.edge.collapse.FlightTable;
import dev.perigee.edge.config.EdgeSnapshot;
import dev.perigee.edge.config.Serving;
import dev.perigee.edge.origin.OriginClient;
import dev.perigee.edge.policy.Admission;
import dev.perigee.edge.policy.AdmissionPolicy;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.PeerHop;
import dev.perigee.edge.request.PeerNote;
import dev.perigee.edge.request.PurgePosition;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.respond.CacheStatus;
import dev.perigee.edge.routing.PeerTable;
import dev.perigee.edge.routing.Routed;
import dev.perigee.edge.telemetry.RequestObserver;
import dev.perigee.edge.telemetry.RequestRecord;
import dev.perigee.edge.telemetry.RequestRecord.Outcome;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The way of a request: routing, policy, cache, collapse, origin, store, respond. One method for
 * each stage, in this order; what a stage decides stands in its own package. Called on the I/O
 * thread of the request and never blocks.
 */
public final class Pipeline {
  private final PipelineConfig config;
  private final Supplier<EdgeSnapshot> snapshot;
  private final Supplier<Serving> serving;
  private final ResponseStore store;
  private final InstantSource clock;
  private final LongSupplier nanos;
  private final RequestObserver observer;
  private final AdmissionPolicy admission;
  private final FlightTable flights;
  private final Optional<Peering> peering;
  private final Fetching fetching;

  /** The stages of a node that has nothing to do with others. */
  public Pipeline(
      PipelineConfig config,
      Supplier<EdgeSnapshot> snapshot,
      Supplier<Serving> serving,
      ResponseStore store,
      OriginClient origin,
      InstantSource clock,
      LongSupplier nanos,
      RequestObserver observer) {
    this(config, snapshot, serving, store, origin, Optional.empty(), clock, nanos, observer);
  }

  /**
   * Wires the stages.
   *
   * @param peering with other nodes, where there are any
   * @param nanos a clock that never jumps, for durations
   */
  public Pipeline(
      PipelineConfig config,
      Supplier<EdgeSnapshot> snapshot,
      Supplier<Serving> serving,
      ResponseStore store,
      OriginClient origin,
      Optional<Peering> peering,
      InstantSource clock,
      LongSupplier nanos,
      RequestObserver observer) {
    this.config = config;
    this.snapshot = snapshot;
    this.serving = serving;
    this.store = store;
    this.clock = clock;
    this.nanos = nanos;
    this.observer = observer;
    this.admission = new AdmissionPolicy(config.name());
    this.flights = new FlightTable(config.maxFlights());
    this.peering = peering;
    Forwarding forwarding = new Forwarding(config, origin, peering);
    this.fetching = new Fetching(config, store, flights, forwarding, clock, this::tooLarge);
  }

  /** Answers one request. */
  public void handle(Exchange exchange) {
    Answer answer = new Answer(exchange, config);
    long began = nanos.getAsLong();
    exchange.onEnded((status, bytes) -> ended(answer, status, bytes, nanos.getAsLong() - began));
    Serving allowed = serving.get();
    if (allowed == Serving.NOTHING) {
      deny(answer, 503, allowed.sentence(), "unsynced");
      return;
    }
    EdgeSnapshot current = snapshot.get();
    answer.among(current.peers());
    Optional<PeerHop> hop = exchange.peer();
    if (hop.isEmpty() || peering.isEmpty()) {
      routing(answer, current, allowed);
    } else if (hop.get().path().contains(current.peers().self())) {
      deny(answer, 508, "The request has come round to this node.", "peer-loop");
    } else {
      Runnable then = () -> routing(answer, current, allowed);
      peering.get().gate().pass(hop.get().purge(), exchange.thread(), then);
    }
  }

  /** Cuts readers that hold others up; to be called about once a second, on any thread. */
  public void sweep() {
    fetching.sweep(clock.millis());
    flights.sweep(clock.millis());
  }

  /** Fetches under way. */
  public int openFetches() {
    return fetching.open();
  }

  /** Bytes of bodies in flight that are held in memory. */
  public long heldBytes() {
    return fetching.heldBytes();
  }

  private void routing(Answer answer, EdgeSnapshot current, Serving allowed) {
    Optional<PeerHop> hop = answer.exchange().peer();
    Routed routed =
        hop.map(from -> current.routes().byId(from.site(), from.keyHost()))
            .orElseGet(() -> current.routes().route(answer.request().host()));
    switch (routed) {
      case Routed.NoSuchSite() ->
          deny(answer, 421, "No site of this node has this host.", "no-such-site");
      case Routed.Matched(SiteConfig site, String keyHost) ->
          policy(answer, site, keyHost, allowed);
    }
  }

  private void policy(Answer answer, SiteConfig site, String keyHost, Serving allowed) {
    switch (admission.admit(answer.request(), site, keyHost)) {
      case Admission.Denied(Admission.DenyReason reason) ->
          deny(answer, reason.status(), reason.sentence(), "denied");
      case Admission.Allowed(CacheKey key) -> {
        answer.of(key);
        count(site, key);
        cache(answer, site, key, allowed);
      }
    }
  }

  /** What many ask for is kept by every node of a region. */
  private void count(SiteConfig site, CacheKey key) {
    if (site.tiers().popShare()) {
      peering.ifPresent(with -> with.hot().count(PeerTable.hash(key), clock.millis()));
    }
  }

  private void cache(Answer answer, SiteConfig site, CacheKey key, Serving allowed) {
    Optional<PurgePosition> behind =
        answer
            .exchange()
            .peer()
            .map(PeerHop::purge)
            .filter(wanted -> !store.position().covers(wanted));
    if (behind.isPresent()) {
      fetching.behind(Fetch.of(answer, site, key, Optional.empty(), "bypass"), behind.get());
    } else if (allowed == Serving.NO_HITS) {
      String why = Lookup.BypassReason.UNSYNCED.token();
      fetching.straight(Fetch.of(answer, site, key, Optional.empty(), why));
    } else if (answer.request().isGet() || answer.request().isHead()) {
      store.find(key, answer.exchange().thread(), found -> found(answer, site, key, found));
    } else {
      found(answer, site, key, List.of());
    }
  }

  private void found(Answer answer, SiteConfig site, CacheKey key, List<StoredResponse> found) {
    long now = clock.millis();
    switch (LookupPolicy.lookup(answer.request(), found, now)) {
      case Lookup.Fresh(StoredResponse response, long age, long ttl) -> {
        answer.outcome(Outcome.HIT, "");
        answer.note(PeerNote.fresh(ttl));
        if (!answer.stored(response, age, CacheStatus.hit(config.name(), ttl), now)) {
          miss(answer, site, key, Optional.empty(), "uri-miss");
        }
      }
      case Lookup.Stale(StoredResponse response, long age, Lookup.StaleReason reason) ->
          stale(answer, site, key, response, reason);
      case Lookup.Miss(Lookup.MissReason reason) -> slices(answer, site, key, reason.token());
      case Lookup.Bypass(Lookup.BypassReason reason) -> bypass(answer, site, key, reason);
    }
  }

  /** Nothing whole is stored: there may be slices of it, or one range may be all that is wanted. */
  private void slices(Answer answer, SiteConfig site, CacheKey key, String why) {
    OptionalLong begin = SlicePolicy.begin(answer.request(), config.sliceBytes());
    boolean mayBe =
        key.slice() == CacheKey.WHOLE && config.sliceBytes() > 0 && answer.request().isGet();
    if (!mayBe) {
      miss(answer, site, key, Optional.empty(), why);
    } else if (begin.isPresent()) {
      sliced(answer, site, key, why).begin(begin.getAsLong());
    } else {
      store.find(
          key.withSlice(0),
          answer.exchange().thread(),
          found -> {
            if (found.isEmpty()) {
              miss(answer, site, key, Optional.empty(), why);
            } else {
              sliced(answer, site, key, why).begin(0);
            }
          });
    }
  }

  /** Its body would not be stored: slices of it are, and whoever comes next needs no more. */
  private void tooLarge(Fetch fetch) {
    fetch
        .answer()
        .ifPresent(answer -> sliced(answer, fetch.site(), fetch.key(), fetch.why()).begin(0));
  }

  private SlicedAnswer sliced(Answer answer, SiteConfig site, CacheKey key, String why) {
    return new SlicedAnswer(
        answer,
        config,
        (own, number) -> {
          CacheKey slice = key.withSlice(number);
          own.among(answer.peers());
          count(site, slice);
          store.find(slice, own.exchange().thread(), found -> found(own, site, slice, found));
        },
        () -> store.invalidate(key),
        () -> miss(answer, site, key, Optional.empty(), why),
        clock::millis);
  }

  private void stale(
      Answer answer,
      SiteConfig site,
      CacheKey key,
      StoredResponse response,
      Lookup.StaleReason reason) {
    long now = clock.millis();
    boolean requested =
        reason == Lookup.StaleReason.REQUESTED || reason == Lookup.StaleReason.NO_CACHE;
    // Another node decides for its own readers, and would take it for fresh.
    boolean asked = requested || answer.exchange().peer().isPresent();
    if (!asked && StalePolicy.whileRevalidate(response.meta(), now)) {
      Freshness freshness = Freshness.of(response.meta(), now);
      CacheStatus status =
          CacheStatus.hit(config.name(), freshness.ttl()).detail("stale-while-revalidate");
      answer.outcome(Outcome.STALE, "stale-while-revalidate");
      if (answer.stored(response, freshness.age(), status, now)) {
        fetching.revalidate(Fetch.background(answer, site, key, response));
        return;
      }
    }
    miss(answer, site, key, Optional.of(response), "stale");
  }

  /** Needs the origin; {@code why} is the {@code fwd} token. */
  private void miss(
      Answer answer, SiteConfig site, CacheKey key, Optional<StoredResponse> stale, String why) {
    if (LookupPolicy.isOnlyIfCached(answer.request())) {
      deny(answer, 504, "Nothing that fits is cached, and the request wants nothing else.", why);
      return;
    }
    // What was said of a stored response does not hold for what comes.
    answer.note(PeerNote.NONE);
    Fetch fetch = Fetch.of(answer, site, key, stale, why);
    if (answer.request().isHead()) {
      fetching.bypass(fetch);
    } else {
      collapse(fetch);
    }
  }

  private void collapse(Fetch fetch) {
    if (fetching.uncacheable().remembers(fetch.key(), clock.millis())) {
      fetching.alone(fetch);
      return;
    }
    switch (flights.join(
        fetch.key(), store.fence(), clock.millis(), flight -> isJoinable(fetch, flight))) {
      case FlightTable.Turn.Lead(Flight flight) -> fetching.lead(fetch, flight);
      case FlightTable.Turn.Follow(Flight flight) -> follow(fetch, flight);
    }
  }

  /**
   * Whoever comes while the head is awaited takes what comes; later the response must suit as a
   * stored one would, for a long body may outlive its freshness.
   */
  private boolean isJoinable(Fetch fetch, Flight flight) {
    return fetching.isUnpurged(flight)
        && !flight.isOverdue(clock.millis(), fetch.site().cache().collapseAgeMillis())
        && flight
            .meta()
            .map(meta -> LookupPolicy.suits(fetch.request(), meta, clock.millis()))
            .orElse(true);
  }

  private void follow(Fetch fetch, Flight flight) {
    long until = clock.millis() + fetch.site().cache().collapseWaitMillis();
    Flight.Patience patience = new Flight.Patience(until, () -> fetching.alone(fetch));
    boolean waits = flight.follow(fetch.thread(), filled -> followed(fetch, filled), patience);
    if (!waits) {
      fetching.alone(fetch);
    }
  }

  private void followed(Fetch fetch, Flight.Filled filled) {
    Delivery delivery = fetching.delivery();
    boolean served =
        switch (filled) {
          case Flight.Filled.Ready ready ->
              Variants.match(ready.meta(), fetch.request().fields())
                  && delivery.follow(fetch, ready);
          case Flight.Filled.Refreshed(StoredResponse response) ->
              Variants.match(response.meta(), fetch.request().fields())
                  && delivery.refreshed(fetch, response, true);
          case Flight.Filled.Uncacheable() -> false;
          case Flight.Filled.LeaderFailed(String reason, int status) -> {
            leaderFailed(fetch, reason, status);
            yield true;
          }
        };
    if (!served) {
      fetching.alone(fetch);
    }
  }

  /** One of those who waited leads once more; an answer of the origin stands, though. */
  private void leaderFailed(Fetch fetch, String reason, int status) {
    if (fetch.reelected() || reason.startsWith(Delivery.ORIGIN_STATUS)) {
      fetching.delivery().failed(fetch, reason, status);
    } else {
      collapse(fetch.again());
    }
  }

  private void bypass(Answer answer, SiteConfig site, CacheKey key, Lookup.BypassReason reason) {
    fetching.bypass(Fetch.of(answer, site, key, Optional.empty(), reason.token()));
  }

  private void deny(Answer answer, int status, String sentence, String reason) {
    answer.outcome(Outcome.DENIED, reason);
    answer.note(PeerNote.refused(reason));
    CacheStatus cacheStatus =
        CacheStatus.forwarded(config.name(), "bypass")
            .forwardStatus(OptionalInt.empty())
            .detail(reason);
    answer.text(status, sentence, cacheStatus.toString());
  }

  private void ended(Answer answer, int status, long bytes, long duration) {
    RequestHead request = answer.request();
    observer.ended(
        new RequestRecord(
            request.client(),
            request.method(),
            request.scheme(),
            request.host(),
            request.target(),
            answer.site(),
            status,
            bytes,
            duration,
            answer.outcome(),
            answer.reason()));
  }
}

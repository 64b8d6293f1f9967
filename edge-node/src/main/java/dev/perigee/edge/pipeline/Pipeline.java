package dev.perigee.edge.pipeline;

import dev.perigee.contract.ContentCoding;
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
import dev.perigee.edge.geo.GeoLocator;
import dev.perigee.edge.limit.RateLimits;
import dev.perigee.edge.origin.OriginClient;
import dev.perigee.edge.policy.Admission;
import dev.perigee.edge.policy.AdmissionPolicy;
import dev.perigee.edge.policy.LoadTable;
import dev.perigee.edge.policy.SiteLoad;
import dev.perigee.edge.policy.WebSocketPolicy;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.PeerNote;
import dev.perigee.edge.request.PurgePosition;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.respond.CacheStatus;
import dev.perigee.edge.respond.RangePolicy;
import dev.perigee.edge.respond.TunnelTable;
import dev.perigee.edge.routing.Routed;
import dev.perigee.edge.telemetry.RequestObserver;
import dev.perigee.edge.telemetry.RequestRecord.Outcome;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The way of a request: routing, policy, cache, collapse, origin, store, respond. One method each,
 * in this order; what it decides stands in a package of its own. Never blocks its I/O thread.
 */
public final class Pipeline {
  private final PipelineConfig config;
  private final Supplier<EdgeSnapshot> snapshot;
  private final Supplier<Serving> serving;
  private final ResponseStore store;
  private final GeoLocator geo;
  private final InstantSource clock;
  private final LongSupplier nanos;
  private final RequestObserver observer;
  private final AdmissionPolicy admission;
  private final Limiting limiting;
  private final FlightTable flights;
  private final PeerSide peers;
  private final Fetching fetching;
  private final Joining joining;
  private final Representations representations;
  private final Optional<Representations> coded;
  private final LoadTable load;
  private final TunnelTable tunnels;
  private final Tunnelling tunnelling;

  /**
   * Wires the stages.
   *
   * @param peering with other nodes, where there are any
   * @param limits how many requests sites let in
   * @param nanos a clock that never jumps, for durations
   */
  public Pipeline(
      PipelineConfig config,
      Supplier<EdgeSnapshot> snapshot,
      Supplier<Serving> serving,
      ResponseStore store,
      OriginClient origin,
      GeoLocator geo,
      Optional<Peering> peering,
      RateLimits limits,
      InstantSource clock,
      LongSupplier nanos,
      RequestObserver observer) {
    this.config = config;
    this.snapshot = snapshot;
    this.serving = serving;
    this.store = store;
    this.geo = geo;
    this.clock = clock;
    this.nanos = nanos;
    this.observer = observer;
    this.admission = new AdmissionPolicy(config.name());
    this.limiting =
        new Limiting(limits, answer -> deny(answer, 429, Limiting.TOO_MANY, "rate-limit"));
    this.flights = new FlightTable(config.maxFlights());
    this.peers = new PeerSide(peering, store, clock);
    OriginSide origins = new OriginSide(config.name(), clock);
    this.load = new LoadTable(config.load(), nanos);
    Forwarding forwarding = new Forwarding(config, origins, origin, peering, load, nanos);
    this.fetching = new Fetching(config, store, flights, forwarding, clock, this::tooLarge);
    this.joining = new Joining(flights, fetching, clock);
    this.representations = Representations.of(config.coding(), store, nanos);
    this.coded = Optional.of(representations);
    this.tunnels = new TunnelTable(config.tunnels());
    this.tunnelling =
        new Tunnelling(
            origins,
            origin,
            fetching.delivery(),
            tunnels,
            (fetch, response) -> fetching.pass(fetch, response, ""));
  }

  /** Answers one request. */
  public void handle(Exchange exchange) {
    Answer answer = new Answer(exchange, geo.place(exchange.head().client()), config);
    answer.negotiation().represents(coded);
    long began = nanos.getAsLong();
    exchange.onEnded((status, bytes) -> ended(answer, status, bytes, nanos.getAsLong() - began));
    Serving allowed = serving.get();
    if (allowed == Serving.NOTHING) {
      deny(answer, 503, allowed.sentence(), "unsynced");
      return;
    }
    EdgeSnapshot current = snapshot.get();
    answer.among(current.peers());
    if (peers.isLoop(answer)) {
      deny(answer, 508, "The request has come round to this node.", "peer-loop");
    } else if (exchange.peer().isEmpty()) {
      routing(answer, current, allowed);
    } else {
      peers.admit(exchange, () -> routing(answer, current, allowed));
    }
  }

  /** Cuts readers that hold others up; to be called about once a second, on any thread. */
  public void sweep() {
    fetching.sweep(clock.millis());
    flights.sweep(clock.millis());
    tunnels.sweep(clock.millis());
    load.sweep();
  }

  /** What each site has of the node. */
  public LoadTable load() {
    return load;
  }

  /** Fetches under way. */
  public int openFetches() {
    return fetching.open();
  }

  /** Bytes of bodies in flight that are held in memory. */
  public long heldBytes() {
    return fetching.heldBytes();
  }

  /** The bodies in other codings. */
  public Representations representations() {
    return representations;
  }

  /** Connections that were switched to another protocol. */
  public TunnelTable tunnels() {
    return tunnels;
  }

  private void routing(Answer answer, EdgeSnapshot current, Serving allowed) {
    switch (PeerSide.route(answer, current.routes())) {
      case Routed.NoSuchSite() ->
          deny(answer, 421, "No site of this node has this host.", "no-such-site");
      case Routed.Matched(SiteConfig site, String keyHost) ->
          policy(answer, site, keyHost, current, allowed);
    }
  }

  private void policy(
      Answer answer, SiteConfig site, String keyHost, EdgeSnapshot current, Serving allowed) {
    answer.of(site);
    Optional<SiteLoad> let = load.ask(site, answer.exchange().isOfReader());
    if (let.isEmpty()) {
      deny(answer, 503, "The site has as many requests under way as it may.", "site-busy");
      return;
    }
    answer.let(let.get());
    switch (admission.admit(
        answer.exchange(), answer.place(), site, keyHost, current.routes().names())) {
      case Admission.Denied(Admission.DenyReason reason) -> {
        if (reason == Admission.DenyReason.OTHER_TERMS) {
          answer.exchange().closeAfterwards();
        }
        deny(answer, reason.status(), reason.sentence(), "denied");
      }
      case Admission.Here() -> {
        answer.outcome(Outcome.DENIED, "max-forwards");
        answer.options();
      }
      case Admission.Allowed(CacheKey key) -> {
        if (limiting.admits(answer, site)) {
          upgrade(answer, site, key, allowed);
        }
      }
    }
  }

  /** What wants to become a WebSocket has its own way; all else is a request like any other. */
  private void upgrade(Answer answer, SiteConfig site, CacheKey key, Serving allowed) {
    switch (WebSocketPolicy.of(answer.request())) {
      case WebSocketPolicy.Handshake.None() -> {
        peers.count(site, key);
        cache(answer, site, key, allowed);
      }
      case WebSocketPolicy.Handshake.Refused(WebSocketPolicy.RefusedReason reason) ->
          deny(answer, reason.status(), reason.sentence(), "websocket");
      case WebSocketPolicy.Handshake.Wanted(String nonce) -> {
        if (limiting.admitsMiss(answer, site)) {
          tunnelling.open(Fetch.of(answer, site, key, Optional.empty(), "bypass"), answer, nonce);
        }
      }
    }
  }

  private void cache(Answer answer, SiteConfig site, CacheKey key, Serving allowed) {
    Optional<PurgePosition> behind = peers.behind(answer);
    if (behind.isPresent()) {
      fetching.behind(Fetch.of(answer, site, key, Optional.empty(), "bypass"), behind.get());
    } else if (allowed == Serving.NO_HITS) {
      String why = Lookup.BypassReason.UNSYNCED.token();
      if (limiting.admitsMiss(answer, site)) {
        fetching.straight(Fetch.of(answer, site, key, Optional.empty(), why));
      }
    } else if (answer.request().isGet() || answer.request().isHead()) {
      answer.looks(flights.landed(key));
      store.find(key, answer.exchange().thread(), found -> found(answer, site, key, found));
    } else {
      found(answer, site, key, List.of());
    }
  }

  private void found(Answer answer, SiteConfig site, CacheKey key, List<StoredResponse> found) {
    long now = clock.millis();
    RequestHead asked = answer.negotiation().asked(found);
    switch (LookupPolicy.lookup(asked, found, now)) {
      case Lookup.Fresh fresh -> {
        Optional<ContentCoding> coding = answer.negotiation().coding(fresh.response());
        if (coding.isEmpty()) {
          fresh(answer, site, key, fresh, now);
        } else {
          Runnable then = () -> fresh(answer, site, key, fresh, now);
          representations.find(answer, key, fresh.response(), coding.get(), then);
        }
      }
      case Lookup.Stale(StoredResponse response, long age, Lookup.StaleReason reason) -> {
        Runnable then = () -> stale(answer, site, key, response, reason);
        Optional<ContentCoding> coding = answer.negotiation().coding(response);
        coding.ifPresentOrElse(of -> representations.find(answer, key, response, of, then), then);
      }
      case Lookup.Miss(Lookup.MissReason reason) -> {
        Optional<StoredResponse> part = LookupPolicy.part(asked, found, now);
        slices(answer, site, key, reason.token(), part);
      }
      case Lookup.Bypass(Lookup.BypassReason reason) -> bypass(answer, site, key, reason);
    }
  }

  private void fresh(Answer answer, SiteConfig site, CacheKey key, Lookup.Fresh fresh, long now) {
    long ttl = fresh.ttlSeconds();
    answer.outcome(Outcome.HIT, "");
    answer.noteFresh(ttl);
    CacheStatus status = CacheStatus.hit(config.name(), ttl);
    if (!answer.stored(fresh.response(), fresh.ageSeconds(), status, now)) {
      miss(answer, site, key, Optional.empty(), "uri-miss");
    }
  }

  /** Nothing whole is stored: there may be parts of it, or ranges may be all that is wanted. */
  private void slices(
      Answer answer, SiteConfig site, CacheKey key, String why, Optional<StoredResponse> part) {
    if (!limiting.admitsMiss(answer, site)) {
      return;
    }
    boolean mayBe =
        key.slice() == CacheKey.WHOLE && config.sliceBytes() > 0 && answer.request().isGet();
    if (!mayBe) {
      miss(answer, site, key, Optional.empty(), why);
      return;
    }
    List<RangePolicy.Asked> asked = RangePolicy.asked(answer.request());
    if (joining.isComingIn(Fetch.of(answer, site, key, Optional.empty(), why), asked.isEmpty())) {
      miss(answer, site, key, Optional.empty(), why);
      return;
    }
    SlicedAnswer sliced = sliced(answer, site, key, why);
    long now = clock.millis();
    if (part.filter(stored -> SlicedAnswer.isUsable(answer, stored)).isPresent()
        && sliced.begin(own -> ownPart(own, part.get(), now))) {
      return;
    }
    OptionalLong first = asked.isEmpty() ? OptionalLong.empty() : asked.getFirst().first();
    if (first.isPresent()) {
      sliced.begin(first.getAsLong() / config.sliceBytes());
      return;
    }
    // Without a first byte the first slice says most: how many there are, and that some are there.
    store.find(
        key.withSlice(0),
        answer.exchange().thread(),
        found -> {
          if (!found.isEmpty()) {
            sliced.begin(0);
          } else if (asked.isEmpty()) {
            miss(answer, site, key, Optional.empty(), why);
          } else {
            long count = asked.getFirst().last().orElse(0);
            sliced.begin(count <= config.sliceBytes() && count > 0 ? SlicePolicy.tail(count) : 0);
          }
        });
  }

  private boolean ownPart(Answer own, StoredResponse stored, long now) {
    Freshness freshness = Freshness.of(stored.meta(), now);
    own.outcome(Outcome.HIT, "");
    return own.stored(
        stored, freshness.age(), CacheStatus.hit(config.name(), freshness.ttl()), now);
  }

  /** Its body would not be stored: slices of it are, and whoever comes next needs no more. */
  private void tooLarge(Fetch fetch) {
    fetch
        .answer()
        .ifPresent(answer -> sliced(answer, fetch.site(), fetch.key(), fetch.why()).begin(0));
  }

  private SlicedAnswer sliced(Answer answer, SiteConfig site, CacheKey key, String why) {
    SlicedAnswer.Source source =
        new SlicedAnswer.Source() {
          @Override
          public void slice(Answer own, long number) {
            CacheKey slice = key.withSlice(number);
            peers.count(site, slice);
            own.looks(flights.landed(slice));
            store.find(slice, own.exchange().thread(), found -> found(own, site, slice, found));
          }

          @Override
          public void changed() {
            store.invalidate(key);
          }

          @Override
          public void wholly() {
            answer.looks(flights.landed(key));
            miss(answer, site, key, Optional.empty(), why);
          }
        };
    return new SlicedAnswer(answer, config, source, clock::millis);
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
    if (!limiting.admitsMiss(answer, site)) {
      return;
    }
    // What was said of a stored response does not hold for what comes.
    answer.note(PeerNote.NONE);
    Fetch fetch = Fetch.of(answer, site, key, stale, why);
    if (isSettling(fetch)) {
      return;
    }
    if (!answer.request().isHead()) {
      collapse(fetch);
    } else if (!joining.headFromFlight(fetch)) {
      fetching.bypass(fetch);
    }
  }

  /**
   * What has just come in whole and may not answer this request unasked is about to be stored: then
   * it can be validated, and need not be fetched again. Waited for once.
   */
  private boolean isSettling(Fetch fetch) {
    Optional<Flight> flight = joining.settling(fetch);
    if (flight.isEmpty() || fetch.answer().isEmpty() || !fetch.answer().get().settle()) {
      return false;
    }
    Runnable again = () -> lookAgain(fetch);
    long until = clock.millis() + fetch.site().cache().collapseWaitMillis();
    return flight.get().settle(fetch.thread(), new Flight.Patience(until, again));
  }

  private void lookAgain(Fetch fetch) {
    cache(fetch.answer().orElseThrow(), fetch.site(), fetch.key(), Serving.EVERYTHING);
  }

  private void collapse(Fetch fetch) {
    if (fetching.uncacheable().remembers(fetch.key(), clock.millis())) {
      fetching.alone(fetch);
      return;
    }
    switch (joining.join(fetch, store.fence())) {
      case FlightTable.Turn.Look() -> lookAgain(fetch);
      case FlightTable.Turn.Lead(Flight flight) -> fetching.lead(fetch, flight);
      case FlightTable.Turn.Follow(Flight flight) -> follow(fetch, flight);
    }
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
    if (limiting.admitsMiss(answer, site)) {
      fetching.bypass(Fetch.of(answer, site, key, Optional.empty(), reason.token()));
    }
  }

  private void deny(Answer answer, int status, String sentence, String reason) {
    answer.outcome(Outcome.DENIED, reason);
    answer.note(PeerNote.refused(reason));
    CacheStatus cacheStatus =
        CacheStatus.forwarded(config.name(), "bypass")
            .forwardStatus(OptionalInt.empty())
            .detail(reason);
    answer.text(status, sentence, cacheStatus.text());
  }

  private void ended(Answer answer, int status, long bytes, long duration) {
    answer.over();
    observer.ended(answer.record(status, bytes, duration));
  }
}

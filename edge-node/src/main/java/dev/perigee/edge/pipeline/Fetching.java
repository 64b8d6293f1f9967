package dev.perigee.edge.pipeline;

import dev.perigee.edge.cache.CacheControl;
import dev.perigee.edge.cache.InvalidationPolicy;
import dev.perigee.edge.cache.ResponseStore;
import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.SlicePolicy;
import dev.perigee.edge.cache.StalePolicy;
import dev.perigee.edge.cache.StoragePolicy;
import dev.perigee.edge.cache.StoragePolicy.Storage;
import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.cache.ValidationPolicy;
import dev.perigee.edge.collapse.Flight;
import dev.perigee.edge.collapse.Flight.Filled;
import dev.perigee.edge.collapse.FlightTable;
import dev.perigee.edge.collapse.UncacheableTable;
import dev.perigee.edge.collapse.WindowBudget;
import dev.perigee.edge.origin.FetchRequest;
import dev.perigee.edge.origin.Fetched;
import dev.perigee.edge.origin.OriginClient;
import dev.perigee.edge.origin.PassedOn;
import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** The stages behind a miss: the fetch from the origin and its way into the store. */
final class Fetching {
  /** The client's own conditions are answered here, from the whole response. */
  private static final List<String> CONDITIONS =
      List.of(
          "Range",
          "If-Range",
          "If-None-Match",
          "If-Modified-Since",
          "If-Match",
          "If-Unmodified-Since");

  /** Readers hold as much memory as they may: no fetch begins. */
  private static final String BUSY = "node-busy";

  private static final int BUSY_STATUS = 503;

  private final PipelineConfig config;
  private final ResponseStore store;
  private final FlightTable flights;
  private final OriginClient origin;
  private final Consumer<Fetch> sliced;
  private final InstantSource clock;
  private final OriginSide origins;
  private final Delivery delivery;
  private final WindowBudget budget;
  private final UncacheableTable uncacheable = new UncacheableTable();
  private final Set<ActiveFill> active = ConcurrentHashMap.newKeySet();

  /**
   * @param sliced answers a request in slices whose response is too large to be stored whole
   */
  Fetching(
      PipelineConfig config,
      ResponseStore store,
      FlightTable flights,
      OriginClient origin,
      InstantSource clock,
      Consumer<Fetch> sliced) {
    this.config = config;
    this.store = store;
    this.flights = flights;
    this.origin = origin;
    this.sliced = sliced;
    this.clock = clock;
    this.origins = new OriginSide(config.name(), clock);
    this.delivery = new Delivery(config, clock);
    this.budget = new WindowBudget(config.fillMemoryBytes(), config.windowBytes());
  }

  OriginSide origins() {
    return origins;
  }

  Delivery delivery() {
    return delivery;
  }

  UncacheableTable uncacheable() {
    return uncacheable;
  }

  int open() {
    return active.size();
  }

  /** Bytes that wait in memory for readers or for the store. */
  long heldBytes() {
    return budget.held();
  }

  void sweep(long nowMillis) {
    active.forEach(fill -> fill.sweep(nowMillis, config.stragglerMillis()));
  }

  /** Fetches for this request and everybody who follows the flight. */
  void lead(Fetch fetch, Flight flight) {
    if (budget.isOverdrawn()) {
      end(flight, new Filled.LeaderFailed(BUSY, BUSY_STATUS));
      delivery.failed(fetch, BUSY, BUSY_STATUS);
      return;
    }
    FieldList.Builder fields = origins.fields(fetch);
    CONDITIONS.forEach(fields::remove);
    PassedOn.trailers(fetch.request(), fields);
    fetch.stale().ifPresent(s -> ValidationPolicy.conditionalFields(s.meta()).forEach(fields::add));
    if (fetch.key().slice() != CacheKey.WHOLE) {
      fields.set("Range", SlicePolicy.range(fetch.key().slice(), config.sliceBytes()));
    }
    FetchRequest request = origins.request(fetch, "GET", fields.build(), Optional.empty());
    origin.fetch(
        request,
        fetched -> {
          switch (fetched) {
            case Fetched.Failed failed -> {
              end(flight, new Filled.LeaderFailed(failed.kind().token(), failed.kind().status()));
              delivery.failed(fetch, failed.kind().token(), failed.kind().status());
            }
            case Fetched.Response response ->
                answered(fetch, flight, OriginSide.shown(fetch, response));
            case Fetched.Switched switched -> throw unasked(switched);
          }
        });
  }

  /** Fetches for this request only, without being joined; what may be stored is stored. */
  void alone(Fetch fetch) {
    lead(fetch, Flight.unlisted(fetch.key(), store.fence()));
  }

  /**
   * Passes the request as it is, with its body; nothing is stored but an answer to POST that is one
   * to GET as well.
   */
  void bypass(Fetch fetch) {
    if (budget.isOverdrawn()) {
      delivery.failed(fetch, BUSY, BUSY_STATUS);
      return;
    }
    FieldList.Builder fields = origins.fields(fetch);
    PassedOn.trailers(fetch.request(), fields);
    PassedOn.expectation(fetch.request(), fields);
    FetchRequest request =
        origins.request(
            fetch,
            fetch.request().method(),
            fields.build(),
            fetch.answer().flatMap(answer -> answer.exchange().body()));
    long fence = store.fence();
    origin.fetch(
        request,
        fetched -> {
          switch (fetched) {
            case Fetched.Failed failed ->
                delivery.failed(fetch, failed.kind().token(), failed.kind().status());
            case Fetched.Response response -> {
              Fetched.Response shown = OriginSide.shown(fetch, response);
              InvalidationPolicy.keys(fetch.request(), shown.head(), fetch.key())
                  .forEach(store::invalidate);
              fetch.stale().ifPresent(stale -> headed(fetch, stale, shown, fence));
              int status = shown.head().status();
              if (OriginSide.isReplaced(fetch, status)) {
                shown.body().cancel();
                delivery.failed(fetch, Delivery.ORIGIN_STATUS + status, status);
              } else {
                posted(fetch, shown, fence);
              }
            }
            case Fetched.Switched switched -> throw unasked(switched);
          }
        });
  }

  /**
   * HEAD for what is stored and stale (RFC 9111, section 4.3.5): it is updated where it is still
   * the same, else it is what it was no more.
   */
  private void headed(Fetch fetch, StoredResponse stale, Fetched.Response response, long fence) {
    boolean speaks =
        fetch.request().isHead()
            && response.head().status() == stale.meta().head().status()
            && ValidationPolicy.conditionalFields(stale.meta()).size() > 0;
    if (!speaks) {
      return;
    }
    StoredMeta meta =
        ValidationPolicy.freshen(
            stale.meta(),
            response.head(),
            response.requestMillis(),
            response.responseMillis(),
            fence,
            fetch.site().cache());
    boolean stays =
        ValidationPolicy.confirmsByHead(stale.meta(), stale.length(), response.head())
            && ValidationPolicy.mayStay(meta, fetch.site().cache());
    // Where it is gone or purged meanwhile nothing can be updated.
    if (!stays || store.refresh(stale, meta) instanceof Stored.Refused) {
      store.invalidate(fetch.key());
    }
  }

  private void posted(Fetch fetch, Fetched.Response response, long fence) {
    Optional<Keeping> keeping =
        fetch.request().method().equals("POST")
            ? keeping(fetch, response, new SlicePolicy.Part(fetch.key(), response.head()), fence)
            : Optional.empty();
    if (keeping.isEmpty()) {
      pass(fetch, fetch.request().isSafe() ? response : OriginSide.sticky(response), "");
      return;
    }
    Flight none = Flight.unlisted(fetch.key(), fence);
    ActiveFill fill = fill(fetch, response.body(), keeping, none);
    OptionalLong length = response.body().length();
    delivery.lead(
        fetch,
        new Filled.Ready(response.head(), keeping.get().meta, length, fill.fill()),
        true,
        "");
    begin(fetch, fill);
  }

  /** Where what the store keeps of a POST's answer goes; empty where it keeps nothing. */
  private Optional<Keeping> keeping(
      Fetch fetch, Fetched.Response response, SlicePolicy.Part part, long fence) {
    return switch (decide(fetch, response, part, fence)) {
      case Storage.NotStorable none -> Optional.empty();
      case Storage.Storable(StoredMeta meta) ->
          Optional.of(new Keeping(store.begin(meta, response.body().length()), meta))
              .filter(k -> k.writer.refused().isEmpty());
    };
  }

  private Storage decide(
      Fetch fetch, Fetched.Response response, SlicePolicy.Part part, long fence) {
    return StoragePolicy.decide(
        fetch.request(),
        part.key(),
        part.head(),
        response.requestMillis(),
        response.responseMillis(),
        fence,
        fetch.site().cache());
  }

  private static IllegalStateException unasked(Fetched.Switched switched) {
    switched.stream().close();
    return new IllegalStateException("a protocol was switched that nobody asked for");
  }

  /** Validates in the background what was served stale; one such fetch at a time. */
  void revalidate(Fetch background) {
    FlightTable.Turn turn =
        flights.join(background.key(), store.fence(), clock.millis(), this::isUnpurged);
    if (turn instanceof FlightTable.Turn.Lead(Flight flight)) {
      lead(background, flight);
    }
  }

  /** Nobody joins a fetch that began before a purge which may cover it. */
  boolean isUnpurged(Flight flight) {
    return !store.purgedSince(flight.fence(), flight.key(), flight.meta().map(StoredMeta::tags));
  }

  private void end(Flight flight, Filled filled) {
    flights.end(flight);
    flight.filled(filled);
  }

  private void answered(Fetch fetch, Flight flight, Fetched.Response response) {
    int status = response.head().status();
    if (status == 304 && fetch.stale().isPresent()) {
      response.body().deliver(new Drain());
      confirmed(fetch, flight, fetch.stale().get(), response);
      return;
    }
    boolean replaced =
        OriginSide.isReplaced(fetch, status)
            || fetch
                .stale()
                .filter(s -> StalePolicy.insteadOf(status, s.meta(), clock.millis()))
                .isPresent();
    if (replaced) {
      response.body().cancel();
      String reason = Delivery.ORIGIN_STATUS + status;
      end(flight, new Filled.LeaderFailed(reason, status));
      delivery.failed(fetch, reason, status);
      return;
    }
    SlicePolicy.Part part = part(fetch, response);
    switch (decide(fetch, response, part, flight.fence())) {
      case Storage.Storable(StoredMeta meta) -> {
        uncacheable.forget(fetch.key());
        receive(fetch, flight, response, meta);
      }
      case Storage.NotStorable(StoragePolicy.NotStoredReason reason) -> {
        // An origin in trouble is spared: its errors are waited for together.
        if (reason.isOfResponse() && status < 500) {
          uncacheable.remember(fetch.key(), clock.millis());
        }
        end(flight, new Filled.Uncacheable());
        pass(
            fetch,
            OriginSide.isForOne(reason) ? OriginSide.sticky(response) : response,
            reason.token());
      }
    }
  }

  /** What the response is to the store: all of a URL as a rule; else a slice or another part. */
  private SlicePolicy.Part part(Fetch fetch, Fetched.Response response) {
    SlicePolicy.Part all =
        new SlicePolicy.Part(fetch.key().withSlice(CacheKey.WHOLE), response.head());
    if (fetch.key().slice() == CacheKey.WHOLE || response.head().status() != 206) {
      return all;
    }
    OptionalLong length = response.body().length();
    return SlicePolicy.part(fetch.key(), response.head(), length, config.sliceBytes()).orElse(all);
  }

  /**
   * 304: the stored response is updated. Where it may not be kept any more it goes; then, and where
   * the 304 speaks of another or the bytes are gone meanwhile, it is fetched without conditions.
   */
  private void confirmed(
      Fetch fetch, Flight flight, StoredResponse stale, Fetched.Response response) {
    StoredMeta meta =
        ValidationPolicy.freshen(
            stale.meta(),
            response.head(),
            response.requestMillis(),
            response.responseMillis(),
            flight.fence(),
            fetch.site().cache());
    if (!ValidationPolicy.mayStay(meta, fetch.site().cache())) {
      store.invalidate(fetch.key());
    } else if (ValidationPolicy.confirms(stale.meta(), response.head())
        && store.refresh(stale, meta) instanceof Stored.Kept(StoredResponse kept)) {
      end(flight, new Filled.Refreshed(kept));
      if (!delivery.refreshed(fetch, kept, false)) {
        alone(fetch.withoutStale());
      }
      return;
    }
    end(flight, new Filled.Uncacheable());
    alone(fetch.withoutStale());
  }

  /**
   * Into the store, and from there and from memory to everybody who waits. Where the store does not
   * take it just now, from memory alone: what is waited for together is fetched once.
   */
  private void receive(Fetch fetch, Flight flight, Fetched.Response response, StoredMeta meta) {
    ResponseWriter writer = store.begin(meta, response.body().length());
    Optional<StoreReason> refused = writer.refused();
    if (refused.isPresent() && refused.get() == StoreReason.TOO_LARGE) {
      tooLarge(fetch, flight, response);
      return;
    }
    Optional<Keeping> to =
        refused.isEmpty() ? Optional.of(new Keeping(writer, meta)) : Optional.empty();
    ActiveFill fill = fill(fetch, response.body(), to, flight);
    Filled.Ready ready =
        new Filled.Ready(response.head(), meta, response.body().length(), fill.fill());
    delivery.lead(fetch, ready, refused.isEmpty(), refused.map(StoreReason::token).orElse(""));
    if (refused.isEmpty()) {
      flight.stores(fill.fill(), ready.length());
    }
    boolean isShared = !CacheControl.ofResponse(response.head().fields()).isUnqualified("no-cache");
    flight.filled(isShared ? ready : new Filled.Uncacheable());
    boolean isForNobody = fetch.answer().isEmpty() && fill.fill().readers() == 0;
    if (refused.isPresent() && isForNobody) {
      fill.drop();
    } else {
      begin(fetch, fill);
    }
  }

  /** Everybody asks for themselves, in slices where that can be: readers would hold each other. */
  private void tooLarge(Fetch fetch, Flight flight, Fetched.Response response) {
    end(flight, new Filled.Uncacheable());
    boolean inSlices =
        fetch.key().slice() == CacheKey.WHOLE
            && config.sliceBytes() > 0
            && SlicePolicy.isSliceable(response.head());
    if (inSlices) {
      response.body().cancel();
      sliced.accept(fetch);
    } else {
      pass(fetch, response, StoreReason.TOO_LARGE.token());
    }
  }

  /** Reads what has come already; where that is nothing yet, the reader gets the head at least. */
  private static void begin(Fetch fetch, ActiveFill fill) {
    fill.start();
    if (!fill.isEnded() && fill.fill().received() == 0) {
      fetch.answer().ifPresent(answer -> answer.exchange().sink().flush());
    }
  }

  /** A response for its own request only. */
  void pass(Fetch fetch, Fetched.Response response, String detail) {
    if (fetch.answer().isEmpty()) {
      response.body().cancel();
      return;
    }
    Flight none = Flight.unlisted(fetch.key(), store.fence());
    ActiveFill fill = fill(fetch, response.body(), Optional.empty(), none);
    delivery.pass(fetch, response.head(), response.body().length(), fill.fill(), detail);
    begin(fetch, fill);
  }

  /** A body on its way into the store. */
  private record Keeping(ResponseWriter writer, StoredMeta meta) {}

  private ActiveFill fill(
      Fetch fetch, BodySource source, Optional<Keeping> keeping, Flight flight) {
    OptionalLong length =
        keeping
            .flatMap(k -> SlicePolicy.range(k.meta))
            .map(range -> OptionalLong.of(range.length()))
            .orElse(source.length());
    ActiveFill fill =
        new ActiveFill(
            source,
            keeping.map(Keeping::writer),
            fetch.thread(),
            config,
            budget,
            length,
            received -> beginning(fetch, keeping, received, length),
            ended -> {
              active.remove(ended);
              flights.end(flight);
            });
    active.add(fill);
    return fill;
  }

  /** What broke off, as a part; never in place of a whole that is stored. */
  private Optional<StoredMeta> beginning(
      Fetch fetch, Optional<Keeping> keeping, long received, OptionalLong length) {
    return keeping
        .filter(k -> fetch.stale().isEmpty() && length.isPresent())
        .flatMap(
            k -> SlicePolicy.beginning(k.meta, received, length.getAsLong(), config.sliceBytes()));
  }

  /** Reads to the end and keeps nothing, so that the connection can be used again. */
  private static final class Drain implements BodySource.Receiver {
    @Override
    public boolean take(java.nio.ByteBuffer part) {
      return true;
    }

    @Override
    public void end() {}

    @Override
    public void broken(String reason) {}
  }
}

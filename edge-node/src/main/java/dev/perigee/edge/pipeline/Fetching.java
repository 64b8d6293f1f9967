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
import dev.perigee.edge.origin.OriginFields;
import dev.perigee.edge.request.BodySource;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
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
    this.delivery = new Delivery(config, clock);
    this.budget = new WindowBudget(config.fillMemoryBytes(), config.windowBytes());
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
    FieldList.Builder fields =
        OriginFields.request(fetch.request(), fetch.key().host(), config.name());
    CONDITIONS.forEach(fields::remove);
    fetch.stale().ifPresent(s -> ValidationPolicy.conditionalFields(s.meta()).forEach(fields::add));
    if (fetch.key().slice() != CacheKey.WHOLE) {
      fields.set("Range", SlicePolicy.range(fetch.key().slice(), config.sliceBytes()));
    }
    FetchRequest request =
        new FetchRequest(
            fetch.site(),
            fetch.request().client(),
            "GET",
            fetch.request().target(),
            fields.build(),
            Optional.empty(),
            fetch::interim);
    origin.fetch(
        request,
        fetched -> {
          switch (fetched) {
            case Fetched.Failed failed -> {
              end(flight, new Filled.LeaderFailed(failed.kind().token(), failed.kind().status()));
              delivery.failed(fetch, failed.kind().token(), failed.kind().status());
            }
            case Fetched.Response response -> answered(fetch, flight, response);
          }
        });
  }

  /** Fetches for this request only, without being joined; what may be stored is stored. */
  void alone(Fetch fetch) {
    lead(fetch, Flight.unlisted(fetch.key(), store.fence()));
  }

  /** Passes the request as it is, with its body; nothing is stored. */
  void bypass(Fetch fetch) {
    if (budget.isOverdrawn()) {
      delivery.failed(fetch, BUSY, BUSY_STATUS);
      return;
    }
    FieldList.Builder fields =
        OriginFields.request(fetch.request(), fetch.key().host(), config.name());
    FetchRequest request =
        new FetchRequest(
            fetch.site(),
            fetch.request().client(),
            fetch.request().method(),
            fetch.request().target(),
            fields.build(),
            fetch.answer().flatMap(answer -> answer.exchange().body()),
            fetch::interim);
    origin.fetch(
        request,
        fetched -> {
          switch (fetched) {
            case Fetched.Failed failed ->
                delivery.failed(fetch, failed.kind().token(), failed.kind().status());
            case Fetched.Response response -> {
              InvalidationPolicy.keys(fetch.request(), response.head(), fetch.key())
                  .forEach(store::invalidate);
              pass(fetch, fetch.request().isSafe() ? response : sticky(response), "");
            }
          }
        });
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
        fetch
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
    Storage storage =
        StoragePolicy.decide(
            fetch.request(),
            part.key(),
            part.head(),
            response.requestMillis(),
            response.responseMillis(),
            flight.fence(),
            fetch.site().cache());
    switch (storage) {
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
        pass(fetch, isForOne(reason) ? sticky(response) : response, reason.token());
      }
    }
  }

  /** Whether nobody else may store it either: our readers may be caches, too. */
  private static boolean isForOne(StoragePolicy.NotStoredReason reason) {
    return switch (reason) {
      case NO_STORE, PRIVATE, VARY_ALL, COOKIE, NO_LIFETIME -> true;
      case METHOD, REQUEST_NO_STORE, AUTHORIZATION, NOT_UNDERSTOOD, PARTIAL, RULE -> false;
    };
  }

  /** With the cookie by which the reader stays at the server; never on what anybody may store. */
  private static Fetched.Response sticky(Fetched.Response response) {
    return response
        .stickyCookie()
        .map(
            cookie -> {
              FieldList.Builder fields = response.head().fields().toBuilder();
              ResponseHead head =
                  new ResponseHead(
                      response.head().status(), fields.add("Set-Cookie", cookie).build());
              return new Fetched.Response(
                  head,
                  response.body(),
                  response.requestMillis(),
                  response.responseMillis(),
                  Optional.empty());
            })
        .orElse(response);
  }

  /**
   * What the response is to the store: all of a URL as a rule; a slice where that was asked for.
   */
  private SlicePolicy.Part part(Fetch fetch, Fetched.Response response) {
    SlicePolicy.Part all =
        new SlicePolicy.Part(fetch.key().withSlice(CacheKey.WHOLE), response.head());
    return fetch.key().slice() == CacheKey.WHOLE || response.head().status() != 206
        ? all
        : SlicePolicy.part(fetch.key(), response.head(), config.sliceBytes()).orElse(all);
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

  /** Into the store, and from there and from memory to everybody who waits. */
  private void receive(Fetch fetch, Flight flight, Fetched.Response response, StoredMeta meta) {
    ResponseWriter writer = store.begin(meta, response.body().length());
    Optional<StoreReason> refused = writer.refused();
    if (refused.isPresent()) {
      end(flight, new Filled.Uncacheable());
      boolean inSlices =
          refused.get() == StoreReason.TOO_LARGE
              && fetch.key().slice() == CacheKey.WHOLE
              && config.sliceBytes() > 0
              && SlicePolicy.isSliceable(response.head());
      if (inSlices) {
        response.body().cancel();
        sliced.accept(fetch);
        return;
      }
      pass(fetch, response, refused.get().token());
      return;
    }
    ActiveFill fill = fill(fetch, response.body(), Optional.of(writer), flight);
    Filled.Ready ready =
        new Filled.Ready(response.head(), meta, response.body().length(), fill.fill());
    delivery.lead(fetch, ready, true, "");
    if (CacheControl.ofResponse(response.head().fields()).isUnqualified("no-cache")) {
      end(flight, new Filled.Uncacheable());
    } else {
      flight.filled(ready);
    }
    fill.start();
  }

  /** A response for its own request only. */
  private void pass(Fetch fetch, Fetched.Response response, String detail) {
    if (fetch.answer().isEmpty()) {
      response.body().cancel();
      return;
    }
    Flight none = Flight.unlisted(fetch.key(), store.fence());
    ActiveFill fill = fill(fetch, response.body(), Optional.empty(), none);
    delivery.pass(fetch, response.head(), response.body().length(), fill.fill(), detail);
    fill.start();
  }

  private ActiveFill fill(
      Fetch fetch, BodySource source, Optional<ResponseWriter> writer, Flight flight) {
    ActiveFill fill =
        new ActiveFill(
            source,
            writer,
            fetch.thread(),
            config,
            budget,
            ended -> {
              active.remove(ended);
              flights.end(flight);
            });
    active.add(fill);
    return fill;
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

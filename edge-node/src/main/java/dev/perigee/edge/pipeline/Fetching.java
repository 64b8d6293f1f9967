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
import dev.perigee.edge.origin.Fetched;
import dev.perigee.edge.origin.PassedOn;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.PeerNote;
import dev.perigee.edge.request.PurgePosition;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
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

  private static final int BUSY_STATUS = 503;

  /** Another node's answer only stood in for the origin's. */
  private static final String PEER_STALE = "peer-stale";

  private static final int PEER_STALE_STATUS = 504;

  /** The key's owner has it, and that is enough as long as few ask for it here. */
  private static final String POP_SHARE = "pop-share";

  private final PipelineConfig config;
  private final ResponseStore store;
  private final FlightTable flights;
  private final Forwarding forwarding;
  private final Consumer<Fetch> sliced;
  private final InstantSource clock;
  private final Delivery delivery;
  private final Fills fills;
  private final UncacheableTable uncacheable = new UncacheableTable();

  /**
   * @param sliced answers a request in slices whose response is too large to be stored whole
   */
  Fetching(
      PipelineConfig config,
      ResponseStore store,
      FlightTable flights,
      Forwarding forwarding,
      InstantSource clock,
      Consumer<Fetch> sliced) {
    this.config = config;
    this.store = store;
    this.flights = flights;
    this.forwarding = forwarding;
    this.sliced = sliced;
    this.clock = clock;
    this.delivery = new Delivery(config, clock);
    this.fills = new Fills(config, flights);
  }

  Delivery delivery() {
    return delivery;
  }

  UncacheableTable uncacheable() {
    return uncacheable;
  }

  int open() {
    return fills.open();
  }

  /** Bytes that wait in memory for readers or for the store. */
  long heldBytes() {
    return fills.heldBytes();
  }

  void sweep(long nowMillis) {
    fills.sweep(nowMillis);
  }

  /** Fetches for this request and everybody who follows the flight. */
  void lead(Fetch fetch, Flight flight) {
    if (fills.isOverdrawn()) {
      failed(fetch, flight, Delivery.BUSY, BUSY_STATUS);
      return;
    }
    Forwarding.Order order =
        new Forwarding.Order(
            "GET",
            Optional.empty(),
            fields -> shape(fetch, fields),
            store.position(flight.fence()),
            false);
    forwarding.fetch(
        fetch,
        order,
        came -> {
          switch (came.fetched()) {
            case Fetched.Failed lost ->
                failed(fetch, flight, lost.kind().token(), lost.kind().status());
            case Fetched.Response response -> {
              if (came.note().failed().isPresent()) {
                response.body().deliver(new Drain());
                failed(fetch, flight, came.note().failed().get(), response.head().status());
              } else {
                answered(fetch, flight, response, came);
              }
            }
            case Fetched.Switched switched -> throw unasked(switched);
          }
        });
  }

  /** A fetch for the store: of the whole, or of a slice, with the validators of what is stored. */
  private void shape(Fetch fetch, FieldList.Builder fields) {
    CONDITIONS.forEach(fields::remove);
    PassedOn.trailers(fetch.request(), fields);
    fetch.stale().ifPresent(s -> ValidationPolicy.conditionalFields(s.meta()).forEach(fields::add));
    if (fetch.key().slice() != CacheKey.WHOLE) {
      fields.set("Range", SlicePolicy.range(fetch.key().slice(), config.sliceBytes()));
    }
  }

  private void failed(Fetch fetch, Flight flight, String reason, int status) {
    end(flight, new Filled.LeaderFailed(reason, status));
    delivery.failed(fetch, reason, status);
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
    pass(fetch, store.position(), false, "");
  }

  /** The same past all other nodes, for this one does not know what it may ask of them. */
  void straight(Fetch fetch) {
    pass(fetch, store.position(), fetch.request().isSafe(), "");
  }

  /**
   * The same for a node that knows of purges that this one does not: what is stored here or on its
   * way may be purged.
   */
  void behind(Fetch fetch, PurgePosition wanted) {
    pass(fetch, wanted, false, "purge-behind");
  }

  private void pass(Fetch fetch, PurgePosition purge, boolean straight, String detail) {
    if (fills.isOverdrawn()) {
      delivery.failed(fetch, Delivery.BUSY, BUSY_STATUS);
      return;
    }
    Forwarding.Order order =
        new Forwarding.Order(
            fetch.request().method(),
            fetch.answer().flatMap(answer -> answer.exchange().body()),
            fields -> {
              PassedOn.trailers(fetch.request(), fields);
              PassedOn.expectation(fetch.request(), fields);
            },
            purge,
            straight);
    long fence = store.fence();
    forwarding.fetch(
        fetch,
        order,
        came -> {
          switch (came.fetched()) {
            case Fetched.Failed lost ->
                delivery.failed(fetch, lost.kind().token(), lost.kind().status());
            case Fetched.Response response -> passed(fetch, response, came, fence, detail);
            case Fetched.Switched switched -> throw unasked(switched);
          }
        });
  }

  private void passed(
      Fetch fetch, Fetched.Response response, Forwarding.Came came, long fence, String detail) {
    int status = response.head().status();
    if (came.note().failed().isPresent()) {
      response.body().deliver(new Drain());
      delivery.failed(fetch, came.note().failed().get(), status);
      return;
    }
    InvalidationPolicy.keys(fetch.request(), response.head(), fetch.key())
        .forEach(store::invalidate);
    boolean speaks = !came.note().stale();
    if (speaks && fetch.stale().isPresent()) {
      headed(fetch, fetch.stale().get(), response, came.note(), fence);
    }
    if (OriginSide.isReplaced(fetch, status)) {
      response.body().cancel();
      delivery.failed(fetch, Delivery.ORIGIN_STATUS + status, status);
      return;
    }
    fetch.answer().ifPresent(answer -> answer.note(came.note()));
    Optional<Fills.Keeping> keeping =
        speaks && forwarding.keeps(came, fetch.key())
            ? posted(fetch, response, came.note(), fence)
            : Optional.empty();
    keeping.ifPresentOrElse(
        to -> keep(fetch, response, to, fence), () -> passOne(fetch, response, detail));
  }

  /** What a server answers to an unsafe request tells the reader where to stay. */
  private void passOne(Fetch fetch, Fetched.Response response, String detail) {
    pass(fetch, fetch.request().isSafe() ? response : OriginSide.sticky(response), detail);
  }

  /**
   * HEAD for what is stored and stale (RFC 9111, section 4.3.5): it is updated where it is still
   * the same, else it is what it was no more.
   */
  private void headed(
      Fetch fetch, StoredResponse stale, Fetched.Response response, PeerNote note, long fence) {
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
                fetch.site().cache())
            .within(note.ttl());
    boolean stays =
        ValidationPolicy.confirmsByHead(stale.meta(), stale.length(), response.head())
            && ValidationPolicy.mayStay(meta, fetch.site().cache());
    // Where it is gone or purged meanwhile nothing can be updated.
    if (!stays || store.refresh(stale, meta) instanceof Stored.Refused) {
      store.invalidate(fetch.key());
    }
  }

  /** Where what the store keeps of a POST's answer goes; empty where it keeps nothing. */
  private Optional<Fills.Keeping> posted(
      Fetch fetch, Fetched.Response response, PeerNote note, long fence) {
    SlicePolicy.Part part = new SlicePolicy.Part(fetch.key(), response.head());
    return fetch.request().method().equals("POST")
            && decide(fetch, response, part, fence) instanceof Storage.Storable(StoredMeta meta)
        ? Optional.of(meta.within(note.ttl()))
            .map(kept -> new Fills.Keeping(store.begin(kept, response.body().length()), kept))
            .filter(k -> k.writer().refused().isEmpty())
        : Optional.empty();
  }

  /** For the one who asked, and into the store. */
  private void keep(Fetch fetch, Fetched.Response response, Fills.Keeping to, long fence) {
    Flight none = Flight.unlisted(fetch.key(), fence);
    ActiveFill fill = fills.fill(fetch, response.body(), Optional.of(to), none);
    OptionalLong length = response.body().length();
    delivery.lead(
        fetch, new Filled.Ready(response.head(), to.meta(), length, fill.fill()), true, "");
    Fills.begin(fetch, fill);
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
        flights.join(
            background.key(), store.fence(), clock.millis(), OptionalInt.empty(), this::isUnpurged);
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

  private void answered(
      Fetch fetch, Flight flight, Fetched.Response response, Forwarding.Came came) {
    int status = response.head().status();
    if (came.note().stale()) {
      standIn(fetch, flight, response);
      return;
    }
    if (status == 304 && fetch.stale().isPresent()) {
      response.body().deliver(new Drain());
      confirmed(fetch, flight, fetch.stale().get(), response, came.note());
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
      failed(fetch, flight, Delivery.ORIGIN_STATUS + status, status);
      return;
    }
    if (!forwarding.keeps(came, fetch.key())) {
      end(flight, new Filled.Uncacheable());
      fetch.answer().ifPresent(answer -> answer.note(came.note()));
      pass(fetch, response, POP_SHARE);
      return;
    }
    SlicePolicy.Part part = part(fetch, response);
    switch (decide(fetch, response, part, flight.fence())) {
      case Storage.Storable(StoredMeta meta) -> {
        uncacheable.forget(fetch.key());
        receive(fetch, flight, response, meta.within(came.note().ttl()));
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

  /**
   * A stale response of another node, in place of the origin's: for this request alone, as it may
   * be purged softly, which its age does not tell. What is stored here is as good as a 304 for it.
   */
  private void standIn(Fetch fetch, Flight flight, Fetched.Response response) {
    if (response.head().status() == 304) {
      response.body().deliver(new Drain());
      failed(fetch, flight, PEER_STALE, PEER_STALE_STATUS);
      return;
    }
    end(flight, new Filled.Uncacheable());
    fetch.answer().ifPresent(answer -> answer.note(PeerNote.ofStale()));
    pass(fetch, response, PEER_STALE);
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
      Fetch fetch, Flight flight, StoredResponse stale, Fetched.Response response, PeerNote note) {
    StoredMeta meta =
        ValidationPolicy.freshen(
                stale.meta(),
                response.head(),
                response.requestMillis(),
                response.responseMillis(),
                flight.fence(),
                fetch.site().cache())
            .within(note.ttl());
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
    Optional<Fills.Keeping> to =
        refused.isEmpty() ? Optional.of(new Fills.Keeping(writer, meta)) : Optional.empty();
    ActiveFill fill = fills.fill(fetch, response.body(), to, flight);
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
      Fills.begin(fetch, fill);
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

  /** A response for its own request only. */
  void pass(Fetch fetch, Fetched.Response response, String detail) {
    if (fetch.answer().isEmpty()) {
      response.body().cancel();
      return;
    }
    Flight none = Flight.unlisted(fetch.key(), store.fence());
    ActiveFill fill = fills.fill(fetch, response.body(), Optional.empty(), none);
    delivery.pass(fetch, response.head(), response.body().length(), fill.fill(), detail);
    Fills.begin(fetch, fill);
  }
}

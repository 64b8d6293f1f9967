package dev.perigee.edge.pipeline;

import dev.perigee.contract.ContentCoding;
import dev.perigee.edge.cache.Freshness;
import dev.perigee.edge.cache.StalePolicy;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.collapse.Fill;
import dev.perigee.edge.collapse.Flight.Filled;
import dev.perigee.edge.request.PeerNote;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.request.ResponseSink;
import dev.perigee.edge.respond.CacheStatus;
import dev.perigee.edge.respond.FillPump;
import dev.perigee.edge.respond.RangePolicy;
import dev.perigee.edge.respond.RangePolicy.Ranged;
import dev.perigee.edge.respond.Segment;
import dev.perigee.edge.respond.coding.DecodingSink;
import dev.perigee.edge.respond.coding.NotCodedReason;
import dev.perigee.edge.respond.coding.Selected;
import dev.perigee.edge.telemetry.RequestRecord.Outcome;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** What a fetch came to, on its way to those who wait for it. */
final class Delivery {
  static final String ORIGIN_STATUS = "origin-status-";

  /** Readers hold as much memory as they may: no fetch begins. */
  static final String BUSY = "node-busy";

  private final PipelineConfig config;
  private final InstantSource clock;

  Delivery(PipelineConfig config, InstantSource clock) {
    this.config = config;
    this.clock = clock;
  }

  /** To the one who leads, as the first reader of the fill. */
  void lead(Fetch fetch, Filled.Ready ready, boolean stored, String detail) {
    CacheStatus status =
        CacheStatus.forwarded(config.name(), fetch.why())
            .forwardStatus(OptionalInt.of(ready.head().status()))
            .ttl(ttl(ready.meta()))
            .stored(stored)
            .detail(detail);
    fetch
        .answer()
        .ifPresent(
            answer -> {
              answer.outcome(Outcome.MISS, detail);
              answer.note(fresh(ready.meta()));
            });
    stream(fetch, ready.head(), OptionalLong.empty(), ready.length(), ready.fill(), status);
  }

  /** Whether what is wanted of a body that is being stored is there, or a slice away. */
  boolean isComingIn(Fetch fetch, Filled.Ready ready, boolean wholly) {
    if (ready.length().isEmpty() || !ready.fill().isStoring()) {
      return false;
    }
    long total = ready.length().getAsLong();
    long soon = Math.min(total, ready.fill().received() + config.sliceBytes());
    return wholly
        || RangePolicy.decide(fetch.request(), ready.meta().head(), total)
            .isWithin(0, soon - 1, total);
  }

  /**
   * To one who follows; one who comes after the last byte has a hit, though the store may still be
   * busy with it.
   *
   * @return false when the fill can be joined no more: nothing was sent
   */
  boolean follow(Fetch fetch, Filled.Ready ready) {
    boolean whole = ready.fill().isWhole(ready.length());
    OptionalLong ttl = ttl(ready.meta());
    CacheStatus status =
        whole
            ? CacheStatus.hit(config.name(), ttl.orElse(0))
            : CacheStatus.forwarded(config.name(), fetch.why())
                .forwardStatus(OptionalInt.of(ready.head().status()))
                .ttl(ttl)
                .collapsed(true);
    Outcome outcome = whole ? Outcome.HIT : Outcome.COLLAPSED;
    fetch
        .answer()
        .ifPresent(
            answer -> {
              answer.outcome(outcome, "");
              answer.note(fresh(ready.meta()));
            });
    OptionalLong age = OptionalLong.of(Freshness.of(ready.meta(), clock.millis()).age());
    boolean joined = stream(fetch, ready.meta().head(), age, ready.length(), ready.fill(), status);
    fetch.answer().filter(answer -> joined).ifPresent(answer -> answer.exchange().sink().flush());
    return joined;
  }

  /** To the only one it is for. */
  void pass(Fetch fetch, ResponseHead head, OptionalLong length, Fill fill, String detail) {
    CacheStatus status =
        CacheStatus.forwarded(config.name(), fetch.why())
            .forwardStatus(OptionalInt.of(head.status()))
            .detail(detail);
    boolean shared = fetch.request().isGet() && !fetch.why().equals("bypass");
    fetch
        .answer()
        .ifPresent(answer -> answer.outcome(shared ? Outcome.MISS : Outcome.BYPASS, detail));
    stream(fetch, head, OptionalLong.empty(), length, fill, status);
  }

  private PeerNote fresh(StoredMeta meta) {
    return PeerNote.fresh(Freshness.of(meta, clock.millis()).ttl());
  }

  private OptionalLong ttl(StoredMeta meta) {
    return OptionalLong.of(Freshness.of(meta, clock.millis()).ttl());
  }

  private boolean stream(
      Fetch fetch,
      ResponseHead raw,
      OptionalLong age,
      OptionalLong length,
      Fill fill,
      CacheStatus status) {
    if (fetch.answer().isEmpty()) {
      return true;
    }
    Answer answer = fetch.answer().get();
    Selected selected = answer.negotiation().select(raw, length);
    ResponseHead head = answer.served(raw, age, status, asItComes(selected));
    if (answer.isDecided(head, status.text(), clock.millis())) {
      forTheStore(answer, fill);
      return true;
    }
    if (selected instanceof Selected.Decoded(ContentCoding coding)) {
      return decode(answer, head, fill, coding);
    }
    Optional<FillPump> pump =
        FillPump.join(fill, answer.exchange().sink(), answer.exchange().thread());
    if (pump.isEmpty()) {
      return false;
    }
    Ranged ranged = ranged(answer, head, length, fill);
    begin(answer.exchange().sink(), pump.get(), answer.begin(head, ranged, length));
    return true;
  }

  private static void begin(ResponseSink sink, FillPump pump, List<Segment> segments) {
    if (segments.isEmpty()) {
      pump.leave();
      sink.finish();
    } else {
      pump.start(segments);
    }
  }

  /** The fetch may still go on, though nobody reads. */
  private static void forTheStore(Answer answer, Fill fill) {
    fill.join(answer.exchange().thread(), () -> {}).ifPresent(Fill.Reader::leave);
  }

  /** What comes in is not compressed yet; whoever asks for it once it is stored may have it so. */
  private static Selected asItComes(Selected selected) {
    return selected instanceof Selected.Encoded ? NotCodedReason.NOT_YET : selected;
  }

  private static boolean decode(Answer answer, ResponseHead head, Fill fill, ContentCoding coding) {
    Optional<DecodingSink> into = answer.decoding(coding);
    if (into.isEmpty()) {
      forTheStore(answer, fill);
      return true;
    }
    Optional<FillPump> pump = FillPump.join(fill, into.get(), answer.exchange().thread());
    if (pump.isEmpty()) {
      into.get().giveUp();
      return false;
    }
    begin(into.get(), pump.get(), answer.whole(head, OptionalLong.empty()));
    return true;
  }

  /** What passes through without being stored passes once: parts go out in its order. */
  private Ranged ranged(Answer answer, ResponseHead head, OptionalLong length, Fill fill) {
    Ranged ranged =
        length.isPresent()
            ? RangePolicy.decide(answer.request(), head, length.getAsLong())
            : new Ranged.Whole();
    return ranged instanceof Ranged.Parts parts && !fill.isStoring() ? parts.inOrder() : ranged;
  }

  /**
   * Answers with a stored response that the origin has just confirmed.
   *
   * @return false when its bytes are gone: nothing was sent
   */
  boolean refreshed(Fetch fetch, StoredResponse response, boolean collapsed) {
    if (fetch.answer().isEmpty()) {
      return true;
    }
    Freshness freshness = Freshness.of(response.meta(), clock.millis());
    CacheStatus status =
        CacheStatus.forwarded(config.name(), fetch.why())
            .forwardStatus(OptionalInt.of(304))
            .ttl(OptionalLong.of(freshness.ttl()))
            .stored(true)
            .collapsed(collapsed);
    Answer answer = fetch.answer().get();
    answer.outcome(Outcome.REFRESHED, "");
    answer.note(fresh(response.meta()));
    return answer.stored(response, freshness.age(), status, clock.millis());
  }

  /** No usable answer: stale where that is allowed, else an error that says why. */
  void failed(Fetch fetch, String reason, int status) {
    if (fetch.answer().isEmpty()) {
      return;
    }
    Answer answer = fetch.answer().get();
    long now = clock.millis();
    Optional<StoredResponse> stale = fetch.stale().filter(s -> mayServe(s, reason, status, now));
    if (stale.isPresent()) {
      Freshness freshness = Freshness.of(stale.get().meta(), now);
      CacheStatus cacheStatus = CacheStatus.hit(config.name(), freshness.ttl()).detail(reason);
      answer.outcome(Outcome.STALE, reason);
      answer.note(PeerNote.ofStale());
      // Purged meanwhile it cannot be opened any more.
      if (answer.stored(stale.get(), freshness.age(), cacheStatus, now)) {
        return;
      }
    }
    answer.outcome(Outcome.ERROR, reason);
    answer.note(reason.equals(BUSY) ? PeerNote.refused(reason) : PeerNote.failed(reason));
    answer.text(
        status,
        "There is no answer of the origin: " + reason + ".",
        CacheStatus.forwarded(config.name(), fetch.why()).detail(reason).text());
  }

  private static boolean mayServe(StoredResponse stale, String reason, int status, long now) {
    return reason.startsWith(ORIGIN_STATUS)
        ? StalePolicy.insteadOf(status, stale.meta(), now)
        : StalePolicy.whenDisconnected(stale.meta(), now);
  }
}

package dev.perigee.edge.pipeline;

import dev.perigee.contract.ContentCoding;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.cache.CacheControl;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.collapse.FlightTable;
import dev.perigee.edge.origin.OriginReference;
import dev.perigee.edge.policy.SiteLoad;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.PeerHop;
import dev.perigee.edge.request.PeerNote;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.request.ResponseSink;
import dev.perigee.edge.respond.BodyPump;
import dev.perigee.edge.respond.CacheStatus;
import dev.perigee.edge.respond.ErrorText;
import dev.perigee.edge.respond.Multipart;
import dev.perigee.edge.respond.OutgoingFields;
import dev.perigee.edge.respond.Preconditions;
import dev.perigee.edge.respond.RangePolicy;
import dev.perigee.edge.respond.RangePolicy.Ranged;
import dev.perigee.edge.respond.Segment;
import dev.perigee.edge.respond.coding.CodedFields;
import dev.perigee.edge.respond.coding.DecodingSink;
import dev.perigee.edge.respond.coding.NotCodedReason;
import dev.perigee.edge.respond.coding.Selected;
import dev.perigee.edge.routing.PeerTable;
import dev.perigee.edge.telemetry.RequestRecord;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** One request on its way to its answer, and the last steps that all answers share. */
final class Answer {
  private static final String METHODS = "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS";

  private static final String BUSY = "decoding-busy";

  /** Seconds after which what is refused for want of room may well be answered. */
  private static final String RETRY_AFTER = "1";

  private static final Wanted EVERYTHING =
      length -> List.of(new Segment.Bytes(0, length.orElse(Long.MAX_VALUE)));

  private final Exchange exchange;
  private final ClientPlace place;
  private final PipelineConfig config;
  private final Wanted wanted;
  private final boolean wantsEverything;
  private final Negotiation negotiation;
  private RequestRecord.Outcome outcome = RequestRecord.Outcome.DENIED;
  private String reason = "";
  private Optional<SiteConfig> site = Optional.empty();
  private Optional<SiteLoad> let = Optional.empty();
  private boolean settled;
  private int landed;
  private PeerTable peers = PeerTable.none();
  private PeerNote note = PeerNote.NONE;
  private Limited limited = Limited.NOT;

  Answer(Exchange exchange, ClientPlace place, PipelineConfig config) {
    this(exchange, place, config, EVERYTHING, true, new Negotiation(exchange));
  }

  /**
   * @param wanted asked once the head of a whole body has been sent
   */
  Answer(Exchange exchange, ClientPlace place, PipelineConfig config, Wanted wanted) {
    this(exchange, place, config, wanted, false, new Negotiation(exchange));
  }

  private Answer(
      Exchange exchange,
      ClientPlace place,
      PipelineConfig config,
      Wanted wanted,
      boolean wantsEverything,
      Negotiation negotiation) {
    this.exchange = exchange;
    this.place = place;
    this.config = config;
    this.wanted = wanted;
    this.wantsEverything = wantsEverything;
    this.negotiation = negotiation;
  }

  /** The answer to a request that was made for this one. */
  Answer part(Exchange request, Wanted some) {
    Answer part = new Answer(request, place, config, some, false, negotiation.part(request));
    part.site = site;
    part.peers = peers;
    part.limited = Limited.ENOUGH;
    return part;
  }

  /** What somebody wants of a body who has not asked for a range of it. */
  interface Wanted {
    /** Which of its bytes follow the head, in the order of the body. */
    List<Segment.Bytes> of(OptionalLong length);
  }

  Exchange exchange() {
    return exchange;
  }

  RequestHead request() {
    return exchange.head();
  }

  /** In which coding it is answered. */
  Negotiation negotiation() {
    return negotiation;
  }

  ClientPlace place() {
    return place;
  }

  RequestRecord.Outcome outcome() {
    return outcome;
  }

  String reason() {
    return reason;
  }

  String site() {
    return site.map(SiteConfig::id).orElse("");
  }

  /**
   * The store is looked into.
   *
   * @param count what {@link FlightTable#landed} says before that
   */
  void looks(int count) {
    landed = count;
  }

  /** What it was told before; empty where it has looked or waited once more already. */
  OptionalInt looked() {
    return settled ? OptionalInt.empty() : OptionalInt.of(landed);
  }

  /** Whether the request may wait for what is on its way into the store: once. */
  boolean settle() {
    boolean first = !settled;
    settled = true;
    return first;
  }

  void of(SiteConfig one) {
    site = Optional.of(one);
    negotiation.of(one);
  }

  /** The request counts as one of its site. */
  void let(SiteLoad load) {
    let = Optional.of(load);
    if (load.isPaced() && exchange.isOfReader()) {
      exchange.sink().pace(load::send);
    }
  }

  /** The request is over. */
  void over() {
    let.ifPresent(SiteLoad::asked);
  }

  /** The other nodes as they are for this request. */
  PeerTable peers() {
    return peers;
  }

  void among(PeerTable nodes) {
    peers = nodes;
  }

  /** What the site's rate limits say of the request. */
  Limited limited() {
    return limited;
  }

  void limited(Limited by) {
    limited = by;
  }

  /** What another node that asks is told of the answer; readers are told nothing. */
  void note(PeerNote said) {
    note = said;
  }

  /** The answer is fresh for so many seconds more. */
  void noteFresh(long ttl) {
    if (exchange.peer().isPresent()) {
      note = PeerNote.fresh(ttl);
    }
  }

  void outcome(RequestRecord.Outcome value, String why) {
    outcome = value;
    reason = why;
  }

  /** What is known of the request at its end. */
  RequestRecord record(int status, long bytes, long duration) {
    RequestHead request = request();
    return new RequestRecord(
        request.client(),
        place,
        request.method(),
        request.scheme(),
        request.host(),
        request.target(),
        site(),
        status,
        bytes,
        duration,
        request.id(),
        outcome,
        reason,
        limited.over());
  }

  /** A short text of our own. */
  void text(int status, String sentence, String cacheStatus) {
    ErrorText error = ErrorText.of(status, sentence, request(), site.map(SiteConfig::hiding));
    byte[] body = error.bytes();
    FieldList.Builder fields =
        FieldList.builder()
            .add("Content-Type", error.contentType())
            .add("Cache-Control", "no-store")
            .add("Cache-Status", cacheStatus);
    addNote(fields);
    if (status == 503) {
      fields.add("Retry-After", RETRY_AFTER);
    }
    limited.addTo(fields);
    if (status == 405) {
      fields.add("Allow", METHODS);
    }
    if (status == 426) {
      fields.add("Upgrade", "websocket").add("Connection", "Upgrade");
      fields.add("Sec-WebSocket-Version", "13");
    }
    exchange.sink().start(new ResponseHead(status, fields.build()), OptionalLong.of(body.length));
    if (request().isHead() || exchange.sink().write(ByteBuffer.wrap(body), this::finish)) {
      finish();
    }
  }

  /** What this node answers for itself. */
  void options() {
    FieldList fields = FieldList.of("Allow", METHODS, "Cache-Control", "no-store");
    exchange.sink().start(new ResponseHead(204, fields), OptionalLong.empty());
    finish();
  }

  private void finish() {
    exchange.sink().finish();
  }

  /**
   * A stored response, whole, in part, or as 304.
   *
   * @return false when its bytes were evicted meanwhile: nothing was sent
   */
  boolean stored(StoredResponse response, long age, CacheStatus cacheStatus, long nowMillis) {
    Selected as = negotiation.select(response);
    Optional<StoredBody> opened = Optional.empty();
    if (as instanceof Selected.Encoded) {
      opened = negotiation.coded(response).flatMap(StoredResponse::open);
      as = opened.isPresent() ? as : NotCodedReason.NOT_YET;
    }
    if (opened.isEmpty()) {
      opened = response.open();
    }
    if (opened.isEmpty()) {
      return false;
    }
    StoredBody body = opened.get();
    ResponseHead head = hit(response.meta(), age, cacheStatus, as);
    if (isDecided(head, cacheStatus.text(), nowMillis)) {
      body.close();
      return true;
    }
    switch (as) {
      case NotCodedReason asIs -> {
        Ranged ranged = RangePolicy.decide(request(), head, body.length());
        if (ranged instanceof Ranged.Whole && isSentAtOnce(head, body)) {
          return true;
        }
        send(body, begin(head, ranged, OptionalLong.of(body.length())), exchange.sink());
      }
      case Selected.Encoded encoded ->
          send(body, whole(head, OptionalLong.of(body.length())), exchange.sink());
      case Selected.Decoded decoded -> decoded(body, head, decoded);
    }
    return true;
  }

  /** Whether all of it was in memory and wanted, and is on its way. */
  private boolean isSentAtOnce(ResponseHead head, StoredBody body) {
    Optional<ByteBuffer> whole = body.whole();
    if (!wantsEverything || !hasBody(head) || whole.isEmpty() || !whole.get().hasRemaining()) {
      return false;
    }
    body.close();
    exchange.sink().start(head, OptionalLong.of(body.length()));
    if (exchange.sink().write(whole.get(), this::finish)) {
      finish();
    }
    return true;
  }

  /** The head of a stored response; for nearly every reader only its age is to be added. */
  private ResponseHead hit(StoredMeta meta, long age, CacheStatus cacheStatus, Selected as) {
    ResponseHead stored = meta.head();
    boolean isPlain = as instanceof NotCodedReason && stored.status() == 200;
    if (isPlain && exchange.peer().isEmpty() && limited.isSilent()) {
      FieldList fields = meta.outgoing(all -> OutgoingFields.of(all, config.name()));
      if (OutgoingFields.areComplete(fields, as)) {
        return new ResponseHead(200, OutgoingFields.aged(fields, age, cacheStatus, as));
      }
    }
    return served(stored, OptionalLong.of(age), cacheStatus, as);
  }

  private void send(StoredBody body, List<Segment> segments, ResponseSink sink) {
    BodyPump.send(body, sink, exchange.thread(), segments);
  }

  /** Nobody knows how many bytes come of it. */
  private void decoded(StoredBody body, ResponseHead head, Selected.Decoded decoded) {
    Optional<DecodingSink> into = decoding(decoded.coding());
    if (into.isEmpty()) {
      body.close();
      return;
    }
    boolean none = whole(head, OptionalLong.empty()).isEmpty();
    send(body, none ? List.of() : List.of(new Segment.Bytes(0, body.length())), into.get());
  }

  /**
   * Where a body of that coding is to be written; empty where there is no room, and 503 is sent.
   */
  Optional<DecodingSink> decoding(ContentCoding coding) {
    Optional<DecodingSink> into = negotiation.decoding(coding);
    if (into.isEmpty()) {
      outcome(RequestRecord.Outcome.DENIED, BUSY);
      CacheStatus status = CacheStatus.forwarded(config.name(), "bypass").detail(BUSY);
      text(503, "As many responses are being decompressed as may be.", status.text());
    }
    return into;
  }

  /** Answers what the request's conditions have decided; false when they have decided nothing. */
  boolean isDecided(ResponseHead head, String cacheStatus, long nowMillis) {
    return switch (Preconditions.decide(request(), head, nowMillis)) {
      case PROCEED -> false;
      case NOT_MODIFIED -> {
        notModified(head);
        yield true;
      }
      case FAILED -> {
        text(412, "The response is not, or no more, the one that was wanted.", cacheStatus);
        yield true;
      }
    };
  }

  /**
   * The fields as they go out: Age and Cache-Status set, Via added, and what its coding changes.
   */
  ResponseHead served(
      ResponseHead head, OptionalLong age, CacheStatus cacheStatus, Selected selected) {
    FieldList.Builder fields = head.fields().toBuilder();
    CodedFields.apply(selected, head.fields(), fields);
    if (exchange.peer().isEmpty()) {
      // Another node of ours reads them too.
      CacheControl.ownFields().forEach(fields::remove);
    }
    addNote(fields);
    limited.addTo(fields);
    age.ifPresent(seconds -> fields.set("Age", Long.toString(seconds)));
    String via = "1.1 " + config.name();
    fields.set("Via", head.fields().joined("Via").map(v -> v + ", " + via).orElse(via));
    String status = cacheStatus.text();
    fields.set(
        "Cache-Status",
        head.fields().joined("Cache-Status").map(v -> v + ", " + status).orElse(status));
    if (head.status() != 200 && exchange.peer().isEmpty()) {
      // The node that asks has readers of other hosts of the site.
      head.fields()
          .first("Location")
          .ifPresent(to -> fields.set("Location", OriginReference.filled(to, request().host())));
    }
    return new ResponseHead(head.status(), fields.build());
  }

  private void addNote(FieldList.Builder fields) {
    if (exchange.peer().isPresent() && !note.equals(PeerNote.NONE)) {
      fields.set(PeerHop.FIELD, note.toText());
    }
  }

  private void notModified(ResponseHead head) {
    FieldList.Builder kept = Preconditions.notModifiedFields(head.fields()).toBuilder();
    limited.addTo(kept);
    FieldList fields = kept.build();
    exchange.sink().start(new ResponseHead(304, fields), OptionalLong.empty());
    exchange.sink().finish();
  }

  /** Sends the head for a range of the body and says what follows; nothing where that was all. */
  List<Segment> begin(ResponseHead head, Ranged ranged, OptionalLong length) {
    return switch (ranged) {
      case Ranged.Whole() -> whole(head, length);
      case Ranged.Part(long first, long last) -> {
        String range = "bytes " + first + "-" + last + "/" + length.orElseThrow();
        FieldList fields = head.fields().toBuilder().set("Content-Range", range).build();
        long count = last - first + 1;
        exchange.sink().start(new ResponseHead(206, fields), OptionalLong.of(count));
        yield List.of(new Segment.Bytes(first, last + 1));
      }
      case Ranged.Parts(List<Ranged.Part> parts) -> several(head, parts, length.orElseThrow());
      case Ranged.Unsatisfiable() -> {
        FieldList fields =
            head.fields().toBuilder()
                .set("Content-Range", "bytes */" + length.orElseThrow())
                .remove("Content-Type")
                .remove("ETag")
                .remove("Last-Modified")
                .build();
        exchange.sink().start(new ResponseHead(416, fields), OptionalLong.of(0));
        yield List.of();
      }
    };
  }

  List<Segment> whole(ResponseHead head, OptionalLong length) {
    exchange.sink().start(head, length);
    return !hasBody(head) || length.orElse(1) == 0 ? List.of() : List.copyOf(wanted.of(length));
  }

  private boolean hasBody(ResponseHead head) {
    return !request().isHead() && head.status() != 204 && head.status() != 304;
  }

  private List<Segment> several(ResponseHead head, List<Ranged.Part> parts, long length) {
    Multipart multipart = Multipart.of(head.fields(), parts, length);
    FieldList fields =
        head.fields().toBuilder().set("Content-Type", multipart.contentType()).build();
    exchange.sink().start(new ResponseHead(206, fields), OptionalLong.of(multipart.length()));
    return multipart.segments();
  }
}

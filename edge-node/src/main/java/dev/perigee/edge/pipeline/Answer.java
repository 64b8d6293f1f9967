package dev.perigee.edge.pipeline;

import dev.perigee.contract.ContentCoding;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.cache.CacheControl;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.origin.OriginReference;
import dev.perigee.edge.policy.SiteLoad;
import dev.perigee.edge.request.ClientPlace;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.PeerHop;
import dev.perigee.edge.request.PeerNote;
import dev.perigee.edge.request.ReplacedField;
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
import dev.perigee.edge.respond.coding.AcceptEncoding;
import dev.perigee.edge.respond.coding.CodedBody;
import dev.perigee.edge.respond.coding.CodedFields;
import dev.perigee.edge.respond.coding.DecodingSink;
import dev.perigee.edge.respond.coding.NotCodedReason;
import dev.perigee.edge.respond.coding.Selected;
import dev.perigee.edge.routing.PeerTable;
import dev.perigee.edge.telemetry.RequestRecord;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** One request on its way to its answer, and the last steps that all answers share. */
final class Answer {
  private static final String METHODS = "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS";

  private static final String ACCEPT_ENCODING = "accept-encoding";
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
  private RequestRecord.Outcome outcome = RequestRecord.Outcome.DENIED;
  private String reason = "";
  private Optional<SiteConfig> site = Optional.empty();
  private Optional<SiteLoad> let = Optional.empty();
  private boolean settled;
  private PeerTable peers = PeerTable.none();
  private PeerNote note = PeerNote.NONE;
  private Limited limited = Limited.NOT;
  private Optional<Representations> representations = Optional.empty();
  private Optional<StoredResponse> coded = Optional.empty();
  private boolean isPart;
  private boolean begunAnew;
  private Optional<RequestHead> asked = Optional.empty();

  Answer(Exchange exchange, ClientPlace place, PipelineConfig config) {
    this(exchange, place, config, EVERYTHING, true);
  }

  /**
   * @param wanted asked once the head of a whole body has been sent
   */
  Answer(Exchange exchange, ClientPlace place, PipelineConfig config, Wanted wanted) {
    this(exchange, place, config, wanted, false);
  }

  private Answer(
      Exchange exchange,
      ClientPlace place,
      PipelineConfig config,
      Wanted wanted,
      boolean wantsEverything) {
    this.exchange = exchange;
    this.place = place;
    this.config = config;
    this.wanted = wanted;
    this.wantsEverything = wantsEverything;
  }

  /** The answer to a request that was made for this one. */
  Answer part(Exchange request, Wanted some) {
    Answer part = new Answer(request, place, config, some);
    part.site = site;
    part.peers = peers;
    part.limited = Limited.ENOUGH;
    part.representations = representations;
    part.isPart = true;
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

  /**
   * The request as the cache and the origin see it: readers who take the same of the codings that
   * origins speak ask for the same.
   */
  RequestHead asked() {
    if (asked.isEmpty()) {
      asked = Optional.of(isNegotiated() ? negotiated(request()) : request());
    }
    return asked.get();
  }

  /** The same, where any of these responses depends on that. */
  RequestHead asked(List<StoredResponse> found) {
    for (int i = 0; i < found.size(); i++) {
      if (found.get(i).meta().varyNames().contains(ACCEPT_ENCODING)) {
        return asked();
      }
    }
    return request();
  }

  private boolean isNegotiated() {
    boolean retrieval = request().isGet() || request().isHead();
    return retrieval
        && representations.isPresent()
        && site.filter(one -> one.compression().enabled()).isPresent();
  }

  private static RequestHead negotiated(RequestHead request) {
    String normal = AcceptEncoding.of(request.fields()).normal();
    return request.with(new ReplacedField(request.fields(), "Accept-Encoding", normal));
  }

  /** In which codings there may be bodies. */
  void represents(Optional<Representations> all) {
    representations = all;
  }

  /** What a stored response is to be compressed with for this reader; empty for nothing. */
  Optional<ContentCoding> coding(StoredResponse response) {
    return select(response) instanceof Selected.Encoded(ContentCoding one)
        ? Optional.of(one)
        : Optional.empty();
  }

  private Selected select(StoredResponse response) {
    return select(response.meta().head(), OptionalLong.of(response.length()));
  }

  /** The body of a response in that coding; false where it is that of another. */
  boolean uses(StoredResponse body, StoredResponse of) {
    boolean fits = CodedBody.isOf(body, of);
    coded = fits ? Optional.of(body) : coded;
    return fits;
  }

  /** In which coding a response goes out. */
  Selected select(ResponseHead head, OptionalLong length) {
    if (site.isEmpty() || representations.isEmpty()) {
      return NotCodedReason.OFF;
    }
    if (isPart) {
      return NotCodedReason.PART;
    }
    return exchange.isOfReader()
        ? representations.get().policy().select(request(), head, length, site.get().compression())
        : NotCodedReason.OTHER_NODE;
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

  /** Whether the request may wait for what is on its way into the store: once. */
  boolean settle() {
    boolean first = !settled;
    settled = true;
    return first;
  }

  /** Whether the whole may be asked for in place of slices, for the sake of its coding: once. */
  boolean beginsAnew() {
    boolean first = !begunAnew;
    begunAnew = true;
    return first;
  }

  void of(SiteConfig one) {
    site = Optional.of(one);
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
    Selected as = select(response);
    Optional<StoredBody> opened = Optional.empty();
    if (as instanceof Selected.Encoded) {
      opened = coded.filter(body -> CodedBody.isOf(body, response)).flatMap(StoredResponse::open);
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
    Optional<DecodingSink> into =
        representations.flatMap(all -> all.decodings().into(exchange.sink(), coding));
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

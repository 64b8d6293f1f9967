package dev.perigee.edge.pipeline;

import dev.perigee.edge.cache.CacheControl;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.PeerHop;
import dev.perigee.edge.request.PeerNote;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.respond.BodyPump;
import dev.perigee.edge.respond.CacheStatus;
import dev.perigee.edge.respond.Multipart;
import dev.perigee.edge.respond.Preconditions;
import dev.perigee.edge.respond.RangePolicy;
import dev.perigee.edge.respond.RangePolicy.Ranged;
import dev.perigee.edge.routing.PeerTable;
import dev.perigee.edge.telemetry.RequestRecord;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** One request on its way to its answer, and the last steps that all answers share. */
final class Answer {
  private final Exchange exchange;
  private final PipelineConfig config;
  private RequestRecord.Outcome outcome = RequestRecord.Outcome.DENIED;
  private String reason = "";
  private String site = "";
  private PeerTable peers = PeerTable.none();
  private PeerNote note = PeerNote.NONE;

  Answer(Exchange exchange, PipelineConfig config) {
    this.exchange = exchange;
    this.config = config;
  }

  Exchange exchange() {
    return exchange;
  }

  RequestHead request() {
    return exchange.head();
  }

  RequestRecord.Outcome outcome() {
    return outcome;
  }

  String reason() {
    return reason;
  }

  String site() {
    return site;
  }

  /** The other nodes as they are for this request. */
  PeerTable peers() {
    return peers;
  }

  void among(PeerTable nodes) {
    peers = nodes;
  }

  /** What another node that asks is told of the answer; readers are told nothing. */
  void note(PeerNote said) {
    note = said;
  }

  void of(CacheKey key) {
    site = key.site();
  }

  void outcome(RequestRecord.Outcome value, String why) {
    outcome = value;
    reason = why;
  }

  /** A short text of our own. */
  void text(int status, String sentence, String cacheStatus) {
    byte[] body = (status + " " + sentence + "\n").getBytes(StandardCharsets.UTF_8);
    FieldList.Builder fields =
        FieldList.builder()
            .add("Content-Type", "text/plain; charset=utf-8")
            .add("Cache-Control", "no-store")
            .add("Cache-Status", cacheStatus);
    addNote(fields);
    if (status == 405) {
      fields.add("Allow", "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS");
    }
    exchange.sink().start(new ResponseHead(status, fields.build()), OptionalLong.of(body.length));
    if (request().isHead() || exchange.sink().write(ByteBuffer.wrap(body), this::finish)) {
      finish();
    }
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
    Optional<StoredBody> opened = response.open();
    if (opened.isEmpty()) {
      return false;
    }
    StoredBody body = opened.get();
    ResponseHead head = served(response.meta().head(), OptionalLong.of(age), cacheStatus);
    if (isDecided(head, cacheStatus.toString(), nowMillis)) {
      body.close();
      return true;
    }
    Ranged ranged = RangePolicy.decide(request(), head, response.length(), nowMillis);
    if (ranged instanceof Ranged.Parts(List<Ranged.Part> parts)) {
      several(head, parts, body);
      return true;
    }
    Bytes bytes = begin(head, ranged, OptionalLong.of(response.length()));
    if (bytes.isNone()) {
      body.close();
      exchange.sink().finish();
    } else {
      List<BodyPump.Segment> all = List.of(new BodyPump.Segment.Bytes(bytes.first, bytes.end));
      BodyPump.send(body, exchange.sink(), exchange.thread(), all);
    }
    return true;
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

  private void several(ResponseHead head, List<Ranged.Part> parts, StoredBody body) {
    Multipart multipart = Multipart.of(head.fields(), parts, body.length());
    FieldList fields =
        head.fields().toBuilder().set("Content-Type", multipart.contentType()).build();
    exchange.sink().start(new ResponseHead(206, fields), OptionalLong.of(multipart.length()));
    BodyPump.send(body, exchange.sink(), exchange.thread(), multipart.segments());
  }

  /** The fields as they go out: Age and Cache-Status set, Via added. */
  ResponseHead served(ResponseHead head, OptionalLong age, CacheStatus cacheStatus) {
    FieldList.Builder fields = head.fields().toBuilder();
    if (exchange.peer().isEmpty()) {
      // Another node of ours reads them too.
      CacheControl.ownFields().forEach(fields::remove);
    }
    addNote(fields);
    age.ifPresent(seconds -> fields.set("Age", Long.toString(seconds)));
    String via = "1.1 " + config.name();
    fields.set("Via", head.fields().joined("Via").map(v -> v + ", " + via).orElse(via));
    String status = cacheStatus.toString();
    fields.set(
        "Cache-Status",
        head.fields().joined("Cache-Status").map(v -> v + ", " + status).orElse(status));
    return new ResponseHead(head.status(), fields.build());
  }

  private void addNote(FieldList.Builder fields) {
    if (exchange.peer().isPresent() && !note.equals(PeerNote.NONE)) {
      fields.set(PeerHop.FIELD, note.toText());
    }
  }

  private void notModified(ResponseHead head) {
    FieldList fields = Preconditions.notModifiedFields(head.fields());
    exchange.sink().start(new ResponseHead(304, fields), OptionalLong.empty());
    exchange.sink().finish();
  }

  /** Sends the head for a range of the body and says which bytes follow. */
  Bytes begin(ResponseHead head, Ranged ranged, OptionalLong length) {
    boolean noBody = request().isHead() || head.status() == 204 || head.status() == 304;
    return switch (ranged) {
      case Ranged.Whole() -> {
        exchange.sink().start(head, length);
        boolean empty = length.isPresent() && length.getAsLong() == 0;
        yield noBody || empty ? Bytes.NONE : new Bytes(0, length.orElse(Long.MAX_VALUE));
      }
      case Ranged.Part(long first, long last) -> {
        String range = "bytes " + first + "-" + last + "/" + length.orElseThrow();
        FieldList fields = head.fields().toBuilder().set("Content-Range", range).build();
        long count = last - first + 1;
        exchange.sink().start(new ResponseHead(206, fields), OptionalLong.of(count));
        yield new Bytes(first, last + 1);
      }
      case Ranged.Parts parts ->
          throw new IllegalArgumentException("several parts have no one place");
      case Ranged.Unsatisfiable() -> {
        FieldList fields =
            head.fields().toBuilder()
                .set("Content-Range", "bytes */" + length.orElseThrow())
                .remove("Content-Type")
                .remove("ETag")
                .remove("Last-Modified")
                .build();
        exchange.sink().start(new ResponseHead(416, fields), OptionalLong.of(0));
        yield Bytes.NONE;
      }
    };
  }

  /** Which bytes of the body follow the head: from {@code first} up to {@code end}. */
  record Bytes(long first, long end) {
    static final Bytes NONE = new Bytes(0, 0);

    boolean isNone() {
      return end == first;
    }
  }
}

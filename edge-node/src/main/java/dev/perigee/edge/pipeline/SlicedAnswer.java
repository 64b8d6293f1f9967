package dev.perigee.edge.pipeline;

import dev.perigee.edge.cache.ContentRange;
import dev.perigee.edge.cache.SlicePolicy;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.cache.StrongValidator;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.request.ResponseSink;
import dev.perigee.edge.respond.RangePolicy;
import dev.perigee.edge.respond.RangePolicy.Ranged;
import dev.perigee.edge.respond.Segment;
import dev.perigee.edge.respond.coding.Selected;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Answers a request from slices and parts, one after the other: each is a request of its own
 * through the whole pipeline, and what it brings goes on to the reader at the reader's pace. While
 * one is sent, and the reader takes it, the next is asked for already. Lives on the I/O thread of
 * the request.
 *
 * <p>The first head says how large the whole is and which version: then the answer's own head goes
 * out. A later slice of another version ends the answer incomplete, and its reader can resume with
 * If-Range; mixed bytes are never sent.
 */
final class SlicedAnswer {
  /** Slices that bring nothing before the answer is given up. */
  private static final int MAX_IDLE = 3;

  /** In place of a slice's number: a stored part. */
  private static final long PART = Long.MIN_VALUE;

  private final Answer answer;
  private final long sliceBytes;
  private final Source source;
  private final LongSupplier clock;
  private Optional<String> version = Optional.empty();
  private Iterator<Segment> segments = List.<Segment>of().iterator();
  private Pieces pieces = new Pieces(List.of());
  private long total;
  private boolean isBetween;
  private boolean isStarted;
  private boolean passesOn;
  private boolean isOver;
  private int idle;
  private @Nullable Slice current;
  private @Nullable Slice ahead;
  private @Nullable ByteBuffer held;
  private Runnable heldResume = () -> {};

  SlicedAnswer(Answer answer, PipelineConfig config, Source source, LongSupplier clock) {
    this.answer = answer;
    this.sliceBytes = config.sliceBytes();
    this.source = source;
    this.clock = clock;
  }

  /** Where slices come from. */
  interface Source {
    /** Sends the request for a slice through the pipeline. */
    void slice(Answer own, long number);

    /** Slices of two versions have met. */
    void changed();

    /** Answers the request without slices; only before anything was sent. */
    void wholly();
  }

  /** A stored part that an answer may begin with. */
  interface StoredPart {
    /** Answers with it; false when it is gone. */
    boolean send(Answer own);
  }

  /** Begins with a slice, or with the last bytes, by their number. */
  void begin(long number) {
    Slice slice = slice(number, 0, true);
    current = slice;
    slice.own().ifPresent(own -> source.slice(own, number));
  }

  /** Whether an answer can begin with a part: it is all that is wanted, or more can be added. */
  static boolean isUsable(Answer answer, StoredResponse stored) {
    ContentRange range = SlicePolicy.range(stored.meta()).orElseThrow();
    FieldList fields = stored.meta().head().fields();
    RangePolicy.Ranged ranged =
        RangePolicy.decide(answer.request(), stored.meta().head(), range.total());
    boolean isWhole = ranged instanceof RangePolicy.Ranged.Whole;
    return ranged.isWithin(range.first(), range.last(), range.total())
        || (StrongValidator.of(fields).isPresent() && (!isWhole || range.first() == 0));
  }

  /** Begins with a stored part; false when it is gone, and then nothing has been begun. */
  boolean begin(StoredPart part) {
    Slice slice = slice(PART, 0, true);
    current = slice;
    return slice.own().map(part::send).orElse(false);
  }

  private Slice slice(long number, long from, boolean isCurrent) {
    Slice slice = new Slice(this, number, from, isCurrent);
    slice.own(
        answer.part(SliceExchange.of(answer.exchange(), slice), length -> wanted(slice, length)));
    return slice;
  }

  boolean isOver() {
    return isOver;
  }

  private ResponseSink out() {
    return answer.exchange().sink();
  }

  /** Which bytes of a slice are wanted; it is read from there, not from its beginning. */
  private List<Segment.Bytes> wanted(Slice slice, OptionalLong length) {
    Optional<ContentRange> range = slice.range();
    if (passesOn && slice == current) {
      return List.of(new Segment.Bytes(0, length.orElse(Long.MAX_VALUE)));
    }
    if (isOver || range.isEmpty() || (slice != current && slice != ahead)) {
      return List.of();
    }
    if (slice.plan().isEmpty()) {
      long from = slice == current ? pieces.position() : slice.from();
      slice.plan(pieces.within(range.get(), from), true);
    }
    return slice.plan().orElseThrow();
  }

  /** The head of the slice whose turn it is. */
  void head(Slice slice, ResponseHead head) {
    Optional<ContentRange> range = slice.range();
    if (isStarted) {
      later(slice, head, range);
      return;
    }
    slice.own().ifPresent(own -> answer.outcome(own.outcome(), own.reason()));
    if (range.isPresent()) {
      first(slice, head, range.get());
    } else if (head.status() == 206) {
      unfit(slice);
    } else {
      // An error, an answer of our own, or a whole of unknown length: it stands as it is.
      isStarted = true;
      passesOn = true;
      out().onAbandoned(this::abandoned);
      out().start(head, slice.length());
    }
  }

  /** The head of the whole answer goes out, where what is wanted can be put together. */
  private void first(Slice slice, ResponseHead head, ContentRange range) {
    FieldList fields = head.fields().toBuilder().remove("Content-Range").build();
    ResponseHead whole = new ResponseHead(200, fields);
    Ranged ranged = RangePolicy.decide(answer.request(), whole, range.total());
    version = StrongValidator.of(head.fields());
    boolean isUndone =
        answer.negotiation().select(whole, OptionalLong.of(range.total()))
            instanceof Selected.Decoded;
    if (isUndone && answer.negotiation().beginsAnew()) {
      // What the origin has coded is undone from its beginning only.
      unfit(slice);
      return;
    }
    boolean isPlaced =
        slice.number() <= CacheKey.WHOLE || range.isSlice(slice.number(), sliceBytes);
    if (!ranged.isWithin(range.first(), range.last(), range.total())
        && !(isPlaced && version.isPresent())) {
      unfit(slice);
      return;
    }
    isStarted = true;
    out().onAbandoned(this::abandoned);
    String status = head.fields().first("Cache-Status").orElse("");
    if (answer.isDecided(whole, status, clock.getAsLong())) {
      isOver = true;
      slice.abandon();
      return;
    }
    total = range.total();
    List<Segment> all = answer.begin(whole, ordered(ranged, range), OptionalLong.of(total));
    segments = all.iterator();
    pieces = new Pieces(all);
    slice.plan(pieces.within(range, pieces.position()), false);
    advance(() -> {});
  }

  /** What comes from one response comes in its order; slices can be asked for in any. */
  private static Ranged ordered(Ranged ranged, ContentRange range) {
    return ranged instanceof Ranged.Parts parts
            && ranged.isWithin(range.first(), range.last(), range.total())
        ? parts.inOrder()
        : ranged;
  }

  /** Parts that nothing holds together, or of a length that nobody knows: the whole is asked. */
  private void unfit(Slice slice) {
    isOver = true;
    answer
        .exchange()
        .thread()
        .execute(
            () -> {
              slice.abandon();
              source.wholly();
            });
  }

  private void later(Slice slice, ResponseHead head, Optional<ContentRange> range) {
    boolean same =
        range.isPresent()
            && range.get().total() == total
            && version.isPresent()
            && StrongValidator.of(head.fields()).equals(version);
    if (same) {
      return;
    }
    if (range.isPresent()) {
      source.changed();
    }
    giveUp(slice);
  }

  private void giveUp(Slice slice) {
    isOver = true;
    leave(slice);
    out().breakOff();
  }

  /** Not from here: whoever is in the midst of bringing it is not to be ended meanwhile. */
  private void leave(@Nullable Slice slice) {
    Slice next = ahead;
    ahead = null;
    answer
        .exchange()
        .thread()
        .execute(
            () -> {
              if (slice != null) {
                slice.abandon();
              }
              if (next != null) {
                next.abandon();
              }
            });
  }

  private void abandoned() {
    isOver = true;
    leave(current);
  }

  /** What the slice whose turn it is brings: just what was wanted of it. */
  boolean bytes(Slice slice, ByteBuffer bytes, Runnable resume) {
    if (isOver || slice != current) {
      return true;
    }
    if (passesOn) {
      return out().write(bytes, resume);
    }
    if (isBetween) {
      held = bytes;
      heldResume = resume;
      return false;
    }
    idle = 0;
    if (!pieces.sent(bytes.remaining())) {
      readAhead(slice);
      return out().write(bytes, resume);
    }
    isBetween = true;
    boolean written = out().write(bytes, () -> resume(resume));
    return written && advance(resume);
  }

  private void resume(Runnable resume) {
    if (advance(resume)) {
      resume.run();
    }
  }

  /** The reader has taken some of this slice: the next is asked for, where it is needed. */
  private void readAhead(Slice slice) {
    long next = slice.range().map(ContentRange::last).orElse(Long.MAX_VALUE - 1) + 1;
    if (slice.writes() != 2 || ahead != null || next >= pieces.end()) {
      return;
    }
    Slice coming = slice(next / sliceBytes, next, false);
    ahead = coming;
    answer
        .exchange()
        .thread()
        .execute(
            () -> {
              if (!isOver && ahead == coming) {
                coming.own().ifPresent(own -> source.slice(own, coming.number()));
              }
            });
  }

  /**
   * What stands between two pieces, or the end.
   *
   * @param resume called once more bytes can be taken, if this returned false
   */
  private boolean advance(Runnable resume) {
    isBetween = true;
    while (!isOver && segments.hasNext()) {
      switch (segments.next()) {
        case Segment.Bytes piece -> {
          isBetween = false;
          next();
          return true;
        }
        case Segment.Text(ByteBuffer bytes) -> {
          if (!out().write(bytes.duplicate(), () -> resume(resume))) {
            return false;
          }
        }
      }
    }
    if (!isOver) {
      isOver = true;
      leave(current);
      out().finish();
    }
    return true;
  }

  /** The next piece: from the slice at hand where that brings it, else from another. */
  private void next() {
    Slice slice = current;
    ByteBuffer bytes = held;
    held = null;
    if (slice == null || !slice.takePiece()) {
      current = null;
      answer.exchange().thread().execute(this::goOn);
    } else if (bytes != null && bytes(slice, bytes, heldResume)) {
      heldResume.run();
    }
  }

  /** The slice whose turn it is has brought all that it has. */
  void ended(Slice slice) {
    if (isOver || slice != current) {
      return;
    }
    if (passesOn) {
      isOver = true;
      out().finish();
    } else if (isBetween) {
      current = null;
    } else if (++idle > MAX_IDLE) {
      giveUp(slice);
    } else {
      // Not from here: slices in memory would end in each other, deeper and deeper.
      answer.exchange().thread().execute(this::goOn);
    }
  }

  /** Before anything was sent the whole is asked for; later what has begun ends incomplete. */
  void broke(Slice slice) {
    if (isOver || slice != current) {
      return;
    }
    if (isStarted) {
      giveUp(slice);
    } else {
      unfit(slice);
    }
  }

  private void goOn() {
    if (isOver) {
      return;
    }
    long number = pieces.position() / sliceBytes;
    Slice next = ahead;
    ahead = null;
    if (next != null && next.number() == number) {
      current = next;
      next.promote();
      return;
    }
    if (next != null) {
      next.abandon();
    }
    begin(number);
  }
}

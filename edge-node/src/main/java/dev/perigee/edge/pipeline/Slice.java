package dev.perigee.edge.pipeline;

import dev.perigee.edge.cache.ContentRange;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.request.ResponseSink;
import dev.perigee.edge.respond.Segment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What one slice brings to the answer that it is for. Until its turn has come it keeps the head and
 * the first bytes, and lets whoever brings them wait.
 */
final class Slice implements ResponseSink {
  private final SlicedAnswer whole;
  private final long number;
  private final long from;
  private boolean isCurrent;
  private boolean isOver;
  private boolean finished;
  private boolean broken;
  private int pieces;
  private Optional<List<Segment.Bytes>> plan = Optional.empty();
  private int writes;
  private OptionalLong length = OptionalLong.empty();
  private @Nullable Answer own;
  private @Nullable ResponseHead head;
  private @Nullable ByteBuffer held;
  private @Nullable Runnable heldResume;
  private @Nullable Runnable abandoned;

  /**
   * @param from the first of its bytes that are wanted, counted in the whole body
   */
  Slice(SlicedAnswer whole, long number, long from, boolean isCurrent) {
    this.whole = whole;
    this.number = number;
    this.from = from;
    this.isCurrent = isCurrent;
  }

  /** The request that brings it. */
  void own(Answer answer) {
    own = answer;
  }

  Optional<Answer> own() {
    return Optional.ofNullable(own);
  }

  /** Of the slice; below 0 for what is none. */
  long number() {
    return number;
  }

  long from() {
    return from;
  }

  OptionalLong length() {
    return length;
  }

  /**
   * Says once what it is to bring of the answer's pieces.
   *
   * @param begun whether the first of them has been begun already
   */
  void plan(List<Segment.Bytes> wanted, boolean begun) {
    plan = Optional.of(wanted);
    pieces = wanted.size() - (begun ? 1 : 0);
  }

  Optional<List<Segment.Bytes>> plan() {
    return plan;
  }

  /** Whether it brings another piece. */
  boolean takePiece() {
    return pieces-- > 0;
  }

  /** How often it has brought bytes: from the second time on the reader has taken some. */
  int writes() {
    return writes;
  }

  /** Which bytes of the whole it is; a 200 without Content-Range is all of them. */
  Optional<ContentRange> range() {
    ResponseHead known = head;
    if (known == null || (known.status() != 200 && known.status() != 206)) {
      return Optional.empty();
    }
    if (known.fields().contains("Content-Range")) {
      return ContentRange.of(known.fields())
          .filter(range -> length.orElse(range.length()) == range.length());
    }
    return known.status() == 200 && length.orElse(0) > 0
        ? Optional.of(new ContentRange(0, length.getAsLong() - 1, length.getAsLong()))
        : Optional.empty();
  }

  @Override
  public void start(ResponseHead known, OptionalLong bytes) {
    head = known;
    length = bytes;
    if (isCurrent && !isOver) {
      whole.head(this, known);
    }
  }

  @Override
  public boolean isStarted() {
    return head != null;
  }

  @Override
  public boolean write(ByteBuffer bytes, Runnable resume) {
    if (isOver) {
      return true;
    }
    if (!isCurrent) {
      held = bytes;
      heldResume = resume;
      return false;
    }
    writes++;
    return whole.bytes(this, bytes, resume);
  }

  @Override
  public void finish() {
    finished = true;
    if (isCurrent && !isOver) {
      whole.ended(this);
    }
  }

  @Override
  public void breakOff() {
    broken = true;
    if (isCurrent && !isOver) {
      whole.broke(this);
    }
  }

  @Override
  public void onAbandoned(Runnable action) {
    abandoned = action;
  }

  /** Its turn has come: what it has brought already goes on. */
  void promote() {
    isCurrent = true;
    ResponseHead known = head;
    if (known != null && !isOver) {
      whole.head(this, known);
    }
    ByteBuffer bytes = held;
    Runnable resume = heldResume;
    held = null;
    heldResume = null;
    if (whole.isOver()) {
      return;
    }
    if (bytes != null && resume != null && write(bytes, resume)) {
      resume.run();
    } else if (bytes == null && !isOver && finished) {
      whole.ended(this);
    } else if (bytes == null && !isOver && broken) {
      whole.broke(this);
    }
  }

  /** No more is wanted of it; it may go on for the store. */
  void abandon() {
    isOver = true;
    Runnable action = abandoned;
    abandoned = null;
    held = null;
    heldResume = null;
    if (action != null) {
      action.run();
    }
  }
}

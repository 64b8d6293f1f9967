package dev.perigee.edge.pipeline;

import dev.perigee.edge.cache.ContentRange;
import dev.perigee.edge.cache.SlicePolicy;
import dev.perigee.edge.request.Exchange;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.request.ResponseSink;
import dev.perigee.edge.respond.RangePolicy;
import dev.perigee.edge.respond.RangePolicy.Ranged;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Answers a request from slices, one after the other: each is a request of its own through the
 * whole pipeline, and what it brings goes on to the reader at the reader's pace. Lives on the I/O
 * thread of the request.
 *
 * <p>The first head says how large the whole is and which version: then the answer's own head goes
 * out. A later slice of another version ends the answer incomplete, and its reader can resume with
 * If-Range; mixed bytes are never sent.
 */
final class SlicedAnswer {
  /** Slices that bring nothing before the answer is given up. */
  private static final int MAX_IDLE = 3;

  private final Answer answer;
  private final PipelineConfig config;
  private final long sliceBytes;
  private final BiConsumer<Answer, Long> ask;
  private final Runnable changed;
  private final Runnable wholly;
  private final LongSupplier clock;
  private Optional<String> version = Optional.empty();
  private long total;
  private long position;
  private long end;
  private boolean isStarted;
  private boolean isOver;
  private int idle;
  private @Nullable Slice current;

  /**
   * @param ask sends the request for a slice, by its number, through the pipeline
   * @param changed called where slices of two versions have met
   * @param wholly answers the request without slices; only before anything was sent
   */
  SlicedAnswer(
      Answer answer,
      PipelineConfig config,
      BiConsumer<Answer, Long> ask,
      Runnable changed,
      Runnable wholly,
      LongSupplier clock) {
    this.answer = answer;
    this.config = config;
    this.sliceBytes = config.sliceBytes();
    this.ask = ask;
    this.changed = changed;
    this.wholly = wholly;
    this.clock = clock;
  }

  /** Begins with a slice. */
  void begin(long number) {
    Slice slice = new Slice(number);
    current = slice;
    Exchange request = SliceExchange.of(answer.exchange(), slice);
    Answer own = new Answer(request, answer.place(), config);
    slice.own = own;
    ask.accept(own, number);
  }

  private void abandoned() {
    isOver = true;
    Slice slice = current;
    if (slice != null) {
      slice.abandon();
    }
  }

  /** The head of the whole answer; false where this slice has nothing for it. */
  private boolean start(ResponseHead head, ContentRange range) {
    version = SlicePolicy.validator(head.fields());
    total = range.total();
    FieldList fields = head.fields().toBuilder().remove("Content-Range").build();
    ResponseHead whole = new ResponseHead(200, fields);
    isStarted = true;
    answer.exchange().sink().onAbandoned(this::abandoned);
    String status = head.fields().first("Cache-Status").orElse("");
    if (answer.isDecided(whole, status, clock.getAsLong())) {
      return false;
    }
    Ranged ranged = RangePolicy.decide(answer.request(), whole, total, clock.getAsLong());
    Answer.Bytes bytes =
        answer.begin(
            whole,
            ranged instanceof Ranged.Parts ? new Ranged.Whole() : ranged,
            OptionalLong.of(total));
    position = bytes.first();
    end = Math.min(bytes.end(), total);
    if (bytes.isNone()) {
      answer.exchange().sink().finish();
      return false;
    }
    return true;
  }

  /** What one slice brings. */
  private final class Slice implements ResponseSink {
    private final long number;
    private @Nullable Answer own;
    private @Nullable Runnable abandoned;
    private boolean started;
    private boolean passesOn;
    private boolean ignored;
    private long at;

    Slice(long number) {
      this.number = number;
    }

    private ResponseSink out() {
      return answer.exchange().sink();
    }

    @Override
    public void start(ResponseHead head, OptionalLong length) {
      started = true;
      Answer from = own;
      if (from != null && !isStarted) {
        answer.outcome(from.outcome(), from.reason());
      }
      boolean isPart = head.status() == 200 || head.status() == 206;
      Optional<ContentRange> range = isPart ? range(head, length) : Optional.empty();
      if (isOver) {
        ignored = true;
      } else if (isStarted) {
        later(range, head);
      } else if (range.isPresent()) {
        first(head, range.get());
      } else if (head.status() == 206) {
        unfit();
      } else {
        // An error, an answer of our own, or a whole of unknown length: it stands as it is.
        isStarted = true;
        passesOn = true;
        answer.exchange().sink().onAbandoned(SlicedAnswer.this::abandoned);
        out().start(head, length);
      }
    }

    /** Where a 200 is the whole it is one large slice. */
    private Optional<ContentRange> range(ResponseHead head, OptionalLong length) {
      if (head.fields().contains("Content-Range")) {
        return ContentRange.of(head.fields());
      }
      return length.isPresent() && length.getAsLong() > 0
          ? Optional.of(new ContentRange(0, length.getAsLong() - 1, length.getAsLong()))
          : Optional.empty();
    }

    private void first(ResponseHead head, ContentRange range) {
      boolean fits =
          range.isWhole()
              || (range.isSlice(number, sliceBytes)
                  && SlicePolicy.validator(head.fields()).isPresent());
      if (!fits) {
        unfit();
        return;
      }
      at = range.first();
      if (!SlicedAnswer.this.start(head, range)) {
        isOver = true;
        ignored = true;
      }
    }

    /** Parts that nothing holds together, or of a length that nobody knows: the whole is asked. */
    private void unfit() {
      isOver = true;
      ignored = true;
      abandon();
      answer.exchange().thread().execute(wholly);
    }

    private void later(Optional<ContentRange> range, ResponseHead head) {
      boolean same =
          range.isPresent()
              && range.get().total() == total
              && SlicePolicy.validator(head.fields()).equals(version);
      if (same) {
        at = range.get().first();
        return;
      }
      isOver = true;
      ignored = true;
      if (range.isPresent()) {
        changed.run();
      }
      out().breakOff();
    }

    @Override
    public boolean isStarted() {
      return started;
    }

    @Override
    public boolean write(ByteBuffer bytes, Runnable resume) {
      if (ignored || isOver) {
        return true;
      }
      if (passesOn) {
        return out().write(bytes, resume);
      }
      long from = at;
      at += bytes.remaining();
      long first = Math.max(from, position);
      long until = Math.min(at, end);
      // A gap cannot be filled: the slice that is missing comes next.
      if (first >= until || first != position) {
        return true;
      }
      ByteBuffer part = bytes.duplicate();
      part.position(part.position() + (int) (first - from));
      part.limit(part.position() + (int) (until - first));
      position = until;
      idle = 0;
      if (position < end) {
        return out().write(part, resume);
      }
      if (out().write(part, this::done)) {
        done();
      }
      return true;
    }

    private void done() {
      isOver = true;
      out().finish();
      // It may go on for the store; the reader has all.
      answer.exchange().thread().execute(this::abandon);
    }

    @Override
    public void finish() {
      if (passesOn) {
        isOver = true;
        out().finish();
      } else if (!isOver && position >= end) {
        isOver = true;
        out().finish();
      } else if (!isOver && ++idle > MAX_IDLE) {
        isOver = true;
        out().breakOff();
      } else if (!isOver) {
        // Not from here: slices in memory would end in each other, deeper and deeper.
        answer.exchange().thread().execute(this::goOn);
      }
    }

    private void goOn() {
      if (!isOver) {
        begin(position / sliceBytes);
      }
    }

    @Override
    public void breakOff() {
      if (!isOver) {
        isOver = true;
        if (isStarted) {
          out().breakOff();
        } else {
          answer.exchange().thread().execute(wholly);
        }
      }
    }

    @Override
    public void onAbandoned(Runnable action) {
      abandoned = action;
    }

    void abandon() {
      Runnable action = abandoned;
      abandoned = null;
      if (action != null) {
        action.run();
      }
    }
  }
}

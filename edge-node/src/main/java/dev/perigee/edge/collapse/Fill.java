package dev.perigee.edge.collapse;

import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.request.FieldList;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The body of one response on its way from the origin to everybody who reads it.
 *
 * <p>Bytes come in at one end and are kept in a window of bounded size; each reader has its own
 * place. While the response is being stored, bytes leave the window once they can be read from the
 * store, and a reader that fell behind the window reads there: so the origin is slowed down by the
 * store at most, never by a reader. While it is not stored, bytes leave the window once every
 * reader has them: the origin is slowed down to the slowest reader, and one that holds the others
 * up for too long is cut off. Whoever has waited for the head is expected: until all of them have
 * come, nothing leaves the window that they could not read elsewhere.
 *
 * <p>All state is guarded by this object's lock, which is held for a few steps only; readers are
 * woken outside of it, each on its own I/O thread.
 */
public final class Fill {
  private final WindowBudget budget;
  private final Deque<Chunk> window = new ArrayDeque<>();
  private final List<Reader> readers = new ArrayList<>();
  private final Runnable resumeSource;
  private final Runnable readerLeft;
  private @Nullable ResponseWriter writer;
  private long windowStart;
  private long received;
  private int windowed;
  private int expected;
  private boolean paused;
  private boolean whole;
  private boolean broken;
  private FieldList trailers = FieldList.empty();

  /**
   * @param writer where it is stored; empty when it is not
   * @param budget bytes held in memory
   * @param resumeSource called on any thread when more may be offered after {@link #offer} returned
   *     false
   * @param readerLeft called on any thread after a reader left
   */
  public Fill(
      Optional<ResponseWriter> writer,
      WindowBudget budget,
      Runnable resumeSource,
      Runnable readerLeft) {
    this.writer = writer.orElse(null);
    this.budget = budget;
    this.resumeSource = resumeSource;
    this.readerLeft = readerLeft;
  }

  /**
   * Takes the next bytes, which are copied.
   *
   * @return false when no more should come until the source is resumed
   */
  public boolean offer(ByteBuffer part) {
    ByteBuffer copy = ByteBuffer.allocate(part.remaining()).put(part).flip();
    List<Reader> waiting;
    ResponseWriter to;
    long end;
    synchronized (this) {
      Chunk chunk = new Chunk(received, copy.asReadOnlyBuffer());
      window.addLast(chunk);
      windowed += copy.remaining();
      budget.take(copy.remaining());
      received += copy.remaining();
      end = received;
      to = writer;
      trim();
      paused = budget.isFull(windowed);
      waiting = takeWaiting();
    }
    if (to != null) {
      to.write(copy, refusal -> written(end, refusal));
    }
    waiting.forEach(Reader::wake);
    synchronized (this) {
      return !paused;
    }
  }

  /** On a store thread: bytes before {@code end} are readable there, or nothing is any more. */
  private void written(long end, Optional<StoreReason> refusal) {
    boolean resume;
    synchronized (this) {
      if (refusal.isPresent()) {
        writer = null;
      } else {
        for (Chunk chunk : window) {
          if (chunk.end() <= end) {
            chunk.stored = true;
          }
        }
      }
      trim();
      resume = takeResume();
    }
    if (resume) {
      resumeSource.run();
    }
  }

  /** The body is whole. */
  public void finish() {
    finish(FieldList.empty());
  }

  /** The body is whole, and these fields follow it; they are never stored. */
  public void finish(FieldList fields) {
    List<Reader> waiting;
    synchronized (this) {
      whole = true;
      trailers = fields;
      waiting = takeWaiting();
    }
    waiting.forEach(Reader::wake);
  }

  /** The body will never be whole. */
  public void breakOff() {
    List<Reader> waiting;
    synchronized (this) {
      broken = true;
      writer = null;
      trim();
      waiting = takeWaiting();
    }
    waiting.forEach(Reader::wake);
  }

  /** Whether all of the body is here, though perhaps not yet in the store. */
  public synchronized boolean isWhole(OptionalLong length) {
    return whole || (length.isPresent() && received >= length.getAsLong());
  }

  /** Whether the body will never be whole. */
  public synchronized boolean isBroken() {
    return broken;
  }

  /** Bytes received so far. */
  public synchronized long received() {
    return received;
  }

  /** Readers attached now, and those who are expected. */
  public synchronized int readers() {
    return readers.size() + expected;
  }

  /** So many more will join, or call {@link #arrived} without; each calls it once. */
  synchronized void expect(int more) {
    expected += more;
  }

  /** Somebody who was expected has joined, or does without. */
  void arrived() {
    boolean resume;
    boolean isForNobody;
    synchronized (this) {
      expected--;
      trim();
      resume = takeResume();
      isForNobody = readers() == 0;
    }
    if (resume) {
      resumeSource.run();
    }
    if (isForNobody) {
      readerLeft.run();
    }
  }

  /** Whether a reader who came now could begin with the first byte. */
  public synchronized boolean isJoinable() {
    return !broken && (windowStart == 0 || writer != null);
  }

  /** Whether what comes in is still on its way into the store. */
  public synchronized boolean isStoring() {
    return writer != null;
  }

  /**
   * A reader from the first byte on.
   *
   * @param thread on which {@code wake} is run when there may be more
   * @return empty when the beginning is gone: then the response cannot be joined any more
   */
  public synchronized Optional<Reader> join(Executor thread, Runnable wake) {
    if (!isJoinable()) {
      return Optional.empty();
    }
    Reader reader = new Reader(thread, wake);
    readers.add(reader);
    return Optional.of(reader);
  }

  private List<Reader> takeWaiting() {
    List<Reader> woken = new ArrayList<>(readers.size());
    for (Reader reader : readers) {
      if (reader.waiting) {
        reader.waiting = false;
        woken.add(reader);
      }
    }
    return woken;
  }

  private boolean takeResume() {
    boolean resume = paused && !budget.isFull(windowed) && !whole && !broken;
    if (resume) {
      paused = false;
    }
    return resume;
  }

  /** Drops from the front of the window what nobody needs there any more. */
  private void trim() {
    while (!window.isEmpty()) {
      Chunk first = window.peekFirst();
      boolean droppable =
          writer == null
              ? expected == 0 && !isNeeded(first)
              : first.stored && (budget.isFull(windowed) || !isNeeded(first));
      if (!droppable) {
        return;
      }
      window.removeFirst();
      windowed -= first.bytes.remaining();
      budget.give(first.bytes.remaining());
      windowStart = first.end();
    }
  }

  private boolean isNeeded(Chunk chunk) {
    for (Reader reader : readers) {
      if (reader.position < chunk.end()) {
        return true;
      }
    }
    return false;
  }

  /** What a reader gets when it asks. */
  public sealed interface Piece {
    /** The next bytes; read-only. */
    record Bytes(ByteBuffer bytes) implements Piece {}

    /** The next bytes are in the store, from {@code position} on; the reader closes the body. */
    record InStore(StoredBody body, long position) implements Piece {}

    /** Nothing yet: the reader will be woken. */
    record Later() implements Piece {}

    /** The body is whole and read; these fields follow it. */
    record End(FieldList trailers) implements Piece {}

    /** The body breaks off here. */
    record Broken() implements Piece {}
  }

  /** One reader's place in the body. Its methods are called on its own thread. */
  public final class Reader {
    private final Executor thread;
    private final Runnable wake;
    private long position;
    private boolean waiting;

    private Reader(Executor thread, Runnable wake) {
      this.thread = thread;
      this.wake = wake;
    }

    private void wake() {
      thread.execute(wake);
    }

    /** The next piece; the place moves behind {@link Piece.Bytes}. */
    public Piece next() {
      return next(Long.MAX_VALUE);
    }

    /** The same, with no byte from {@code end} on. */
    public Piece next(long end) {
      Piece piece;
      boolean resume;
      synchronized (Fill.this) {
        piece = piece(end);
        trim();
        resume = takeResume();
      }
      if (resume) {
        resumeSource.run();
      }
      return piece;
    }

    private Piece piece(long end) {
      if (position >= windowStart) {
        for (Chunk chunk : window) {
          if (position < chunk.end()) {
            ByteBuffer bytes = chunk.bytes.duplicate();
            bytes.position(bytes.position() + (int) (position - chunk.start));
            if (end - position < bytes.remaining()) {
              bytes.limit(bytes.position() + (int) (end - position));
            }
            position += bytes.remaining();
            return new Piece.Bytes(bytes);
          }
        }
        if (broken) {
          return new Piece.Broken();
        }
        if (whole) {
          return new Piece.End(trailers);
        }
        waiting = true;
        return new Piece.Later();
      }
      ResponseWriter from = writer;
      Optional<StoredBody> body = from == null ? Optional.empty() : from.body();
      if (body.isPresent() && body.get().length() > position) {
        return new Piece.InStore(body.get(), position);
      }
      body.ifPresent(StoredBody::close);
      return new Piece.Broken();
    }

    /** Bytes were taken from the store: the place moves on. */
    public void advance(long bytes) {
      synchronized (Fill.this) {
        position += position < 0 ? 0 : bytes;
      }
    }

    public long position() {
      synchronized (Fill.this) {
        return position;
      }
    }

    /**
     * Goes on at another place: further on, or back where the body is being stored; bytes that are
     * passed over wait for nobody.
     */
    public void seek(long to) {
      boolean resume;
      synchronized (Fill.this) {
        // One that was cut off stays so.
        position = position < 0 ? position : to;
        trim();
        resume = takeResume();
      }
      if (resume) {
        resumeSource.run();
      }
    }

    /** Whether nobody else reads, or is expected to. */
    public boolean isAlone() {
      synchronized (Fill.this) {
        return readers.size() + expected <= 1;
      }
    }

    /** No more is wanted. */
    public void leave() {
      boolean resume;
      synchronized (Fill.this) {
        readers.remove(this);
        trim();
        resume = takeResume();
      }
      if (resume) {
        resumeSource.run();
      }
      readerLeft.run();
    }
  }

  /**
   * Cuts off the reader that is furthest behind, if it alone holds the others up: the source is
   * paused, the first bytes of the window wait for it and somebody else has read everything.
   *
   * @return whether a reader was cut off
   */
  public boolean cutStraggler() {
    Reader last = null;
    boolean resume;
    synchronized (this) {
      boolean starving = readers.stream().anyMatch(reader -> reader.position >= received);
      if (!paused || writer != null || !starving || readers.size() < 2) {
        return false;
      }
      for (Reader reader : readers) {
        if (last == null || reader.position < last.position) {
          last = reader;
        }
      }
      readers.remove(last);
      if (last != null) {
        last.position = -1;
      }
      trim();
      resume = takeResume();
    }
    if (resume) {
      resumeSource.run();
    }
    return true;
  }

  private static final class Chunk {
    final long start;
    final ByteBuffer bytes;
    boolean stored;

    Chunk(long start, ByteBuffer bytes) {
      this.start = start;
      this.bytes = bytes;
    }

    long end() {
      return start + bytes.remaining();
    }
  }
}

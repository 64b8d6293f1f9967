package dev.perigee.edge.listener;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.xnio.XnioIoThread;
import org.xnio.channels.StreamSinkChannel;

/**
 * Divides an I/O thread between large responses and all else. A reader who takes everything at once
 * is never waited for, so its response would be written to the end before anybody else has a turn,
 * and so would those of a thousand others; where blocks of it come from other threads, as tasks,
 * the thread would not even look at its connections meanwhile. A response of more than {@link
 * #FREE} bytes therefore goes within the time that all of them have in one round of the thread;
 * what does not waits in one row for the next rounds, and between two of them come the connections
 * on which something happens. Lives on its thread.
 */
final class WriteTurns {
  /** Up to so many bytes a response is small, and never waits. */
  static final long FREE = 64 * 1024;

  /** For large responses in one round: some ten parts of 64 KiB in clear text, and fewer in TLS. */
  static final long ROUND_NANOS = 500_000;

  private static final ThreadLocal<@Nullable WriteTurns> OWN = new ThreadLocal<>();

  private final LongSupplier nanos;
  private final Rounds rounds;
  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private long began;
  private boolean isUnderWay;

  /**
   * Turns of one thread.
   *
   * @param nanos a clock that never jumps
   */
  WriteTurns(LongSupplier nanos, Rounds rounds) {
    this.nanos = nanos;
    this.rounds = rounds;
  }

  /** Those of an I/O thread, which is the one that calls. */
  static WriteTurns of(XnioIoThread thread) {
    WriteTurns own = OWN.get();
    if (own == null) {
      own = new WriteTurns(System::nanoTime, new Selections(thread));
      OWN.set(own);
    }
    return own;
  }

  /** Says when the thread has another round. */
  interface Rounds {
    /**
     * From now on it is to be called in each.
     *
     * @return whether it will be
     */
    boolean begin(Runnable round);

    void end();
  }

  /**
   * Whether a part may go now; else it is to {@link #await}. A round's time runs from its first
   * part on: what else the thread does meanwhile is counted as well, for others wait for that too.
   */
  boolean mayGo() {
    if (isUnderWay) {
      return waiting.isEmpty() && hasTime();
    }
    began = nanos.getAsLong();
    isUnderWay = rounds.begin(this::next);
    return true;
  }

  /** Goes in one of the next rounds, in the order in which it came. */
  void await(Runnable part) {
    waiting.add(part);
  }

  private boolean hasTime() {
    return nanos.getAsLong() - began < ROUND_NANOS;
  }

  /** One goes at least, or a slow thread would never end any. */
  private void next() {
    int most = waiting.size();
    if (most == 0) {
      isUnderWay = false;
      rounds.end();
      return;
    }
    began = nanos.getAsLong();
    for (int i = 0; i < most && (i == 0 || hasTime()); i++) {
      waiting.remove().run();
    }
  }

  /**
   * Looks of a thread at its selector. XNIO tells of none, and runs a task before it looks again if
   * it is handed one; so one end of a pipe, which can always be written to, is among what is
   * selected.
   */
  private static final class Selections implements Rounds {
    private final XnioIoThread thread;
    private @Nullable StreamSinkChannel pipe;

    Selections(XnioIoThread thread) {
      this.thread = thread;
    }

    @Override
    public boolean begin(Runnable round) {
      try {
        StreamSinkChannel open = pipe;
        if (open == null) {
          open = thread.createHalfDuplexPipe().getRightSide();
          open.getWriteSetter().set(writable -> round.run());
          pipe = open;
        }
        open.resumeWrites();
        return true;
      } catch (IOException e) {
        // There is no file left for it: large responses have no turns, as if they were small.
        return false;
      }
    }

    @Override
    public void end() {
      if (pipe != null) {
        pipe.suspendWrites();
      }
    }
  }
}

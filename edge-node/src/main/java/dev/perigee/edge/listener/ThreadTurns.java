package dev.perigee.edge.listener;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.xnio.XnioIoThread;
import org.xnio.channels.StreamSinkChannel;

/**
 * Divides an I/O thread between what can wait and the requests on its connections. XNIO looks at
 * its selector only once no task is left, and hands out everything that it then finds before it
 * looks again. So thousands of new connections, of handshakes, of bodies that break off or of large
 * responses that are taken at once would each be little and together seconds, in which nobody else
 * is answered. All of these have {@link #ROUND_NANOS} together in one round of the thread; the
 * others wait in one row for the next rounds, and between two of them come the connections on which
 * something happens. Lives on its thread.
 */
final class ThreadTurns {
  /** Some ten parts of 64 KiB in clear text, a few connections, or two handshakes. */
  static final long ROUND_NANOS = 500_000;

  private static final ThreadLocal<@Nullable ThreadTurns> OWN = new ThreadLocal<>();

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
  ThreadTurns(LongSupplier nanos, Rounds rounds) {
    this.nanos = nanos;
    this.rounds = rounds;
  }

  /** Those of an I/O thread, which is the one that calls. */
  static ThreadTurns of(XnioIoThread thread) {
    ThreadTurns own = OWN.get();
    if (own == null) {
      own = new ThreadTurns(System::nanoTime, new Selections(thread));
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

  /** Runs it now, or in one of the next rounds. */
  void run(Runnable task) {
    if (mayGo()) {
      task.run();
    } else {
      await(task);
    }
  }

  /**
   * Whether a task may run now; else it is to {@link #await}. A round's time runs from its first
   * task on: what else the thread does meanwhile is counted as well, for others wait for that too.
   */
  boolean mayGo() {
    if (isUnderWay) {
      return waiting.isEmpty() && hasTime();
    }
    began = nanos.getAsLong();
    isUnderWay = rounds.begin(this::next);
    return true;
  }

  /** Runs it in one of the next rounds, in the order in which they came. */
  void await(Runnable task) {
    waiting.add(task);
  }

  private boolean hasTime() {
    return nanos.getAsLong() - began < ROUND_NANOS;
  }

  /** One runs at least, or a slow thread would never end any. */
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
        // There is no file left for it: nothing waits, as if there were little of it.
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

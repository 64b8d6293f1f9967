package dev.perigee.edge.listener;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;
import org.xnio.XnioIoThread;

/**
 * Lets TLS handshakes begin so that they do not starve what else a thread does. A connection costs
 * no engine before its client has said something; then each I/O thread begins a few handshakes in
 * one turn, the others wait theirs, and between two turns come the connections that are open. Of
 * handshakes under way, those that wait among them, there are no more than may be.
 */
final class HandshakeGate {
  /** Begun in one turn of a thread: each takes it a good part of a millisecond. */
  private static final int EACH_TURN = 4;

  private static final long TURN_MILLIS = 1;

  private final int most;
  private final long patienceMillis;
  private final DoorCounts counts;
  private final AtomicInteger underWay = new AtomicInteger();
  private final ThreadLocal<Turns> turns = ThreadLocal.withInitial(Turns::new);

  /**
   * @param patienceMillis for a client to begin
   */
  HandshakeGate(int most, long patienceMillis, DoorCounts counts) {
    this.most = most;
    this.patienceMillis = patienceMillis;
    this.counts = counts;
  }

  int underWay() {
    return underWay.get();
  }

  /**
   * A connection that is to have a handshake; called on its thread.
   *
   * @param begin takes the connection, and what is to be run when its handshake has ended
   */
  void enter(ReaderConnection connection, Begin begin) {
    if (underWay.incrementAndGet() > most) {
      underWay.decrementAndGet();
      counts.count(DoorReason.HANDSHAKES);
      IoUtils.safeClose(connection);
      return;
    }
    AtomicBoolean isOver = new AtomicBoolean();
    Runnable over =
        () -> {
          if (isOver.compareAndSet(false, true)) {
            underWay.decrementAndGet();
          }
        };
    connection.whenClosed(over);
    XnioExecutor.Key timer =
        connection
            .getIoThread()
            .executeAfter(() -> tooLate(connection), patienceMillis, TimeUnit.MILLISECONDS);
    connection
        .getSourceChannel()
        .setReadListener(
            readable -> {
              timer.remove();
              readable.suspendReads();
              readable.setReadListener(null);
              turns.get().take(connection.getIoThread(), () -> begin.begin(connection, over));
            });
    connection.getSourceChannel().resumeReads();
  }

  private void tooLate(ReaderConnection connection) {
    counts.count(DoorReason.HANDSHAKE_TIMEOUT);
    IoUtils.safeClose(connection);
  }

  /** Begins a handshake. */
  @FunctionalInterface
  interface Begin {
    void begin(ReaderConnection connection, Runnable over);
  }

  /** The turns of one thread. */
  private static final class Turns {
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private int begun;
    private boolean isDue;

    void take(XnioIoThread thread, Runnable one) {
      if (begun < EACH_TURN && waiting.isEmpty()) {
        begun++;
        one.run();
      } else {
        waiting.add(one);
      }
      expect(thread);
    }

    private void expect(XnioIoThread thread) {
      if (!isDue) {
        isDue = true;
        thread.executeAfter(() -> next(thread), TURN_MILLIS, TimeUnit.MILLISECONDS);
      }
    }

    private void next(XnioIoThread thread) {
      isDue = false;
      begun = 0;
      while (begun < EACH_TURN && !waiting.isEmpty()) {
        begun++;
        waiting.remove().run();
      }
      if (begun > 0) {
        expect(thread);
      }
    }
  }
}

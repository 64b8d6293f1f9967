package dev.perigee.edge.listener;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;

/**
 * Lets TLS handshakes begin so that they do not starve what else a thread does. A connection costs
 * no engine before its client has said something; then its handshake begins in one of the thread's
 * turns, and between two of them come the connections that are open. Of handshakes under way, those
 * that wait among them, there are no more than may be.
 */
final class HandshakeGate {
  private final int most;
  private final long patienceMillis;
  private final DoorCounts counts;
  private final AtomicInteger underWay = new AtomicInteger();

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
              ThreadTurns.of(connection.getIoThread()).run(() -> begin.begin(connection, over));
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
}

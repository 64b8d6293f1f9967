package dev.perigee.control.stream;

import dev.perigee.contract.FromControl;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.sync.v1.ControlMessage;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The outgoing side of one call: messages of two threads, one after the other, and only while the
 * call takes more.
 */
final class Outgoing {
  private final ServerCallStreamObserver<ControlMessage> call;
  private final Lock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private volatile @Nullable Status ending;
  private boolean finished;

  Outgoing(ServerCallStreamObserver<ControlMessage> call) {
    this.call = call;
  }

  /** The call takes more. */
  void onReady() {
    lock.lock();
    try {
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Nothing is sent from now on; of several reasons the first counts. */
  void end(Status status) {
    lock.lock();
    try {
      if (ending == null) {
        ending = status;
      }
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  boolean isOver() {
    return ending != null;
  }

  /**
   * Sends as soon as the call takes more.
   *
   * @return false when it took nothing for so long; nothing was sent then
   */
  boolean send(FromControl message, long patienceSeconds) throws InterruptedException {
    lock.lock();
    try {
      long nanos = TimeUnit.SECONDS.toNanos(patienceSeconds);
      while (!call.isReady() && ending == null) {
        if (nanos <= 0) {
          return false;
        }
        nanos = news.awaitNanos(nanos);
      }
      sendNow(message);
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Sends where the call takes more now; else it is left out. */
  void sendIfReady(FromControl message) {
    lock.lock();
    try {
      if (call.isReady()) {
        sendNow(message);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Sends once the call takes more, if it ever does before it is over. */
  void sendWhenReady(FromControl message) throws InterruptedException {
    lock.lock();
    try {
      while (!call.isReady() && ending == null) {
        news.await();
      }
      sendNow(message);
    } finally {
      lock.unlock();
    }
  }

  private void sendNow(FromControl message) {
    if (ending == null) {
      call.onNext(SyncCodec.encode(message));
    }
  }

  /** Ends the call with the reason for which the stream is over. */
  void finish() {
    lock.lock();
    try {
      Status status = ending == null ? Status.INTERNAL : ending;
      ending = status;
      if (!finished && !call.isCancelled()) {
        call.onError(status.asRuntimeException());
      }
      finished = true;
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }
}

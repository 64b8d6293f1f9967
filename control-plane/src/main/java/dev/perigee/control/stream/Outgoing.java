package dev.perigee.control.stream;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The outgoing side of one call: messages of two threads, one after the other, and only while the
 * call takes more. It does so while less than 32 KiB wait in it, so what waits for one edge is
 * never much more than a message of each thread.
 */
final class Outgoing {
  private final ServerCallStreamObserver<WireMessage> call;
  private final Lock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private volatile @Nullable Status ending;
  private boolean finished;
  private long handed;

  Outgoing(ServerCallStreamObserver<WireMessage> call) {
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

  /** Bytes of the messages that the call was given so far. */
  long handed() {
    lock.lock();
    try {
      return handed;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the call takes more or it is over; false when it took nothing for so long. */
  boolean awaitReady(long patienceSeconds) throws InterruptedException {
    lock.lock();
    try {
      long nanos = TimeUnit.SECONDS.toNanos(patienceSeconds);
      while (!call.isReady() && ending == null) {
        if (nanos <= 0) {
          return false;
        }
        nanos = news.awaitNanos(nanos);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Sends now: by whoever saw that the call takes more, one message each time. */
  void send(WireMessage message) {
    lock.lock();
    try {
      sendNow(message);
    } finally {
      lock.unlock();
    }
  }

  /** Sends where the call takes more now; else it is left out. */
  void sendIfReady(WireMessage message) {
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
  void sendWhenReady(WireMessage message) throws InterruptedException {
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

  private void sendNow(WireMessage message) {
    if (ending == null) {
      handed += message.bytes();
      call.onNext(message);
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

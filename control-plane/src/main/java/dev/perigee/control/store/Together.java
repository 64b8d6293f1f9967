package dev.perigee.control.store;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Commits together what is asked for while another commit is under way: group commit. Who comes to
 * an idle one is served at once, alone; of those who wait, one does the work of all. Under load a
 * commit, which waits for a disk, is shared by many.
 *
 * @param <W> what is wanted
 * @param <R> what became of it
 */
final class Together<W, R> {
  /** Answers each of what is wanted, in order; where it throws nothing was done of any. */
  private final Function<List<W>, List<R>> work;

  private final int atOnce;
  private final Lock lock = new ReentrantLock();
  private final Condition turn = lock.newCondition();
  private final ArrayDeque<Entry<W, R>> waiting = new ArrayDeque<>();
  private boolean busy;

  /** One who waits; guarded by the lock, but for who works. */
  private static final class Entry<W, R> {
    private final W wanted;
    private Optional<R> answer = Optional.empty();
    private @Nullable RuntimeException failure;

    Entry(W wanted) {
      this.wanted = wanted;
    }

    boolean isDone() {
      return answer.isPresent() || failure != null;
    }
  }

  /**
   * One that is idle.
   *
   * @param atOnce the most that is done together
   */
  Together(int atOnce, Function<List<W>, List<R>> work) {
    this.atOnce = atOnce;
    this.work = work;
  }

  /** Does this one, alone or with others; what the work threw is thrown to each of them. */
  R commit(W wanted) {
    Entry<W, R> mine = new Entry<>(wanted);
    lock.lock();
    try {
      waiting.addLast(mine);
      while (!mine.isDone()) {
        if (busy) {
          turn.awaitUninterruptibly();
        } else {
          workForAll();
        }
      }
    } finally {
      lock.unlock();
    }
    if (mine.failure != null) {
      throw mine.failure;
    }
    return mine.answer.orElseThrow();
  }

  /** How many wait for their turn now. */
  int waiting() {
    lock.lock();
    try {
      return waiting.size();
    } finally {
      lock.unlock();
    }
  }

  /** With the lock held, which is given up while it works. */
  private void workForAll() {
    List<Entry<W, R>> batch = new ArrayList<>();
    while (batch.size() < atOnce && !waiting.isEmpty()) {
      batch.add(waiting.removeFirst());
    }
    busy = true;
    List<R> answers = List.of();
    RuntimeException failure = null;
    lock.unlock();
    try {
      answers = work.apply(batch.stream().map(entry -> entry.wanted).toList());
      if (answers.size() != batch.size()) {
        failure = new IllegalStateException("not every one was answered");
      }
    } catch (RuntimeException e) {
      failure = e;
    } finally {
      lock.lock();
      busy = false;
      for (int i = 0; i < batch.size(); i++) {
        Entry<W, R> entry = batch.get(i);
        if (failure == null && i < answers.size()) {
          entry.answer = Optional.of(answers.get(i));
        } else {
          entry.failure = failure == null ? new IllegalStateException("it broke off") : failure;
        }
      }
      turn.signalAll();
    }
  }
}

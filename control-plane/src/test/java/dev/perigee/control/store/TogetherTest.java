package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Who waits while another commit is under way is served with all the others who do. */
class TogetherTest {
  private final Semaphore begun = new Semaphore(0);
  private final Semaphore go = new Semaphore(0);
  private final List<List<Integer>> batches = new CopyOnWriteArrayList<>();
  private final Together<Integer, Integer> together = new Together<>(3, this::work);

  private List<Integer> work(List<Integer> wanted) {
    begun.release();
    go.acquireUninterruptibly();
    batches.add(wanted);
    if (wanted.contains(-1)) {
      throw new IllegalStateException("no");
    }
    return wanted.stream().map(one -> 2 * one).toList();
  }

  @Test
  void whoComesMeanwhileGoesTogetherAndInOrderAndNoMoreThanSoManyAtOnce() throws Exception {
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Future<Integer>> answers = begin(threads, List.of(1, 2, 3, 4, 5));
      go.release(3);
      for (int i = 0; i < 5; i++) {
        assertEquals(2 * (i + 1), answers.get(i).get());
      }
    }
    assertEquals(List.of(List.of(1), List.of(2, 3, 4), List.of(5)), batches);
  }

  @Test
  void aFailureIsToldToAllThatWereTogetherAndToNobodyElse() throws Exception {
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Future<Integer>> answers = begin(threads, List.of(1, -1, 3, 4, 5));
      go.release(3);
      assertEquals(2, answers.get(0).get());
      for (int i = 1; i < 4; i++) {
        assertThrows(ExecutionException.class, answers.get(i)::get);
      }
      assertEquals(10, answers.get(4).get());
    }
  }

  /** The first is under way, and the others wait in this order. */
  private List<Future<Integer>> begin(ExecutorService threads, List<Integer> wanted)
      throws InterruptedException {
    List<Future<Integer>> answers = new ArrayList<>();
    answers.add(threads.submit(() -> together.commit(wanted.getFirst())));
    begun.acquire();
    for (int i = 1; i < wanted.size(); i++) {
      int one = wanted.get(i);
      int waiting = i;
      answers.add(threads.submit(() -> together.commit(one)));
      Awaitility.await().until(() -> together.waiting() == waiting);
    }
    return answers;
  }
}

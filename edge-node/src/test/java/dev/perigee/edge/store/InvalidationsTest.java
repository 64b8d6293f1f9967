package dev.perigee.edge.store;

import static dev.perigee.edge.store.StoreUnderTest.key;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What unsafe requests have invalidated, which stands in no journal. */
class InvalidationsTest {
  @TempDir Path folder;

  /** The story: a kill right behind a sweep brought back what had been invalidated. */
  @Test
  void oneIsForgottenOnceItsRecordsHaveLeftTheDisk() throws IOException {
    StoreParts parts =
        new StoreParts(
            Disk::open,
            new StoreThreads(Executors.newSingleThreadExecutor(), List.of(new LazyWrites())),
            PurgeSweeper.thread());
    try (StoreUnderTest store =
        StoreUnderTest.open(StoreUnderTest.config(folder), InstantSource.system(), parts)) {
      store.putNamed("/a", 10_000);
      long id = ((StoredObject) store.find("/a").getFirst()).id();
      assertTrue(store.shard().disk.find(id).isPresent());
      store.store.invalidate(key("/a"));
      store.store.sweep();
      assertTrue(store.store.context.invalidations().isEmpty());
      assertEquals(Optional.empty(), store.shard().disk.find(id));
    }
  }

  /** Puts off what its own work asks for until somebody else asks for something. */
  private static final class LazyWrites extends AbstractExecutorService {
    private final Queue<Runnable> putOff = new ArrayDeque<>();
    private final ThreadLocal<Boolean> own = ThreadLocal.withInitial(() -> false);
    private final ExecutorService thread = Executors.newSingleThreadExecutor();

    @Override
    public void execute(Runnable work) {
      if (own.get()) {
        putOff.add(work);
      } else {
        thread.execute(
            () -> {
              own.set(true);
              for (Runnable next = putOff.poll(); next != null; next = putOff.poll()) {
                next.run();
              }
              work.run();
            });
      }
    }

    @Override
    public void shutdown() {
      thread.shutdown();
    }

    @Override
    public List<Runnable> shutdownNow() {
      return thread.shutdownNow();
    }

    @Override
    public boolean isShutdown() {
      return thread.isShutdown();
    }

    @Override
    public boolean isTerminated() {
      return thread.isTerminated();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
      return thread.awaitTermination(timeout, unit);
    }
  }
}

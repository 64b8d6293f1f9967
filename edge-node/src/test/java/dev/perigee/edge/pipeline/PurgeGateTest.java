package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.edge.request.PurgePosition;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A request that knows of a purge waits for it, for a moment. */
class PurgeGateTest {
  private final AtomicReference<PurgePosition> here =
      new AtomicReference<>(new PurgePosition("log", 5));
  private final ManualTimer timer = new ManualTimer();
  private final List<String> went = new ArrayList<>();
  private boolean connected = true;
  private final PurgeGate gate = new PurgeGate(here::get, timer, 500, () -> connected);

  @AfterEach
  void stop() {
    timer.shutdownNow();
  }

  private void pass(String log, long number) {
    gate.pass(new PurgePosition(log, number), Runnable::run, () -> went.add(log + number));
  }

  @Test
  void whatIsInForceKeepsNobody() {
    pass("log", 5);
    assertEquals(List.of("log5"), went);
    assertEquals(0, timer.tasks.size());
  }

  @Test
  void whoKnowsOfAPurgeGoesOnWhenItComes() {
    pass("log", 6);
    pass("log", 7);
    assertEquals(List.of(), went);
    here.set(new PurgePosition("log", 6));
    gate.applied();
    assertEquals(List.of("log6"), went);
    assertEquals(1, gate.waiting());
    timer.runAll();
    assertEquals(List.of("log6", "log7"), went, "in the end without it, and nobody twice");
    assertEquals(0, gate.waiting());
  }

  @Test
  void whatCannotComeIsNotWaitedFor() {
    pass("another", 6);
    connected = false;
    pass("log", 6);
    assertEquals(List.of("another6", "log6"), went);
  }

  @Test
  void aPurgeThatComesWhileSomebodyBeginsToWaitIsSeen() {
    timer.onSchedule = () -> here.set(new PurgePosition("log", 6));
    pass("log", 6);
    assertEquals(List.of("log6"), went);
  }

  /** Runs what is scheduled when the test says so. */
  private static final class ManualTimer extends ScheduledThreadPoolExecutor {
    private final ScheduledExecutorService never = Executors.newSingleThreadScheduledExecutor();
    private final List<Runnable> tasks = new ArrayList<>();
    private Runnable onSchedule = () -> {};

    ManualTimer() {
      super(1);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
      tasks.add(task);
      onSchedule.run();
      return never.schedule(() -> {}, 1, TimeUnit.DAYS);
    }

    void runAll() {
      tasks.forEach(Runnable::run);
    }

    @Override
    public List<Runnable> shutdownNow() {
      never.shutdownNow();
      return super.shutdownNow();
    }
  }
}

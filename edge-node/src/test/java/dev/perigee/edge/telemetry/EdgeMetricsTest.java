package dev.perigee.edge.telemetry;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

final class EdgeMetricsTest {
  private final EdgeMetrics metrics = new EdgeMetrics();
  private final AtomicLong refused = new AtomicLong(1);

  /** The refusals of an edge stood at nothing once its heap had been collected. */
  @Test
  void countersGoOnWhenTheHeapHasBeenCollected() {
    metrics.counter("perigee_refused", "For the test.", refused::get);
    metrics.counter("perigee_labelled", "For the test.", "reason", "any", refused::get);
    WeakReference<Object> garbage = new WeakReference<>(new Object());
    Awaitility.await()
        .until(
            () -> {
              System.gc();
              return garbage.get() == null;
            });
    refused.set(42);
    String page = metrics.scrape();
    assertTrue(page.contains("perigee_refused_total 42.0"), page);
    assertTrue(page.contains("perigee_labelled_total{reason=\"any\"} 42.0"), page);
  }
}

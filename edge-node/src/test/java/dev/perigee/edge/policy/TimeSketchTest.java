package dev.perigee.edge.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class TimeSketchTest {
  private final TimeSketch sketch = new TimeSketch();

  @Test
  void aTimeIsFoundWithinAnEighth() {
    for (long nanos = 1 << 16; nanos < TimeUnit.DAYS.toNanos(2); nanos += nanos / 7) {
      sketch.add(nanos);
      TimeSketch.Taken taken = sketch.take();
      assertEquals(1, taken.count());
      assertEquals(1, taken.fastNanos() / nanos, 0.125, nanos + " ns");
    }
  }

  @Test
  void whatNoTimeCanBeIsTheShortestOrTheLongest() {
    for (long nanos : new long[] {Long.MIN_VALUE, -1, 0, 1, Long.MAX_VALUE}) {
      sketch.add(nanos);
    }
    assertEquals(5, sketch.take().count());
  }

  @Test
  void itIsTheTimeOfTheFastestTenth() {
    for (int i = 0; i < 1000; i++) {
      sketch.add(TimeUnit.MILLISECONDS.toNanos(i < 101 ? 1 : 1000));
    }
    assertEquals(1e6, sketch.take().fastNanos(), 0.2e6);
    for (int i = 0; i < 1000; i++) {
      sketch.add(TimeUnit.MILLISECONDS.toNanos(i < 99 ? 1 : 1000));
    }
    assertEquals(1e9, sketch.take().fastNanos(), 0.2e9);
  }

  @Test
  void takenItBeginsAnew() {
    assertTrue(sketch.isEmpty());
    sketch.add(1);
    assertFalse(sketch.isEmpty());
    sketch.take();
    assertTrue(sketch.isEmpty());
    assertEquals(new TimeSketch.Taken(0, 0), sketch.take());
  }
}

package dev.perigee.edge.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What is asked for often within a window is hot, and cools down. */
class HotSketchTest {
  private final HotSketch sketch = new HotSketch();

  @Test
  void theThirdRequestInAWindowMakesAKeyHot() {
    for (int i = 1; i < HotSketch.HOT; i++) {
      sketch.count(0x1234_5678_9abc_def0L, 1_000);
      assertFalse(sketch.isHot(0x1234_5678_9abc_def0L));
    }
    sketch.count(0x1234_5678_9abc_def0L, 1_000 + HotSketch.WINDOW_MILLIS - 1);
    assertTrue(sketch.isHot(0x1234_5678_9abc_def0L));
    assertFalse(sketch.isHot(0x0fed_cba9_8765_4321L));
  }

  @Test
  void whatIsNotAskedForAnyMoreCools() {
    for (int i = 0; i < 8; i++) {
      sketch.count(7, 0);
    }
    assertEquals(8, sketch.estimate(7));
    sketch.count(1L << 40, HotSketch.WINDOW_MILLIS);
    assertEquals(4, sketch.estimate(7));
    assertTrue(sketch.isHot(7));
    sketch.count(1L << 40, 2 * HotSketch.WINDOW_MILLIS);
    assertFalse(sketch.isHot(7));
  }

  @Test
  void manyThatAreAskedForOnceMakeHardlyAnyHot() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 20_000; i++) {
      sketch.count(random.nextLong(), 0);
    }
    int hot = 0;
    for (int i = 0; i < 20_000; i++) {
      hot += sketch.isHot(random.nextLong()) ? 1 : 0;
    }
    // Less than one in a billion each, if the columns are as good as drawn.
    assertEquals(0, hot);
  }
}

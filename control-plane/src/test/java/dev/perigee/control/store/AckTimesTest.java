package dev.perigee.control.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.NotEmpty;
import org.junit.jupiter.api.Test;

/** Times are as exact as the histogram says that they are. */
final class AckTimesTest {
  @Test
  void smallTimesAreExact() {
    AckTimes times = new AckTimes();
    for (long millis = 1; millis <= 60; millis++) {
      times.add(millis);
    }
    assertEquals(30, times.within(0.5));
    assertEquals(60, times.within(0.99));
    assertEquals(60, times.slowest());
    assertEquals(60, times.total());
  }

  @Test
  void oneThatTookLongerThanAnythingIsTheSlowestAllTheSame() {
    AckTimes times = new AckTimes();
    times.add(-5);
    times.add(Long.MAX_VALUE);
    assertEquals(0, times.within(0.5));
    assertEquals(Long.MAX_VALUE, times.slowest());
    assertEquals(List.of(1, 1), Arrays.stream(times.counts()).boxed().toList());
  }

  @Property
  void aShareIsRoundedUpByThreePerCentAtMost(
      @ForAll @NotEmpty List<@LongRange(min = 0, max = 1_000_000) Long> millis,
      @ForAll @LongRange(min = 1, max = 100) long percent) {
    AckTimes times = new AckTimes();
    millis.forEach(times::add);
    List<Long> sorted = millis.stream().sorted().toList();
    long exact = sorted.get((int) Math.ceil(percent / 100.0 * sorted.size()) - 1);
    long told = times.within(percent / 100.0);
    assertTrue(told >= exact && told <= exact + exact / 32 + 1, exact + " told as " + told);
  }
}

package dev.perigee.edge.request;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;

/**
 * What was worked out of texts that came lately. Readers of one kind send the same field values;
 * there is room for a fixed number of them, whatever they send, and the newest takes the place of
 * another. Any thread.
 *
 * @param <V> what is worked out; the same for the same text
 */
public final class RecentTexts<V> {
  /** A power of two; browsers in use send some dozens of values of such fields. */
  private static final int PLACES = 256;

  /** Longer texts are no such values, and not kept. */
  private static final int LONGEST = 256;

  private final AtomicReferenceArray<Known<V>> places = new AtomicReferenceArray<>(PLACES);
  private final Function<String, V> work;

  private record Known<V>(String text, V value) {}

  /**
   * A table with nothing in it.
   *
   * @param work done for texts that are not known
   */
  public RecentTexts(Function<String, V> work) {
    this.work = work;
  }

  /** What is worked out of a text, now or before. */
  public V of(String text) {
    if (text.length() > LONGEST) {
      return work.apply(text);
    }
    int hash = text.hashCode();
    int place = (hash ^ hash >>> 16) & (PLACES - 1);
    Known<V> known = places.getAcquire(place);
    if (known != null && known.text.equals(text)) {
      return known.value;
    }
    V value = work.apply(text);
    places.setRelease(place, new Known<>(text, value));
    return value;
  }
}

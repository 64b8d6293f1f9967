package dev.perigee.edge.store;

import java.util.Map;
import java.util.TreeMap;

/**
 * The newest purge of each path prefix. A look-up costs a few steps for each prefix of the target
 * that is there, however many others there are.
 */
final class PrefixMarks {
  private final TreeMap<String, Long> numbers = new TreeMap<>();

  void put(String path, long number) {
    numbers.merge(path, number, Math::max);
  }

  /** The newest purge whose path the target begins with; 0 for none. */
  long newest(String target) {
    long newest = 0;
    Map.Entry<String, Long> at = numbers.floorEntry(target);
    while (at != null) {
      int common = common(at.getKey(), target);
      boolean covers = common == at.getKey().length();
      if (covers) {
        newest = Math.max(newest, at.getValue());
      }
      // Whatever else the target begins with is shorter: a longer one would have been found first.
      int longest = covers ? common - 1 : common;
      at = longest < 0 ? null : numbers.floorEntry(target.substring(0, longest));
    }
    return newest;
  }

  private static int common(String one, String other) {
    int length = Math.min(one.length(), other.length());
    int at = 0;
    while (at < length && one.charAt(at) == other.charAt(at)) {
      at++;
    }
    return at;
  }
}

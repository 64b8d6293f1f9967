package dev.perigee.edge.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A small number for each site that something was stored for since the start. */
final class SiteNumbers {
  private final Map<String, Integer> numbers = new ConcurrentHashMap<>();

  /** Each one's place is its number; guarded by itself. */
  private final List<String> names = new ArrayList<>();

  int of(String site) {
    return numbers.computeIfAbsent(
        site,
        name -> {
          synchronized (names) {
            names.add(name);
            return names.size() - 1;
          }
        });
  }

  String name(int number) {
    synchronized (names) {
      return names.get(number);
    }
  }

  /** All names; each one's place is its number. */
  List<String> names() {
    synchronized (names) {
      return List.copyOf(names);
    }
  }
}

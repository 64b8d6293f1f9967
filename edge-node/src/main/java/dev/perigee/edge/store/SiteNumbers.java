package dev.perigee.edge.store;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A small number for each site that something was stored for since the start. */
final class SiteNumbers {
  private final Map<String, Integer> numbers = new ConcurrentHashMap<>();
  private final List<String> names = new CopyOnWriteArrayList<>();

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
    return names.get(number);
  }

  /** All names; each one's place is its number. */
  List<String> names() {
    return List.copyOf(names);
  }
}

package dev.perigee.edge.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The trie is the map that {@code java.util.HashMap} is, and what was taken from it stays as it
 * was. Repeat a run with {@code -Dperigee.seed}.
 */
class HashTrieTest {
  private static final int STEPS = 20_000;

  /** Keys that end in one of few values share their hash with many others. */
  private static String key(Random random, int keys) {
    int number = random.nextInt(keys);
    return number % 3 == 0 ? collision(number / 3) : "site-" + number + ".example";
  }

  /** Texts with one hash, as anybody can make them of host names: "c0" and "an" have one. */
  private static String collision(int number) {
    StringBuilder text = new StringBuilder();
    for (int bit = 0; bit < 10; bit++) {
      text.append((number >> bit & 1) == 0 ? "c0" : "an");
    }
    return text.toString();
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 60, 3_000, 200_000})
  void itIsTheMapThatHashMapIs(int keys) {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("HashTrieTest seed " + seed);
    Random random = new Random(seed);
    Map<String, Integer> model = new HashMap<>();
    HashTrie<Integer> trie = HashTrie.empty();
    HashTrie<Integer> kept = trie;
    Map<String, Integer> keptModel = Map.of();
    for (int step = 0; step < STEPS; step++) {
      String key = key(random, keys);
      if (random.nextInt(5) < 3) {
        int value = random.nextInt(4);
        HashTrie<Integer> next = trie.with(key, value);
        if (Integer.valueOf(value).equals(model.put(key, value))) {
          assertSame(trie, next);
        }
        trie = next;
      } else {
        HashTrie<Integer> next = trie.without(key);
        if (model.remove(key) == null) {
          assertSame(trie, next);
        }
        trie = next;
      }
      assertEquals(model.size(), trie.size());
      String other = key(random, keys);
      assertEquals(model.get(other), trie.find(other), "seed " + seed);
      assertEquals(model.containsKey(other), trie.containsKey(other));
      if (step % (STEPS / 20) == 0) {
        assertEquals(model, trie, "seed " + seed);
        assertEquals(trie, model, "seed " + seed);
        assertEquals(model.hashCode(), trie.hashCode());
        assertEquals(keptModel, kept, "what was taken stays as it was, seed " + seed);
        assertEquals(differences(keptModel, model), changes(kept, trie), "seed " + seed);
        assertEquals(differences(model, Map.of()), changes(trie, HashTrie.empty()));
        HashTrie<Integer> built = HashTrie.copyOf(model);
        assertEquals(model, built);
        assertEquals(Map.of(), changes(built, trie), "whatever way it came to be");
        kept = trie;
        keptModel = Map.copyOf(model);
      }
    }
    for (String key : List.copyOf(model.keySet())) {
      trie = trie.without(key);
    }
    assertSame(HashTrie.empty(), trie);
  }

  private static Map<String, String> differences(
      Map<String, Integer> before, Map<String, Integer> after) {
    Map<String, String> all = new HashMap<>();
    before.forEach((key, value) -> all.put(key, value + ">" + after.get(key)));
    after.forEach((key, value) -> all.put(key, before.get(key) + ">" + value));
    before.forEach((key, value) -> all.remove(key, value + ">" + value));
    return all;
  }

  private static Map<String, String> changes(HashTrie<Integer> before, HashTrie<Integer> after) {
    Map<String, String> all = new HashMap<>();
    after.changesSince(
        before,
        (key, old, fresh) -> assertNull(all.put(key, old + ">" + fresh), "told once: " + key));
    return all;
  }

  @Test
  void aChangeLooksAtWhatItChangedAlone() {
    Map<String, Counted> all = new HashMap<>();
    for (int i = 0; i < 50_000; i++) {
      all.put("site-" + i, new Counted());
    }
    HashTrie<Counted> before = HashTrie.copyOf(all);
    HashTrie<Counted> after = before.with("site-7", new Counted()).without("site-8");
    int earlier = Counted.compared.size();
    List<String> told = new ArrayList<>();
    after.changesSince(before, (key, old, fresh) -> told.add(key));
    told.sort(null);
    assertEquals(List.of("site-7", "site-8"), told);
    int looks = Counted.compared.size() - earlier;
    assertTrue(looks < 20, "only neighbours in one array are compared, not " + looks);
  }

  /** Counts how often one is compared with another. */
  private static final class Counted {
    static final List<String> compared = new ArrayList<>();

    @Override
    public boolean equals(@Nullable Object other) {
      compared.add("");
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }

  @Test
  void nobodyChangesIt() {
    HashTrie<Integer> trie = HashTrie.<Integer>empty().with("a", 1);
    assertThrows(UnsupportedOperationException.class, () -> trie.put("b", 2));
    assertThrows(UnsupportedOperationException.class, () -> trie.remove("a"));
    assertThrows(UnsupportedOperationException.class, trie::clear);
    assertThrows(
        UnsupportedOperationException.class, () -> trie.entrySet().iterator().next().setValue(2));
    assertEquals(Map.of("a", 1), trie);
    assertSame(trie, HashTrie.copyOf(trie));
  }
}

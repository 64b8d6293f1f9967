package dev.perigee.edge.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** A purge by prefix is found whatever other prefixes there are. */
class PrefixMarksTest {
  @Provide
  static Arbitrary<String> paths() {
    return Arbitraries.strings().withChars("ab/").ofMaxLength(6).map(text -> "/" + text);
  }

  @Property(tries = 2000)
  void itFindsWhatLookingAtAllWouldFind(
      @ForAll List<@net.jqwik.api.From("paths") String> prefixes, @ForAll("paths") String target) {
    PrefixMarks marks = new PrefixMarks();
    Map<String, Long> all = new HashMap<>();
    for (int i = 0; i < prefixes.size(); i++) {
      marks.put(prefixes.get(i), i + 1L);
      all.put(prefixes.get(i), i + 1L);
    }
    long expected =
        all.entrySet().stream()
            .filter(entry -> target.startsWith(entry.getKey()))
            .mapToLong(Map.Entry::getValue)
            .max()
            .orElse(0);
    assertEquals(expected, marks.newest(target));
  }

  @Test
  void anEmptyPrefixCoversEverything() {
    PrefixMarks marks = new PrefixMarks();
    marks.put("", 3);
    assertEquals(3, marks.newest("/a"));
    assertEquals(3, marks.newest(""));
  }
}

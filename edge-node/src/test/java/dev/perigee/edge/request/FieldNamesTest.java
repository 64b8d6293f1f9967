package dev.perigee.edge.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.StringLength;
import net.jqwik.api.constraints.UniqueElements;
import org.junit.jupiter.api.Test;

/** RFC 9110, section 5.1: field names compare without case. */
class FieldNamesTest {
  @Test
  void caseDoesNotMatter() {
    FieldNames names = FieldNames.of("connection", "te", "Keep-Alive");
    assertTrue(names.contains("Connection"));
    assertTrue(names.contains("TE"));
    assertTrue(names.contains("keep-alive"));
    assertFalse(names.contains("keep_alive"));
    assertFalse(names.contains("t"));
    assertFalse(names.contains(""));
  }

  @Property(tries = 300)
  void holdsWhatItWasMadeOf(
      @ForAll @UniqueElements
          List<@AlphaChars @Chars({'-', '_'}) @StringLength(min = 1, max = 3) String> some,
      @ForAll @AlphaChars @Chars({'-', '_'}) @StringLength(min = 1, max = 3) String asked) {
    Set<String> lower = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    lower.addAll(some);
    FieldNames names = FieldNames.of(lower.toArray(String[]::new));
    some.forEach(name -> assertTrue(names.contains(name.toUpperCase(Locale.ROOT))));
    assertEquals(lower.contains(asked), names.contains(asked));
  }
}

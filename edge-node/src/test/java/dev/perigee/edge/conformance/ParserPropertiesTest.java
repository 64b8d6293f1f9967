package dev.perigee.edge.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.cache.CacheControl;
import dev.perigee.edge.cache.HttpDate;
import dev.perigee.edge.cache.Variants;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.respond.RangePolicy;
import dev.perigee.edge.respond.RangePolicy.Ranged;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

/** Parsers of header fields against what the fields were made from. */
class ParserPropertiesTest {
  private static final int LENGTH = 500;

  /** What the head of another part costs at least. */
  private static final int GAP = 80;

  /** RFC 9110, section 5.6.7: all three forms are read, and mean the same. */
  @Property
  void aDateIsReadInEachOfItsForms(@ForAll @LongRange(min = 0, max = 3_000_000_000L) long second) {
    Instant time = Instant.ofEpochSecond(second);
    long nearby = time.toEpochMilli();
    for (String form :
        List.of(
            "EEE, dd MMM yyyy HH:mm:ss 'GMT'",
            "EEEE, dd-MMM-yy HH:mm:ss 'GMT'",
            "EEE MMM ppd HH:mm:ss yyyy")) {
      String text =
          DateTimeFormatter.ofPattern(form, Locale.ENGLISH).format(time.atOffset(ZoneOffset.UTC));
      assertEquals(OptionalLong.of(nearby), HttpDate.parse(text, nearby), text);
    }
  }

  /** RFC 9111, sections 4.2.1 and 5.2: neither lines, case, space nor order change a meaning. */
  @Property
  void directivesMeanTheSameHoweverTheyAreWritten(
      @ForAll @IntRange(min = 0, max = 1 << 20) int seconds,
      @ForAll boolean noStore,
      @ForAll boolean quoted,
      @ForAll long seed) {
    Random random = new Random(seed);
    List<String> directives = new ArrayList<>(List.of("public", "private=\"a, no-cache, b\""));
    directives.add("max-age=" + (quoted ? "\"" + seconds + "\"" : seconds));
    if (noStore) {
      directives.add("no-store");
    }
    Collections.shuffle(directives, random);
    FieldList.Builder fields = FieldList.builder();
    StringBuilder line = new StringBuilder();
    for (String directive : directives) {
      boolean upper = random.nextBoolean() && directive.indexOf('"') < 0;
      line.append(upper ? directive.toUpperCase(Locale.ROOT) : directive);
      if (random.nextBoolean()) {
        fields.add("cache-control", line.toString());
        line.setLength(0);
      } else {
        line.append(" ,".repeat(1 + random.nextInt(2))).append('\t');
      }
    }
    CacheControl control =
        CacheControl.ofResponse(fields.add("Cache-Control", line.toString()).build());
    assertEquals(OptionalLong.of(seconds), control.seconds("max-age"));
    assertEquals(noStore, control.has("no-store"));
    assertTrue(!control.has("no-cache"), "what stands in quotes is no directive");
    assertTrue(control.qualified("private").contains("a"));
  }

  /** RFC 9110, section 14.2: exactly the bytes that are asked for, except to join what is near. */
  @Property
  void rangesCoverWhatWasAskedFor(
      @ForAll @Size(min = 1, max = 6) List<@IntRange(min = 0, max = 700) Integer> firsts,
      @ForAll @IntRange(min = 0, max = 300) int more) {
    BitSet wanted = new BitSet();
    List<String> specs = new ArrayList<>();
    for (int first : firsts) {
      int last = first + more * (first % 3) / 2;
      specs.add(first + "-" + last);
      wanted.set(Math.min(first, LENGTH), Math.min(last + 1, LENGTH));
    }
    BitSet given = new BitSet();
    switch (ranged("bytes=" + String.join(", ", specs))) {
      case Ranged.Part(long first, long last) -> given.set((int) first, (int) last + 1);
      case Ranged.Parts(List<Ranged.Part> parts) -> {
        for (Ranged.Part part : parts) {
          assertTrue(given.get((int) part.first(), (int) part.last() + 1).isEmpty(), "twice");
          given.set((int) part.first(), (int) part.last() + 1);
        }
      }
      case Ranged.Unsatisfiable none -> assertTrue(wanted.isEmpty(), specs::toString);
      case Ranged.Whole whole -> throw new AssertionError("valid ranges, and the whole: " + specs);
    }
    BitSet missing = (BitSet) wanted.clone();
    missing.andNot(given);
    assertTrue(missing.isEmpty(), () -> specs + " lack " + missing);
    given.andNot(wanted);
    given.stream().forEach(at -> assertTrue(isNear(wanted, at), () -> specs + " give " + at));
  }

  /** Whether it lies between two bytes that are wanted and so near that a part costs more. */
  private static boolean isNear(BitSet wanted, int at) {
    int before = wanted.previousSetBit(at);
    int behind = wanted.nextSetBit(at);
    return before >= 0 && behind >= 0 && behind - before <= GAP;
  }

  private static Ranged ranged(String range) {
    RequestHead request = Cases.request("GET", "Range: " + range);
    return RangePolicy.decide(request, new ResponseHead(200, FieldList.empty()), LENGTH);
  }

  /** RFC 9111, section 4.1: the order of what is accepted does not make another request. */
  @Property
  void varyMatchesWhateverTheOrder(
      @ForAll @Size(min = 1, max = 5) List<@IntRange(min = 0, max = 999) Integer> weights,
      @ForAll long seed) {
    List<String> members = new ArrayList<>();
    weights.forEach(weight -> members.add("l" + weight + ";q=0." + weight));
    FieldList stored = FieldList.of("Accept-Language", String.join(",", members));
    Collections.shuffle(members, new Random(seed));
    FieldList asked = FieldList.of("accept-language", String.join(" , ", members));
    List<String> names = Variants.names(FieldList.of("Vary", "Accept-Language"));
    assertEquals(Variants.values(names, stored), Variants.values(names, asked));
    FieldList other = FieldList.of("Accept-Language", String.join(",", members) + ",xx");
    assertTrue(!Variants.values(names, stored).equals(Variants.values(names, other)));
  }
}

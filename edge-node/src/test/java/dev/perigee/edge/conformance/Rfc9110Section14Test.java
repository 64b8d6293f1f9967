package dev.perigee.edge.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.request.ResponseHead;
import dev.perigee.edge.respond.RangePolicy;
import dev.perigee.edge.respond.RangePolicy.Ranged;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Range requests (RFC 9110, section 14), answered from a whole response of 1000 bytes. */
class Rfc9110Section14Test {
  private static final String STORED =
      "ETag: \"1\"|Last-Modified: Mon, 05 Jan 2026 10:00:00 GMT|Date: Mon, 05 Jan 2026 12:00:00"
          + " GMT";

  private static RequestHead get(String fields) {
    return Cases.request("GET", fields);
  }

  private static String ranged(String fields, String stored, long length) {
    ResponseHead head = new ResponseHead(200, Cases.fields(stored));
    return text(RangePolicy.decide(get(fields), head, length));
  }

  private static String text(Ranged ranged) {
    return switch (ranged) {
      case Ranged.Whole whole -> "whole";
      case Ranged.Part(long first, long last) -> first + "-" + last;
      case Ranged.Parts(List<Ranged.Part> parts) ->
          String.join(" ", parts.stream().map(p -> p.first() + "-" + p.last()).toList());
      case Ranged.Unsatisfiable none -> "none";
    };
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = ';',
      value = {
        "14.1.2 first and last; Range: bytes=0-499; 0-499",
        "14.1.2 past the end; Range: bytes=500-2000; 500-999",
        "14.1.2 from a place on; Range: bytes=900-; 900-999",
        "14.1.2 the last bytes; Range: bytes=-1; 999-999",
        "14.1.2 more last bytes than there are; Range: bytes=-2000; 0-999",
        "14.1.1 the unit has no case; Range: Bytes=0-0; 0-0",
        "14.2 another unit; Range: lines=0-1; whole",
        "14.1.1 backwards is no range; Range: bytes=5-4; whole",
        "14.1.1 nothing is no range; Range: bytes=-; whole",
        "14.1.1 words are no range; Range: bytes=a-b; whole",
        "14.1.1 an empty list; Range: bytes=; whole",
        "14.1.1 space around members; Range: bytes= 0-1 ,  500-501; 0-1 500-501",
        "14.1.1 empty members; Range: bytes=,0-1,,; 0-1",
        "14.1.1 one broken member; Range: bytes=0-1,x; whole",
        "14.1.2 beyond the end; Range: bytes=1000-; none",
        "14.1.2 no last bytes; Range: bytes=-0; none",
        "14.1.2 one of two is beyond; Range: bytes=2000-,0-1; 0-1",
        "15.3.7.2 in the order asked for; Range: bytes=500-501,0-1; 500-501 0-1",
        "15.3.7.2 overlapping ones are one; Range: bytes=0-300,200-400; 0-400",
        "15.3.7.2 nearly touching ones are one; Range: bytes=0-99,150-199,900-999; 0-199 900-999",
        "14.2 too many; Range: bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,"
            + "22-22,24-24,26-26,28-28,30-30,32-32; whole",
        "14.1.1 numbers beyond all files; Range: bytes=0-9999999999999999999; whole",
        "14.2 several lines are one list; Range: bytes=0-1|Range: 500-501; 0-1 500-501",
        "13.1.5 the same strong tag; Range: bytes=0-1|If-Range: \"1\"; 0-1",
        "13.1.5 another tag; Range: bytes=0-1|If-Range: \"2\"; whole",
        "13.1.5 a weak tag; Range: bytes=0-1|If-Range: W/\"1\"; whole",
        "13.1.5 the same date; Range: bytes=0-1|If-Range: Mon, 05 Jan 2026 10:00:00 GMT; 0-1",
        "13.1.5 another date; Range: bytes=0-1|If-Range: Mon, 05 Jan 2026 10:00:01 GMT; whole",
      })
  void aRangeIsWhatItsSectionSays(String sentence, String fields, String expected) {
    assertEquals(expected, ranged(fields, STORED, 1000), sentence);
  }

  @Test
  void aDateOfTheSameSecondIsNoStrongValidator() {
    String fields = "Range: bytes=0-1|If-Range: Mon, 05 Jan 2026 10:00:00 GMT";
    String same =
        "Last-Modified: Mon, 05 Jan 2026 10:00:00 GMT|Date: Mon, 05 Jan 2026 10:00:00 GMT";
    assertEquals("whole", ranged(fields, same, 1000));
    assertEquals("whole", ranged(fields, "Last-Modified: Mon, 05 Jan 2026 10:00:00 GMT", 1000));
  }

  @Test
  void onlyGetOfA200HasRanges() {
    ResponseHead missing = new ResponseHead(404, Cases.fields(STORED));
    assertEquals("whole", text(RangePolicy.decide(get("Range: bytes=0-1"), missing, 1000)));
    assertEquals("none", ranged("Range: bytes=0-1", STORED, 0));
  }

  /** Any list over any length: every byte asked for is sent, and few that were not. */
  @Test
  void noByteAskedForIsMissing() {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("Rfc9110Section14Test seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 20_000; round++) {
      int length = random.nextInt(2000);
      BitSet wanted = new BitSet();
      List<String> specs = new ArrayList<>();
      for (int i = 1 + random.nextInt(6); i > 0; i--) {
        specs.add(spec(random, length, wanted));
      }
      String when = "bytes=" + String.join(",", specs) + " of " + length + ", seed " + seed;
      ResponseHead head = new ResponseHead(200, Cases.fields(STORED));
      String field = "Range: bytes=" + String.join(",", specs);
      Ranged ranged = RangePolicy.decide(get(field), head, length);
      List<Ranged.Part> parts =
          switch (ranged) {
            case Ranged.Whole whole -> throw new AssertionError(when);
            case Ranged.Part part -> List.of(part);
            case Ranged.Parts(List<Ranged.Part> several) -> several;
            case Ranged.Unsatisfiable none -> List.of();
          };
      BitSet sent = new BitSet();
      for (Ranged.Part part : parts) {
        assertTrue(0 <= part.first() && part.first() <= part.last(), when);
        assertTrue(part.last() < length, when);
        BitSet own = new BitSet();
        own.set((int) part.first(), (int) part.last() + 1);
        assertTrue(!own.intersects(sent), () -> "twice: " + when);
        sent.or(own);
      }
      BitSet missing = (BitSet) wanted.clone();
      missing.andNot(sent);
      assertTrue(missing.isEmpty(), () -> "missing: " + when);
      int extra = sent.cardinality() - wanted.cardinality();
      assertTrue(extra <= 80 * specs.size(), () -> extra + " more than asked for: " + when);
    }
  }

  private static String spec(Random random, int length, BitSet wanted) {
    int first = random.nextInt(2200);
    int last = first + random.nextInt(300);
    return switch (random.nextInt(3)) {
      case 0 -> {
        int count = random.nextInt(300);
        wanted.set(Math.max(0, length - count), length);
        yield "-" + count;
      }
      case 1 -> {
        wanted.set(Math.min(first, length), length);
        yield first + "-";
      }
      default -> {
        wanted.set(Math.min(first, length), Math.min(last + 1, length));
        yield first + "-" + last;
      }
    };
  }
}

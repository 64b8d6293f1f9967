package dev.perigee.edge.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.cache.ContentRange;
import dev.perigee.edge.respond.Segment;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a part of a body brings of the pieces that are wanted. */
class PiecesTest {
  private static Segment.Bytes piece(long first, long end) {
    return new Segment.Bytes(first, end);
  }

  private static List<Segment.Bytes> within(Pieces pieces, long first, long last) {
    return pieces.within(new ContentRange(first, last, 1000), pieces.position());
  }

  @Test
  void aPartBringsPiecesAsLongAsTheyGoForward() {
    Pieces pieces = new Pieces(List.of(piece(10, 20), piece(50, 60), piece(30, 40)));
    assertEquals(List.of(piece(10, 20), piece(50, 60)), within(pieces, 0, 99));
    assertEquals(List.of(piece(5, 15), piece(45, 50)), within(pieces, 5, 54), "places in the part");
    assertEquals(List.of(), within(pieces, 11, 99), "the first byte is not in it");
    assertEquals(List.of(piece(0, 6)), within(pieces, 10, 15), "the beginning is");
  }

  @Test
  void whatIsSentIsSent() {
    Pieces pieces = new Pieces(List.of(piece(10, 20), piece(5, 9)));
    assertFalse(pieces.sent(4));
    assertEquals(14, pieces.position());
    assertEquals(List.of(piece(14, 20)), within(pieces, 0, 99));
    assertTrue(pieces.sent(6), "all of the first");
    assertEquals(5, pieces.position());
    assertEquals(9, pieces.end());
    assertTrue(pieces.sent(4));
    assertEquals(List.of(), within(pieces, 0, 99), "nothing is left");
  }
}

package dev.perigee.edge.pipeline;

import dev.perigee.edge.cache.ContentRange;
import dev.perigee.edge.respond.Segment;
import java.util.ArrayList;
import java.util.List;

/** The pieces of a body that an answer is made of, and how far they have been sent. */
final class Pieces {
  private final List<Segment.Bytes> pieces;
  private int current;
  private long position;

  Pieces(List<Segment> segments) {
    pieces =
        segments.stream()
            .filter(Segment.Bytes.class::isInstance)
            .map(Segment.Bytes.class::cast)
            .toList();
    position = pieces.isEmpty() ? 0 : pieces.getFirst().first();
  }

  /** The place in the body of the next byte that is to be sent. */
  long position() {
    return position;
  }

  /** Where the piece that is being sent ends. */
  long end() {
    return current < pieces.size() ? pieces.get(current).end() : position;
  }

  /** So many bytes of the piece are sent; whether that was all of it: then the next is to come. */
  boolean sent(int bytes) {
    position += bytes;
    if (position < end()) {
      return false;
    }
    current++;
    position = current < pieces.size() ? pieces.get(current).first() : position;
    return true;
  }

  /**
   * What a part of the body brings of the pieces, from {@code from} on, for as long as it goes
   * forward: places in the part, not in the whole.
   */
  List<Segment.Bytes> within(ContentRange part, long from) {
    List<Segment.Bytes> wanted = new ArrayList<>();
    long at = from;
    for (int i = current; i < pieces.size(); i++) {
      long first = i == current ? at : pieces.get(i).first();
      long until = Math.min(pieces.get(i).end(), part.last() + 1);
      if (first < at || first < part.first() || first >= until) {
        break;
      }
      wanted.add(new Segment.Bytes(first - part.first(), until - part.first()));
      at = until;
      if (until < pieces.get(i).end()) {
        break;
      }
    }
    return wanted;
  }
}

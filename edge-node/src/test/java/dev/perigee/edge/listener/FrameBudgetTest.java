package dev.perigee.edge.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class FrameBudgetTest {
  private static final int HEAD = 32 * 1024;
  private static final long WINDOW = DoorLimits.FRAME_WINDOW.toNanos();

  private final FrameBudget budget = new FrameBudget(DoorLimits.DEFAULT, HEAD, 0);

  private Optional<DoorReason> last(int count, int type, int flags, int length) {
    Optional<DoorReason> reason = Optional.empty();
    for (int i = 0; i < count && reason.isEmpty(); i++) {
      reason = budget.received(type, flags, length, 1);
    }
    return reason;
  }

  @Test
  void resetsUpToTheLimitAreNoFlood() {
    assertEquals(Optional.empty(), last(200, FrameBudget.RST_STREAM, 0, 4));
    assertEquals(
        Optional.of(DoorReason.HTTP2_RESETS), budget.received(FrameBudget.RST_STREAM, 0, 4, 2));
  }

  @Test
  void eachWindowCountsAnew() {
    assertEquals(Optional.empty(), last(200, FrameBudget.RST_STREAM, 0, 4));
    assertEquals(Optional.empty(), budget.received(FrameBudget.RST_STREAM, 0, 4, WINDOW + 1));
  }

  @Test
  void resetsThatTheClientProvokesCountAlike() {
    for (int i = 0; i < 200; i++) {
      assertEquals(Optional.empty(), budget.sent(FrameBudget.RST_STREAM, 1));
    }
    assertEquals(Optional.of(DoorReason.HTTP2_MADE_RESETS), budget.sent(FrameBudget.RST_STREAM, 1));
  }

  @Test
  void answersToPingAndSettingsAreFree() {
    assertEquals(Optional.empty(), last(100_000, FrameBudget.PING, 1, 8));
    assertEquals(Optional.empty(), last(100_000, FrameBudget.SETTINGS, 1, 0));
  }

  @Test
  void dataAndHeadsAreFree() {
    assertEquals(Optional.empty(), last(100_000, FrameBudget.DATA, 0, 1));
    assertEquals(Optional.empty(), last(100_000, FrameBudget.DATA, 1, 0));
    assertEquals(Optional.empty(), last(100_000, FrameBudget.HEADERS, 5, 100));
  }

  @Test
  void windowUpdatesGoWithTheDataThatWent() {
    for (int i = 0; i < 10_000; i++) {
      assertEquals(Optional.empty(), budget.sent(FrameBudget.DATA, 1));
      assertEquals(Optional.empty(), last(8, FrameBudget.WINDOW_UPDATE, 0, 4));
    }
    assertEquals(
        Optional.of(DoorReason.HTTP2_WINDOW_UPDATES), last(2_000, FrameBudget.WINDOW_UPDATE, 0, 4));
  }

  @Test
  void aHeadHasItsFramesAndItsOctets() {
    assertEquals(Optional.empty(), budget.received(FrameBudget.HEADERS, 0, 10, 1));
    assertEquals(Optional.empty(), last(16, FrameBudget.CONTINUATION, 0, 0));
    assertEquals(
        Optional.of(DoorReason.HTTP2_CONTINUATIONS),
        budget.received(FrameBudget.CONTINUATION, 0, 0, 1));
    assertEquals(Optional.empty(), budget.received(FrameBudget.HEADERS, 0, 16_384, 1));
    assertEquals(
        Optional.of(DoorReason.HTTP2_CONTINUATIONS),
        budget.received(FrameBudget.CONTINUATION, 4, 16_385, 1));
  }

  /** In whatever parts they come. */
  @Test
  void framesAreFoundInOctets() {
    ByteBuffer octets = ByteBuffer.allocate(24 + 9 + 5 + 9);
    octets.put(new byte[24]).putInt((5 << 8) | 1).put((byte) 4).putInt(7).put(new byte[5]);
    octets.putInt(6).put((byte) 1).putInt(0).flip();
    for (int piece = 1; piece <= octets.limit(); piece++) {
      FrameScan scan = new FrameScan(24);
      List<String> seen = new ArrayList<>();
      for (int from = 0; from < octets.limit(); from += piece) {
        scan.scan(
            octets,
            from,
            Math.min(octets.limit(), from + piece),
            (type, flags, stream, length) ->
                seen.add(type + " " + flags + " " + stream + " " + length));
        boolean isOver = from + piece >= octets.limit();
        assertTrue(isOver || from + piece <= 24 || scan.isBetweenFrames() == (from + piece == 38));
      }
      assertEquals(List.of("1 4 7 5", "6 1 0 0"), seen);
      assertTrue(scan.isBetweenFrames());
    }
    assertFalse(new FrameScan(24).isBetweenFrames());
  }
}

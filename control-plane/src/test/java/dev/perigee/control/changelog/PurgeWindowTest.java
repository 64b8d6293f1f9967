package dev.perigee.control.changelog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.Limits;
import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeFrames;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.control.store.PurgeStore.EncodedPurge;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The window gives every purge that it has in order, in messages that edges take. */
final class PurgeWindowTest {
  private static Purge purge(long number, int length) {
    PurgeScope scope = new PurgeScope.Url("shop.example", "/" + "x".repeat(length));
    return new Purge(number, Optional.of("shop"), scope, false);
  }

  private static EncodedPurge encoded(Purge purge) {
    return new EncodedPurge(purge.number(), Bytes.copyOf(SyncCodec.toBytes(purge)));
  }

  private static List<EncodedPurge> purges(long after, int count) {
    List<EncodedPurge> purges = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      purges.add(encoded(purge(after + i, 10)));
    }
    return purges;
  }

  /** What an edge reads. */
  private static List<Purge> read(PurgeWindow.Run run) throws Exception {
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    message.writeBytes(PurgeFrames.head(run.bytes()));
    for (PurgeWindow.Piece piece : run.pieces()) {
      piece.writeTo(message);
    }
    assertTrue(message.size() <= Limits.MESSAGE_BYTES, "a message of " + message.size());
    FromControl read = SyncCodec.decode(ControlMessage.parseFrom(message.toByteArray()));
    return ((FromControl.Purges) read).purges();
  }

  @Test
  void fromWhereverAStreamIsItGetsEveryPurgeOnceInOrderInMessagesThatFit() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    long first = random.nextLong(1_000_000);
    PurgeWindow window = new PurgeWindow(first, Long.MAX_VALUE);
    List<Purge> all = new ArrayList<>();
    while (all.size() < 1_500) {
      List<EncodedPurge> next = new ArrayList<>();
      int count = 1 + random.nextInt(100);
      int longest = random.nextBoolean() ? 20 : Limits.TARGET_LENGTH;
      for (int i = 0; i < count; i++) {
        Purge purge = purge(first + all.size() + 1, random.nextInt(longest));
        all.add(purge);
        next.add(encoded(purge));
      }
      window.add(next);
    }
    for (int round = 0; round < 20; round++) {
      int start = random.nextInt(all.size());
      List<Purge> got = new ArrayList<>();
      long at = first + start;
      while (at < window.newest()) {
        PurgeWindow.Run run = window.after(at).orElseThrow();
        got.addAll(read(run));
        assertEquals(run.through(), got.getLast().number());
        at = run.through();
      }
      assertEquals(all.subList(start, all.size()), got, "from " + start);
    }
    assertEquals(Optional.empty(), window.after(window.newest()));
    assertEquals(Optional.empty(), window.after(first - 1));
  }

  @Test
  void smallPurgesOfManyReadsShareOneMessage() throws Exception {
    PurgeWindow window = new PurgeWindow(0, Long.MAX_VALUE);
    for (int i = 0; i < 100; i++) {
      window.add(purges(i * 5L, 5));
    }
    assertEquals(500, window.after(0).orElseThrow().through());
    assertEquals(498, read(window.after(2).orElseThrow()).size());
  }

  @Test
  void theOldestLeaveWhereMoreWouldBeKeptThanMayBe() {
    PurgeWindow window = new PurgeWindow(0, 10_000);
    for (int i = 0; i < 1_000; i++) {
      window.add(purges(i * 10L, 10));
      assertTrue(window.bytes() <= 10_000);
    }
    assertEquals(10_000, window.newest());
    assertEquals(Optional.empty(), window.after(0), "it is in the log alone");
    assertEquals(10_000, window.after(9_980).orElseThrow().through());
  }

  @Test
  void whatFollowsIsTakenOnlyWithoutAGap() {
    PurgeWindow window = new PurgeWindow(7, Long.MAX_VALUE);
    assertThrows(IllegalArgumentException.class, () -> window.add(purges(8, 1)));
    window.add(purges(7, 1));
    assertThrows(IllegalArgumentException.class, () -> window.add(purges(7, 1)));
    window.skip(20);
    assertEquals(Optional.empty(), window.after(8));
    window.add(purges(20, 2));
    assertEquals(22, window.after(20).orElseThrow().through());
  }

  @Test
  void purgesThatWereReadBesideTheWindowMakeAMessageToo() throws Exception {
    PurgeWindow.Run run = PurgeWindow.of(List.of(encoded(purge(1, Limits.TARGET_LENGTH))));
    assertEquals(1, run.through());
    assertEquals(1, read(run).size());
  }
}

package dev.perigee.edge.collapse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.collapse.Fill.Piece;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Readers of a body in flight, each at its own pace, in bounded memory. */
class FillTest {
  private static final int PART = 16 * 1024;

  private final WindowBudget budget = new WindowBudget(4L * 64 * 1024, 64 * 1024);
  private final AtomicInteger resumed = new AtomicInteger();
  private final SlowStore store = new SlowStore();

  private Fill unstored() {
    return new Fill(Optional.empty(), budget, resumed::incrementAndGet, () -> {});
  }

  private Fill stored() {
    return new Fill(Optional.of(store), budget, resumed::incrementAndGet, () -> {});
  }

  private static Fill.Reader join(Fill fill) {
    return fill.join(Runnable::run, () -> {}).orElseThrow();
  }

  private static ByteBuffer part(int number) {
    byte[] bytes = new byte[PART];
    java.util.Arrays.fill(bytes, (byte) number);
    return ByteBuffer.wrap(bytes);
  }

  private static int bytes(Piece piece) {
    return assertInstanceOf(Piece.Bytes.class, piece).bytes().remaining();
  }

  @Test
  void withoutAStoreTheSourceWaitsForTheSlowestReader() {
    Fill fill = unstored();
    Fill.Reader fast = join(fill);
    Fill.Reader slow = join(fill);
    int taken = 0;
    while (fill.offer(part(taken))) {
      taken++;
      bytes(fast.next());
    }
    assertEquals(64 * 1024, budget.held());
    assertInstanceOf(Piece.Bytes.class, fast.next());
    assertInstanceOf(Piece.Later.class, fast.next());
    assertEquals(0, resumed.get());
    bytes(slow.next());
    assertEquals(1, resumed.get());
  }

  /** The story: what the leader had read was gone before those came who had waited with it. */
  @Test
  void withoutAStoreTheBeginningStaysForWhoIsExpected() {
    Fill fill = unstored();
    Fill.Reader leader = join(fill);
    fill.expect(2);
    assertEquals(3, fill.readers());
    fill.offer(part(0));
    bytes(leader.next());
    Fill.Reader follower = join(fill);
    fill.arrived();
    assertEquals(PART, bytes(follower.next()));
    assertTrue(fill.isJoinable());
    fill.arrived();
    assertFalse(fill.isJoinable());
    assertTrue(fill.join(Runnable::run, () -> {}).isEmpty());
    assertEquals(0, budget.held());
  }

  @Test
  void aReaderGoesOnAtAnotherPlace() {
    Fill fill = stored();
    Fill.Reader reader = join(fill);
    reader.seek(2L * PART + 5);
    assertInstanceOf(Piece.Later.class, reader.next());
    for (int i = 0; i < 4; i++) {
      fill.offer(part(i));
      store.finishAll();
    }
    assertEquals(PART - 5, bytes(reader.next()), "from the middle of a part");
    reader.seek(7);
    assertEquals(7, assertInstanceOf(Piece.InStore.class, reader.next()).position(), "and back");
  }

  @Test
  void whatIsBehindTheEndOfAPieceStaysForTheNext() {
    Fill fill = unstored();
    Fill.Reader reader = join(fill);
    fill.offer(part(0));
    assertEquals(10, assertInstanceOf(Piece.Bytes.class, reader.next(10)).bytes().remaining());
    reader.seek(PART - 5);
    assertEquals(5, bytes(reader.next()));
    assertEquals(0, budget.held());
  }

  @Test
  void bytesThatArePassedOverWaitForNobody() {
    Fill fill = unstored();
    Fill.Reader reader = join(fill);
    reader.seek(100L * PART);
    for (int i = 0; i < 100; i++) {
      assertTrue(fill.offer(part(i)), "part " + i);
    }
    assertEquals(0, budget.held());
    fill.offer(part(100));
    assertEquals(PART, bytes(reader.next()));
  }

  @Test
  void withAStoreAReaderBehindTheWindowReadsThere() {
    Fill fill = stored();
    Fill.Reader fast = join(fill);
    Fill.Reader slow = join(fill);
    for (int i = 0; i < 20; i++) {
      assertTrue(fill.offer(part(i)) || i >= 3);
      store.finishAll();
      bytes(fast.next());
    }
    assertTrue(budget.held() <= 64 * 1024, budget.held() + " bytes");
    assertInstanceOf(Piece.InStore.class, slow.next());
    slow.advance(20L * PART);
    fill.finish();
    assertInstanceOf(Piece.End.class, slow.next());
    assertTrue(fill.isWhole(OptionalLong.empty()));
  }

  /** The story: many slow readers, each with a window of its own, filled the heap. */
  @Test
  void onceTheBudgetIsSpentEachFillHoldsNextToNothing() {
    List<Fill> fills = new ArrayList<>();
    List<Fill.Reader> readers = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Fill fill = unstored();
      fills.add(fill);
      readers.add(join(fill));
      for (int n = 0; n < 10 && fill.offer(part(n)); n++) {}
    }
    assertTrue(budget.held() <= 4 * 64 * 1024 + 96 * 2 * PART, budget.held() + " bytes");
    assertTrue(budget.isOverdrawn());
    for (int i = 0; i < 100; i++) {
      Fill.Reader reader = readers.get(i);
      while (reader.next() instanceof Piece.Bytes) {}
      fills.get(i).finish();
      assertInstanceOf(Piece.End.class, reader.next());
      reader.leave();
    }
    assertEquals(100, resumed.get());
    assertEquals(0, budget.held());
    assertFalse(budget.isOverdrawn());
  }

  @Test
  void whateverHappensAllMemoryIsGivenBack() {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("FillTest seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 2000; round++) {
      SlowStore slow = new SlowStore();
      Optional<ResponseWriter> writer = random.nextBoolean() ? Optional.of(slow) : Optional.empty();
      Fill fill = new Fill(writer, budget, () -> {}, () -> {});
      List<Fill.Reader> readers = new ArrayList<>();
      for (int step = random.nextInt(40); step > 0; step--) {
        switch (random.nextInt(6)) {
          case 0 -> fill.join(Runnable::run, () -> {}).ifPresent(readers::add);
          case 1 -> slow.finishOne(Optional.empty());
          case 2 -> slow.finishOne(Optional.of(StoreReason.FULL));
          case 3 -> readers.forEach(Fill.Reader::next);
          default -> fill.offer(part(step));
        }
      }
      if (random.nextBoolean()) {
        fill.finish();
      } else {
        fill.breakOff();
      }
      readers.forEach(Fill.Reader::leave);
      slow.finishAll();
      assertEquals(0, budget.held(), "seed " + seed + " round " + round);
    }
  }

  /** A store whose writes end when the test says so. */
  private static final class SlowStore implements ResponseWriter {
    private final Deque<Consumer<Optional<StoreReason>>> waiting = new ArrayDeque<>();
    private long readable;
    private Optional<StoreReason> refused = Optional.empty();

    @Override
    public void write(ByteBuffer bytes, Consumer<Optional<StoreReason>> told) {
      int count = bytes.remaining();
      waiting.add(
          reason -> {
            readable += count;
            told.accept(reason);
          });
    }

    void finishOne(Optional<StoreReason> reason) {
      refused = refused.isPresent() ? refused : reason;
      if (!waiting.isEmpty()) {
        waiting.removeFirst().accept(refused);
      }
    }

    void finishAll() {
      while (!waiting.isEmpty()) {
        finishOne(Optional.empty());
      }
    }

    @Override
    public Optional<StoredBody> body() {
      return refused.isPresent() ? Optional.empty() : Optional.of(new Body(readable));
    }

    @Override
    public Optional<StoreReason> refused() {
      return refused;
    }

    @Override
    public void complete(Consumer<Stored> done) {}

    @Override
    public void completePart(StoredMeta part, Consumer<Stored> done) {}

    @Override
    public void abort() {}
  }

  private record Body(long length) implements StoredBody {
    @Override
    public void read(long position, Reading reading) {
      reading.failed("not read in this test");
    }

    @Override
    public void close() {}
  }
}

package dev.perigee.edge.store;

import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Blocks of one body that somebody sends just now: a thousand readers who follow one fetch read
 * each block once between them and hold it once. What nobody sends any more is the collector's.
 */
final class SharedBlocks {
  private static final int PLACES = 64;

  private final AtomicReferenceArray<@Nullable WeakReference<Block>> places =
      new AtomicReferenceArray<>(PLACES);

  /** One block; whoever has its bytes has it. */
  @SuppressWarnings("ArrayRecordComponent") // never changed
  record Block(int number, byte[] bytes) {}

  /** The block with this number, read where nobody has it. */
  Block get(int number, IntFunction<byte[]> read) {
    int place = number % PLACES;
    WeakReference<Block> held = places.get(place);
    Block known = held == null ? null : held.get();
    if (known != null && known.number == number) {
      return known;
    }
    Block block = new Block(number, read.apply(number));
    if (block.bytes.length > 0) {
      places.set(place, new WeakReference<>(block));
    }
    return block;
  }
}

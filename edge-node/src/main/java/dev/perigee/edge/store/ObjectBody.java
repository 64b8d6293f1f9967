package dev.perigee.edge.store;

import dev.perigee.edge.cache.StoredBody;
import java.nio.ByteBuffer;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The pinned body of a whole object, block by block; a small one is kept in memory once read. */
final class ObjectBody implements StoredBody {
  private final Shard shard;
  private final StoredObject object;
  private final AtomicBoolean closed = new AtomicBoolean();

  ObjectBody(Shard shard, StoredObject object) {
    this.shard = shard;
    this.object = object;
  }

  @Override
  public long length() {
    return object.length();
  }

  @Override
  public void read(long position, Reading reading) {
    ByteBuffer body = object.body;
    if (body != null) {
      reading.ready(body.duplicate().position((int) position));
      return;
    }
    try {
      shard.context.threads().reads().execute(() -> readBlocks(position, reading));
    } catch (RejectedExecutionException e) {
      reading.failed("the store is closing");
    }
  }

  private void readBlocks(long position, Reading reading) {
    ByteBuffer bytes;
    try {
      bytes = object.length() <= MemoryTier.MAX_BODY ? whole(position) : block(position);
    } catch (RuntimeException | InternalError e) {
      shard.room.fault("a block cannot be read", e);
      bytes = null;
    }
    if (bytes == null || !bytes.hasRemaining()) {
      shard.context.counters().broken.increment();
      shard.remove(object);
      reading.failed("a block is not what it should be");
    } else {
      reading.ready(bytes.asReadOnlyBuffer());
    }
  }

  private @Nullable ByteBuffer whole(long position) {
    ByteBuffer all = ByteBuffer.allocate((int) object.length());
    if (!shard.disk.read(object.record, all)) {
      return null;
    }
    shard.context.memory().keepBody(object, all.duplicate());
    return all.position((int) position);
  }

  /** The block at this place of the body, from there on. */
  private @Nullable ByteBuffer block(long position) {
    ObjectRecord record = object.record;
    Blocks file = shard.disk.blocks;
    long inLarge = (long) record.large().length * StoreConfig.LARGE;
    boolean large = position < inLarge;
    int size = large ? StoreConfig.LARGE : StoreConfig.SMALL;
    int[] blocks = large ? record.large() : record.small();
    long within = large ? position : position - inLarge;
    int number = (int) (within / size);
    if (number >= blocks.length) {
      return null;
    }
    ByteBuffer bytes = ByteBuffer.allocate(size);
    int index = ObjectWriter.SMALL_INDEX + number;
    boolean whole =
        large
            ? file.readLarge(blocks[number], record.id(), number, bytes)
            : file.readSmall(blocks[number], 1, record.id(), index, bytes);
    int skip = (int) (within % size);
    return !whole || skip > bytes.position() ? null : bytes.flip().position(skip).slice();
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      shard.room.unpin(object);
    }
  }
}

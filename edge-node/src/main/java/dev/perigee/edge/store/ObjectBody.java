package dev.perigee.edge.store;

import dev.perigee.edge.cache.StoredBody;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The pinned body of a whole object: from memory at once, else block by block. */
final class ObjectBody implements StoredBody {
  private final ChronicleResponseStore store;
  private final StoredObject object;
  private final AtomicBoolean closed = new AtomicBoolean();

  ObjectBody(ChronicleResponseStore store, StoredObject object) {
    this.store = store;
    this.object = object;
  }

  @Override
  public long length() {
    return object.length;
  }

  @Override
  public void read(long position, Reading reading) {
    Optional<ByteBuffer> whole = store.memory.find(object.id);
    if (whole.isPresent()) {
      reading.ready(whole.get().position((int) position));
      return;
    }
    try {
      store.threads.reads().execute(() -> readBlocks(position, reading));
    } catch (RejectedExecutionException e) {
      reading.failed("the store is closing");
    }
  }

  private void readBlocks(long position, Reading reading) {
    ByteBuffer bytes;
    try {
      bytes = object.length <= BodyMemory.MAX_BODY ? whole(position) : block(position);
    } catch (RuntimeException e) {
      bytes = null;
    }
    if (bytes == null || !bytes.hasRemaining()) {
      store.forget(object);
      reading.failed("a block is not what it should be");
    } else {
      reading.ready(bytes.asReadOnlyBuffer());
    }
  }

  /** A small body is read whole and kept in memory. */
  private @Nullable ByteBuffer whole(long position) {
    ByteBuffer all = ByteBuffer.allocate((int) object.length);
    while (all.hasRemaining()) {
      ByteBuffer part = block(all.position());
      if (part == null || !part.hasRemaining() || part.remaining() > all.remaining()) {
        return null;
      }
      all.put(part);
    }
    all.flip();
    store.memory.keep(object.id, all.duplicate());
    return all.position((int) position);
  }

  private @Nullable ByteBuffer block(long position) {
    long inLarge = (long) object.large.length * StoreConfig.LARGE;
    boolean large = position < inLarge;
    int size = large ? StoreConfig.LARGE : StoreConfig.SMALL;
    int[] blocks = large ? object.large : object.small;
    BlockFile file = large ? store.disk.large : store.disk.small;
    long within = large ? position : position - inLarge;
    int number = (int) (within / size);
    int index = large ? number : ObjectWriter.SMALL_INDEX + number;
    byte[] bytes = number < blocks.length ? file.read(blocks[number], object.id, index) : null;
    int skip = (int) (within % size);
    return bytes == null || skip > bytes.length
        ? null
        : ByteBuffer.wrap(bytes, skip, bytes.length - skip).slice();
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      store.unpin(object);
    }
  }
}

package dev.perigee.edge.store;

import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One response on its way into blocks. The work is done on one store thread, in order; what others
 * see (the blocks so far, the tail, the refusal) is guarded by this object.
 */
final class ObjectWriter implements ResponseWriter {
  /** Index of the first small block of an object. */
  static final int SMALL_INDEX = 1 << 29;

  private static final int MAX_SMALL = 4;

  private final ChronicleResponseStore store;
  private final long id;
  private final StoredMeta meta;
  private final Executor thread;
  private final byte[] tail = new byte[StoreConfig.LARGE];
  private final List<Integer> large = new ArrayList<>();
  private int tailLength;
  private long written;
  private int readers;
  private boolean over;
  private boolean freed;
  private Optional<StoreReason> refused;
  private @Nullable StoredObject owner;

  ObjectWriter(
      ChronicleResponseStore store,
      long id,
      StoredMeta meta,
      Executor thread,
      Optional<StoreReason> refused) {
    this.store = store;
    this.id = id;
    this.meta = meta;
    this.thread = thread;
    this.refused = refused;
  }

  @Override
  public void write(ByteBuffer bytes, Consumer<Optional<StoreReason>> readable) {
    int count = bytes.remaining();
    store.queued.addAndGet(count);
    boolean taken =
        run(
            () -> {
              append(bytes);
              store.queued.addAndGet(-count);
              readable.accept(refused());
            });
    if (!taken) {
      store.queued.addAndGet(-count);
      refuse(StoreReason.BROKEN);
      readable.accept(refused());
    }
  }

  private boolean run(Runnable work) {
    try {
      thread.execute(work);
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  private void append(ByteBuffer bytes) {
    while (bytes.hasRemaining() && refused().isEmpty()) {
      if (written + bytes.remaining() > store.config.maxObjectBytes()) {
        refuse(StoreReason.TOO_LARGE);
        return;
      }
      synchronized (this) {
        int count = Math.min(bytes.remaining(), tail.length - tailLength);
        bytes.get(tail, tailLength, count);
        tailLength += count;
        written += count;
      }
      if (tailLength == tail.length) {
        flushLarge();
      }
    }
  }

  /** A full block, or a long tail, goes into a large block. */
  private void flushLarge() {
    Optional<Integer> block = store.takeBlock(store.disk.large);
    if (block.isEmpty()) {
      refuse(StoreReason.FULL);
      return;
    }
    try {
      store.disk.large.write(block.get(), id, large.size(), tail, tailLength);
    } catch (RuntimeException e) {
      store.giveBlocks(store.disk.large, List.of(block.get()));
      refuse(StoreReason.BROKEN);
      return;
    }
    synchronized (this) {
      large.add(block.get());
      tailLength = 0;
    }
  }

  private Optional<int[]> flushSmall() {
    int count = (tailLength + StoreConfig.SMALL - 1) / StoreConfig.SMALL;
    int[] small = new int[count];
    for (int i = 0; i < count; i++) {
      Optional<Integer> block = store.takeBlock(store.disk.small);
      if (block.isEmpty()) {
        giveSmall(small, i);
        refuse(StoreReason.FULL);
        return Optional.empty();
      }
      small[i] = block.get();
      int from = i * StoreConfig.SMALL;
      int length = Math.min(StoreConfig.SMALL, tailLength - from);
      byte[] part = Arrays.copyOfRange(tail, from, from + length);
      try {
        store.disk.small.write(small[i], id, SMALL_INDEX + i, part, length);
      } catch (RuntimeException e) {
        giveSmall(small, i + 1);
        refuse(StoreReason.BROKEN);
        return Optional.empty();
      }
    }
    return Optional.of(small);
  }

  private void giveSmall(int[] small, int count) {
    store.giveBlocks(store.disk.small, Arrays.stream(small).limit(count).boxed().toList());
  }

  @Override
  public void complete(Consumer<Stored> done) {
    if (!run(() -> done.accept(finish()))) {
      done.accept(new Stored.Refused(StoreReason.BROKEN));
    }
  }

  private Stored finish() {
    Optional<StoreReason> before = refused();
    if (before.isPresent()) {
      return new Stored.Refused(before.get());
    }
    byte[] whole = Arrays.copyOf(tail, tailLength);
    boolean onlyTail = large.isEmpty();
    if (tailLength > MAX_SMALL * StoreConfig.SMALL) {
      flushLarge();
    }
    Optional<int[]> small = refused().isPresent() ? Optional.empty() : flushSmall();
    if (small.isEmpty()) {
      return new Stored.Refused(refused().orElse(StoreReason.BROKEN));
    }
    int[] blocks = large.stream().mapToInt(Integer::intValue).toArray();
    StoredObject object = new StoredObject(id, meta, written, blocks, small.get());
    object.pins = 1;
    Stored stored = store.publish(object);
    if (stored instanceof Stored.Refused(StoreReason reason)) {
      giveSmall(small.get(), small.get().length);
      refuse(reason);
      return stored;
    }
    if (onlyTail) {
      store.memory.keep(id, ByteBuffer.wrap(whole));
    }
    store.writeRecord(object);
    handOver(object);
    return stored;
  }

  /** The blocks belong to the object now; readers of the writer keep it pinned until they end. */
  private void handOver(StoredObject object) {
    boolean last;
    synchronized (this) {
      over = true;
      freed = true;
      owner = object;
      last = readers == 0;
    }
    if (last) {
      store.unpin(object);
    }
  }

  @Override
  public void abort() {
    boolean queued = run(() -> refuse(StoreReason.GONE));
    if (!queued) {
      refuse(StoreReason.GONE);
    }
  }

  @Override
  public synchronized Optional<StoreReason> refused() {
    return refused;
  }

  private void refuse(StoreReason reason) {
    synchronized (this) {
      if (refused.isPresent() || over) {
        return;
      }
      refused = Optional.of(reason);
    }
    if (reason != StoreReason.GONE) {
      store.count(reason);
    }
    freeIfUnread();
  }

  private void freeIfUnread() {
    List<Integer> blocks;
    synchronized (this) {
      if (freed || readers > 0 || refused.isEmpty()) {
        return;
      }
      freed = true;
      blocks = List.copyOf(large);
    }
    store.giveBlocks(store.disk.large, blocks);
  }

  @Override
  public Optional<StoredBody> body() {
    StoredObject whole;
    synchronized (this) {
      if (refused.isPresent()) {
        return Optional.empty();
      }
      whole = owner;
      if (whole == null) {
        readers++;
        return Optional.of(new PartBody(written));
      }
    }
    return store.pin(whole) ? Optional.of(new ObjectBody(store, whole)) : Optional.empty();
  }

  private void readerLeft() {
    StoredObject whole;
    synchronized (this) {
      readers--;
      whole = readers == 0 ? owner : null;
    }
    if (whole != null) {
      store.unpin(whole);
    } else {
      freeIfUnread();
    }
  }

  /** What was written when it was asked for. */
  private final class PartBody implements StoredBody {
    private final long length;
    private final AtomicBoolean closed = new AtomicBoolean();

    PartBody(long length) {
      this.length = length;
    }

    @Override
    public long length() {
      return length;
    }

    @Override
    public void read(long position, Reading reading) {
      try {
        store.threads.reads().execute(() -> readNow(position, reading));
      } catch (RejectedExecutionException e) {
        reading.failed("the store is closing");
      }
    }

    private void readNow(long position, Reading reading) {
      int number = (int) (position / StoreConfig.LARGE);
      int skip = (int) (position % StoreConfig.LARGE);
      byte[] bytes;
      int block;
      synchronized (ObjectWriter.this) {
        block = number < large.size() ? large.get(number) : -1;
        bytes = block < 0 ? Arrays.copyOf(tail, tailLength) : new byte[0];
      }
      if (block >= 0) {
        bytes = stored(block, number);
      }
      if (bytes.length <= skip) {
        reading.failed("a block is not what it should be");
      } else {
        int count = (int) Math.min(bytes.length - skip, length - position);
        reading.ready(ByteBuffer.wrap(bytes, skip, count).slice().asReadOnlyBuffer());
      }
    }

    /** The block's bytes; none where it cannot be read. */
    private byte[] stored(int block, int number) {
      try {
        byte[] stored = store.disk.large.read(block, id, number);
        return stored == null ? new byte[0] : stored;
      } catch (RuntimeException e) {
        return new byte[0];
      }
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        readerLeft();
      }
    }
  }
}

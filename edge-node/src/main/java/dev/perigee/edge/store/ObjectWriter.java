package dev.perigee.edge.store;

import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
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

  /** Past so many a tail takes a large block, of which then a quarter lies unused at most. */
  private static final int MAX_SMALL = 12;

  /** Room for a tail whose length nobody announced. */
  private static final int FIRST_TAIL = 4 * 1024;

  private final Shard shard;
  private final StoreContext context;
  private final long id;
  private final StoredMeta meta;
  private final List<Integer> large = new ArrayList<>();
  private final Blocks file;
  private final SharedBlocks shared = new SharedBlocks();
  private byte[] tail;
  private int tailLength;
  private long written;
  private int readers;
  private boolean over;
  private boolean freed;
  private Optional<StoreReason> refused = Optional.empty();
  private @Nullable StoredObject owner;

  /**
   * @param announced bytes that will come, where that is known
   */
  ObjectWriter(Shard shard, long id, StoredMeta meta, OptionalLong announced) {
    this.shard = shard;
    this.context = shard.context;
    this.file = shard.disk.blocks;
    this.id = id;
    this.meta = meta;
    this.tail = new byte[(int) Math.min(announced.orElse(FIRST_TAIL), StoreConfig.LARGE)];
  }

  /** Small blocks that a body takes, a large one counted as {@link Chunks#PARTS}. */
  static int units(long length) {
    int tail = (int) (length % StoreConfig.LARGE);
    int small = (tail + StoreConfig.SMALL - 1) / StoreConfig.SMALL;
    int whole = (int) (length / StoreConfig.LARGE) * Chunks.PARTS;
    return Math.max(1, whole + (small > MAX_SMALL ? Chunks.PARTS : small));
  }

  @Override
  public void write(ByteBuffer bytes, Consumer<Optional<StoreReason>> readable) {
    int count = bytes.remaining();
    context.counters().queuedBytes.addAndGet(count);
    boolean taken =
        run(
            () -> {
              append(bytes);
              context.counters().queuedBytes.addAndGet(-count);
              readable.accept(refused());
            });
    if (!taken) {
      context.counters().queuedBytes.addAndGet(-count);
      refuse(StoreReason.BROKEN);
      readable.accept(refused());
    }
  }

  private boolean run(Runnable work) {
    try {
      shard.writes().execute(work);
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  private void append(ByteBuffer bytes) {
    while (bytes.hasRemaining() && refused().isEmpty()) {
      if (written + bytes.remaining() > context.config().maxObjectBytes()) {
        refuse(StoreReason.TOO_LARGE);
        return;
      }
      synchronized (this) {
        int count = Math.min(bytes.remaining(), StoreConfig.LARGE - tailLength);
        growTail(tailLength + count);
        bytes.get(tail, tailLength, count);
        tailLength += count;
        written += count;
      }
      if (tailLength == StoreConfig.LARGE) {
        flushLarge();
      }
    }
  }

  /** As large as is needed: most bodies are far smaller than a block. */
  private void growTail(int needed) {
    if (needed > tail.length) {
      tail = Arrays.copyOf(tail, Math.min(StoreConfig.LARGE, Math.max(needed, 2 * tail.length)));
    }
  }

  /** A full block, or a long tail, goes into a large block. */
  private void flushLarge() {
    int block = shard.room.takeLarge();
    if (block < 0) {
      refuse(StoreReason.FULL);
      return;
    }
    if (!write(() -> file.writeLarge(block, id, large.size(), tail, tailLength))) {
      shard.room.giveLarge(new int[] {block}, 1);
      refuse(StoreReason.BROKEN);
      return;
    }
    synchronized (this) {
      large.add(block);
      tailLength = 0;
    }
  }

  private boolean write(Runnable writing) {
    try {
      writing.run();
      return true;
    } catch (RuntimeException | InternalError e) {
      shard.room.fault("a block is not written", e);
      return false;
    }
  }

  /** A short tail goes into small blocks; empty when there are not enough, or on refusal. */
  private Optional<int[]> flushSmall() {
    int count = (tailLength + StoreConfig.SMALL - 1) / StoreConfig.SMALL;
    int[] small = new int[count];
    for (int i = 0; i < count; i++) {
      small[i] = shard.room.takeSmall();
      if (small[i] < 0) {
        shard.room.giveSmall(small, i);
        return Optional.empty();
      }
      int from = i * StoreConfig.SMALL;
      int length = Math.min(StoreConfig.SMALL, tailLength - from);
      byte[] part = Arrays.copyOfRange(tail, from, from + length);
      int number = i;
      if (!write(() -> file.writeSmall(small[number], id, SMALL_INDEX + number, part, length))) {
        shard.room.giveSmall(small, i + 1);
        refuse(StoreReason.BROKEN);
        return Optional.empty();
      }
    }
    return Optional.of(small);
  }

  @Override
  public void complete(Consumer<Stored> done) {
    completePart(meta, done);
  }

  @Override
  public void completePart(StoredMeta part, Consumer<Stored> done) {
    if (!run(() -> done.accept(finish(part)))) {
      done.accept(new Stored.Refused(StoreReason.BROKEN));
    }
  }

  private Stored finish(StoredMeta as) {
    Optional<ByteBuffer> whole =
        large.isEmpty() ? Optional.of(ByteBuffer.wrap(wholeTail())) : Optional.empty();
    int[] small = {};
    if (refused().isEmpty()) {
      small = flushTail();
    }
    Optional<StoreReason> before = refused();
    if (before.isPresent()) {
      return new Stored.Refused(before.get());
    }
    int[] blocks = large.stream().mapToInt(Integer::intValue).toArray();
    ObjectRecord object = new ObjectRecord(id, as, written, blocks, small);
    Stored stored = shard.publish(object, whole);
    switch (stored) {
      case Stored.Kept(StoredResponse kept) -> handOver((StoredObject) kept);
      case Stored.Refused(StoreReason reason) -> {
        shard.room.giveSmall(small, small.length);
        refuse(reason);
      }
    }
    return stored;
  }

  /** All of a body that has no large block; nothing is added to it any more. */
  private byte[] wholeTail() {
    return tail.length == tailLength ? tail : Arrays.copyOf(tail, tailLength);
  }

  /** What is left goes into small blocks; into a large one where it is long or they are taken. */
  private int[] flushTail() {
    boolean isShort = tailLength <= MAX_SMALL * StoreConfig.SMALL;
    Optional<int[]> small = isShort ? flushSmall() : Optional.empty();
    if (small.isEmpty() && refused().isEmpty()) {
      flushLarge();
    }
    return small.orElse(new int[0]);
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
      shard.room.unpin(object);
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
      context.counters().refused(reason);
    }
    freeIfUnread();
  }

  private void freeIfUnread() {
    int[] blocks;
    synchronized (this) {
      if (freed || readers > 0 || refused.isEmpty()) {
        return;
      }
      freed = true;
      blocks = large.stream().mapToInt(Integer::intValue).toArray();
    }
    shard.room.giveLarge(blocks, blocks.length);
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
    return whole.open();
  }

  private void readerLeft() {
    StoredObject whole;
    synchronized (this) {
      readers--;
      whole = readers == 0 ? owner : null;
    }
    if (whole != null) {
      shard.room.unpin(whole);
    } else {
      freeIfUnread();
    }
  }

  /** What was written when it was asked for. */
  private final class PartBody implements StoredBody {
    private final long length;
    private final AtomicBoolean closed = new AtomicBoolean();
    private SharedBlocks.@Nullable Block sending;

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
        context.threads().reads().execute(() -> readNow(position, reading));
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
        // Held while the reader sends it: others find it there.
        sending = shared.get(number, n -> stored(block, n));
        bytes = sending.bytes();
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
        ByteBuffer stored = ByteBuffer.allocate(StoreConfig.LARGE);
        return shard.disk.blocks.readLarge(block, id, number, stored)
            ? Arrays.copyOf(stored.array(), stored.position())
            : new byte[0];
      } catch (RuntimeException | InternalError e) {
        shard.room.fault("a block cannot be read", e);
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

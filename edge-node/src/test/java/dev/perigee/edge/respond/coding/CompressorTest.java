package dev.perigee.edge.respond.coding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.ContentCoding;
import dev.perigee.edge.cache.ResponseStore;
import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.PurgePosition;
import dev.perigee.edge.request.ResponseHead;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Bodies are compressed once, no more at a time than may be, and not over and over in vain. */
final class CompressorTest {
  private static final byte[] TEXT =
      TestCodings.text("a", 20_000).getBytes(StandardCharsets.ISO_8859_1);

  private final AtomicLong nanos = new AtomicLong(1);
  private final Store store = new Store();

  private Compressor compressor(int queue) {
    return new Compressor(
        Codecs.load(), store, new CodingConfig(1, queue, 1 << 20, 1, 100, 1 << 20), nanos::get);
  }

  private static void await(Compressor compressor) {
    Awaitility.await().until(() -> compressor.waiting() == 0);
  }

  private static StoredMeta meta(long id) {
    return new StoredMeta(
        CacheKey.of("shop", "a.example", "/" + id),
        new ResponseHead(200, FieldList.of("Content-Type", "text/css", "Surrogate-Key", "one")),
        List.of("x"),
        Map.of("x", "1"),
        Set.of("one"),
        5,
        6,
        7,
        8,
        OptionalLong.empty());
  }

  /** A response in memory whose bytes can be had once the gate is open. */
  private static final class Held implements StoredResponse, StoredBody {
    private final long id;
    private final byte[] bytes;
    private final CountDownLatch gate;

    Held(long id, byte[] bytes, CountDownLatch gate) {
      this.id = id;
      this.bytes = bytes;
      this.gate = gate;
    }

    Held(long id, byte[] bytes) {
      this(id, bytes, new CountDownLatch(0));
    }

    @Override
    public long id() {
      return id;
    }

    @Override
    public StoredMeta meta() {
      return CompressorTest.meta(id);
    }

    @Override
    public long length() {
      return bytes.length;
    }

    @Override
    public Optional<StoredBody> open() {
      return Optional.of(this);
    }

    @Override
    public void read(long position, Reading reading) {
      try {
        gate.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      int count = Math.min(7000, bytes.length - (int) position);
      reading.ready(ByteBuffer.wrap(bytes, (int) position, count));
    }

    @Override
    public void close() {}
  }

  @Test
  void aBodyIsKeptBesideTheOneItWasMadeOf() throws Exception {
    Compressor compressor = compressor(10);
    Held held = new Held(4, TEXT);
    compressor.offer(held, ContentCoding.BR);
    await(compressor);
    assertEquals(1, compressor.compressed());
    StoredMeta kept = store.metas.getFirst();
    assertEquals(CodedBody.key(held.meta().key(), ContentCoding.BR), kept.key());
    assertEquals(held.meta().tags(), kept.tags());
    assertEquals(held.meta().bodyFence(), kept.bodyFence());
    assertEquals(held.meta().varyValues(), kept.varyValues());
    assertEquals(
        new String(TEXT, StandardCharsets.ISO_8859_1),
        new String(
            TestCodings.decoded(ContentCoding.BR, store.bytes), StandardCharsets.ISO_8859_1));
    StoredResponse body = new Kept(kept);
    assertTrue(CodedBody.isOf(body, held));
    assertFalse(CodedBody.isOf(body, new Held(5, TEXT)));
  }

  @Test
  void whatIsUnderWayOrWasTriedLatelyIsNotTriedAgain() {
    Compressor compressor = compressor(10);
    byte[] packed = new byte[5000];
    new SplittableRandom(1).nextBytes(packed);
    Held futile = new Held(1, packed);
    for (int i = 0; i < 3; i++) {
      compressor.offer(futile, ContentCoding.GZIP);
      await(compressor);
    }
    assertEquals(1, compressor.futile());
    assertEquals(0, store.metas.size());
    nanos.addAndGet(61_000_000_000L);
    compressor.offer(futile, ContentCoding.GZIP);
    await(compressor);
    assertEquals(2, compressor.futile());
  }

  @Test
  void noMoreWaitThanMay() {
    Compressor compressor = compressor(2);
    CountDownLatch open = new CountDownLatch(1);
    for (int id = 1; id <= 5; id++) {
      compressor.offer(new Held(id, TEXT, open), ContentCoding.GZIP);
    }
    assertEquals(3, compressor.waiting());
    assertEquals(2, compressor.busy());
    open.countDown();
    await(compressor);
    assertEquals(3, compressor.compressed());
    compressor.offer(new Held(5, TEXT, open), ContentCoding.GZIP);
    await(compressor);
    assertEquals(4, compressor.compressed());
  }

  @Test
  void aStoreThatRefusesIsNotAskedAgainAtOnce() {
    store.refusal = Optional.of(StoreReason.FULL);
    Compressor compressor = compressor(2);
    for (int i = 0; i < 3; i++) {
      compressor.offer(new Held(1, TEXT), ContentCoding.GZIP);
      await(compressor);
    }
    assertEquals(1, compressor.failed());
  }

  private record Kept(StoredMeta meta) implements StoredResponse {
    @Override
    public long id() {
      return 99;
    }

    @Override
    public long length() {
      return 1;
    }

    @Override
    public Optional<StoredBody> open() {
      return Optional.empty();
    }
  }

  /** Takes one body after the other. */
  private static final class Store implements ResponseStore, ResponseWriter {
    private final List<StoredMeta> metas = new CopyOnWriteArrayList<>();
    private volatile byte[] bytes = {};
    private volatile Optional<StoreReason> refusal = Optional.empty();

    @Override
    public ResponseWriter begin(StoredMeta meta, OptionalLong length) {
      metas.add(meta);
      return this;
    }

    @Override
    public void write(ByteBuffer part, Consumer<Optional<StoreReason>> readable) {
      bytes = new byte[part.remaining()];
      part.get(bytes);
      readable.accept(refusal);
    }

    @Override
    public void complete(Consumer<Stored> done) {
      done.accept(
          refusal
              .<Stored>map(Stored.Refused::new)
              .orElseGet(() -> new Stored.Kept(new Kept(metas.getLast()))));
    }

    @Override
    public Optional<StoredBody> body() {
      return Optional.empty();
    }

    @Override
    public Optional<StoreReason> refused() {
      return refusal;
    }

    @Override
    public void completePart(StoredMeta part, Consumer<Stored> done) {
      throw new AssertionError();
    }

    @Override
    public void abort() {}

    @Override
    public void find(CacheKey key, Executor thread, Consumer<List<StoredResponse>> found) {
      throw new AssertionError();
    }

    @Override
    public long fence() {
      return 0;
    }

    @Override
    public PurgePosition position() {
      return PurgePosition.NONE;
    }

    @Override
    public PurgePosition position(long fence) {
      return PurgePosition.NONE;
    }

    @Override
    public boolean purgedSince(
        long fence, CacheKey key, Optional<? extends Collection<String>> tags) {
      return false;
    }

    @Override
    public Stored refresh(StoredResponse stored, StoredMeta meta) {
      throw new AssertionError();
    }

    @Override
    public void invalidate(CacheKey key) {
      throw new AssertionError();
    }
  }
}

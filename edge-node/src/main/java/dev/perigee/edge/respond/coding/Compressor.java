package dev.perigee.edge.respond.coding;

import dev.perigee.contract.ContentCoding;
import dev.perigee.edge.cache.ResponseStore;
import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compresses bodies of stored responses on threads of its own, once, and stores what comes of it.
 * Nobody waits for it: until it is there the response goes out as it is. What did not get smaller,
 * or could not be stored, is left alone for a while. Any thread.
 */
public final class Compressor {
  private static final Logger LOG = LoggerFactory.getLogger(Compressor.class);
  private static final int IDLE_SECONDS = 10;
  private static final int READ_SECONDS = 30;

  /** What saves less than a twentieth is not worth a place in the store. */
  private static final int LEAST_GAIN = 20;

  private final Codecs codecs;
  private final ResponseStore store;
  private final ThreadPoolExecutor threads;
  private final LatelyTried tried;
  private final Set<Task> underWay = ConcurrentHashMap.newKeySet();
  private final LongAdder compressed = new LongAdder();
  private final LongAdder bytesIn = new LongAdder();
  private final LongAdder bytesOut = new LongAdder();
  private final LongAdder busy = new LongAdder();
  private final LongAdder futile = new LongAdder();
  private final LongAdder failed = new LongAdder();

  /**
   * With no thread yet.
   *
   * @param nanos a clock that never jumps
   */
  public Compressor(Codecs codecs, ResponseStore store, CodingConfig config, LongSupplier nanos) {
    this.codecs = codecs;
    this.store = store;
    this.tried = new LatelyTried(nanos);
    this.threads =
        new ThreadPoolExecutor(
            config.threads(),
            config.threads(),
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(config.queue()),
            Thread.ofPlatform().daemon().name("compress-", 0).factory());
    threads.allowCoreThreadTimeOut(true);
  }

  private record Task(long object, ContentCoding coding) {}

  /** Begins to compress a response that has been asked for in this coding, where it may be. */
  public void offer(StoredResponse response, ContentCoding coding) {
    Task task = new Task(response.id(), coding);
    if (tried.isLate(task.hashCode()) || !underWay.add(task)) {
      return;
    }
    try {
      threads.execute(() -> run(task, response));
    } catch (RejectedExecutionException e) {
      LOG.trace("as many wait as may", e);
      busy.increment();
      underWay.remove(task);
    }
  }

  private void run(Task task, StoredResponse response) {
    boolean isWritten = false;
    try {
      isWritten = compress(task, response);
    } catch (IOException | RuntimeException | LinkageError e) {
      LOG.warn("a body is not compressed ({}): {}", task.coding.token(), e.toString());
      failed.increment();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (!isWritten) {
        end(task);
      }
    }
  }

  /** Asked for again before that, it would be found or would come to the same. */
  private void end(Task task) {
    tried.note(task.hashCode());
    underWay.remove(task);
  }

  /** Whether something was written, of which the store will tell. */
  private boolean compress(Task task, StoredResponse response)
      throws IOException, InterruptedException {
    Optional<StoredBody> opened = response.open();
    if (opened.isEmpty()) {
      return false;
    }
    byte[] body;
    try (StoredBody stored = opened.get()) {
      body = read(stored);
    }
    byte[] coded = codecs.encode(task.coding, body);
    if (coded.length > body.length - body.length / LEAST_GAIN) {
      futile.increment();
      return false;
    }
    bytesIn.add(body.length);
    bytesOut.add(coded.length);
    ResponseWriter writer =
        store.begin(CodedBody.meta(response, task.coding), OptionalLong.of(coded.length));
    writer.write(ByteBuffer.wrap(coded), refused -> {});
    writer.complete(stored -> kept(task, stored));
    return true;
  }

  private void kept(Task task, Stored stored) {
    switch (stored) {
      case Stored.Kept kept -> compressed.increment();
      case Stored.Refused refused -> failed.increment();
    }
    end(task);
  }

  private static byte[] read(StoredBody stored) throws IOException, InterruptedException {
    byte[] all = new byte[Math.toIntExact(stored.length())];
    for (int at = 0; at < all.length; ) {
      CompletableFuture<ByteBuffer> next = new CompletableFuture<>();
      stored.read(at, new Reading(next));
      ByteBuffer bytes = await(next);
      int count = Math.min(bytes.remaining(), all.length - at);
      bytes.get(all, at, count);
      at += count;
    }
    return all;
  }

  private static ByteBuffer await(CompletableFuture<ByteBuffer> next)
      throws IOException, InterruptedException {
    try {
      return next.get(READ_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("its bytes cannot be read", e);
    }
  }

  private record Reading(CompletableFuture<ByteBuffer> next) implements StoredBody.Reading {
    @Override
    public void ready(ByteBuffer bytes) {
      next.complete(bytes);
    }

    @Override
    public void failed(String reason) {
      next.completeExceptionally(new IOException(reason));
    }
  }

  /** Bodies that were compressed and stored. */
  public long compressed() {
    return compressed.sum();
  }

  /** Bytes of what was compressed, before. */
  public long bytesIn() {
    return bytesIn.sum();
  }

  /** The same afterwards. */
  public long bytesOut() {
    return bytesOut.sum();
  }

  /** Times that as many waited as may. */
  public long busy() {
    return busy.sum();
  }

  /** Bodies that did not get smaller. */
  public long futile() {
    return futile.sum();
  }

  /** Bodies that could not be read, compressed or stored. */
  public long failed() {
    return failed.sum();
  }

  /** Bodies that wait or are being compressed. */
  public int waiting() {
    return underWay.size();
  }
}

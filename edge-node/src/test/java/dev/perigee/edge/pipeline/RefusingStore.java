package dev.perigee.edge.pipeline;

import dev.perigee.edge.cache.ResponseStore;
import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import dev.perigee.edge.request.CacheKey;
import dev.perigee.edge.request.PurgePosition;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** A store that takes nothing for as long as the test gives a reason. */
record RefusingStore(ResponseStore store, Supplier<Optional<StoreReason>> reason)
    implements ResponseStore {
  @Override
  public void find(CacheKey key, Executor thread, Consumer<List<StoredResponse>> found) {
    store.find(key, thread, found);
  }

  @Override
  public long fence() {
    return store.fence();
  }

  @Override
  public PurgePosition position() {
    return store.position();
  }

  @Override
  public PurgePosition position(long fence) {
    return store.position(fence);
  }

  @Override
  public boolean purgedSince(
      long fence, CacheKey key, Optional<? extends Collection<String>> tags) {
    return store.purgedSince(fence, key, tags);
  }

  @Override
  public ResponseWriter begin(StoredMeta meta, OptionalLong length) {
    Optional<StoreReason> refused = reason.get();
    return refused.isPresent() ? new Refusing(refused.get()) : store.begin(meta, length);
  }

  @Override
  public Stored refresh(StoredResponse stored, StoredMeta meta) {
    return store.refresh(stored, meta);
  }

  @Override
  public void invalidate(CacheKey key) {
    store.invalidate(key);
  }

  private record Refusing(StoreReason reason) implements ResponseWriter {
    @Override
    public void write(ByteBuffer bytes, Consumer<Optional<StoreReason>> readable) {
      throw new AssertionError("refused, and yet written to");
    }

    @Override
    public Optional<StoredBody> body() {
      return Optional.empty();
    }

    @Override
    public Optional<StoreReason> refused() {
      return Optional.of(reason);
    }

    @Override
    public void complete(Consumer<Stored> done) {
      throw new AssertionError("refused, and yet completed");
    }

    @Override
    public void completePart(StoredMeta part, Consumer<Stored> done) {
      throw new AssertionError("refused, and yet completed");
    }

    @Override
    public void abort() {}
  }
}

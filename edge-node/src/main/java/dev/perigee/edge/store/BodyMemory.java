package dev.perigee.edge.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Small bodies on the heap, by object, bounded by their bytes. */
final class BodyMemory {
  /** Larger bodies are read from the blocks. */
  static final int MAX_BODY = 256 * 1024;

  private final Cache<Long, ByteBuffer> bodies;

  BodyMemory(long maxBytes) {
    bodies =
        Caffeine.newBuilder()
            .maximumWeight(maxBytes)
            .weigher((Long id, ByteBuffer body) -> body.capacity() + 64)
            .executor(Runnable::run)
            .build();
  }

  Optional<ByteBuffer> find(long id) {
    return Optional.ofNullable(bodies.getIfPresent(id)).map(ByteBuffer::duplicate);
  }

  void keep(long id, ByteBuffer body) {
    bodies.put(id, body.asReadOnlyBuffer());
  }

  void forget(long id) {
    bodies.invalidate(id);
  }
}

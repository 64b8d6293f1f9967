package dev.perigee.edge.store;

import dev.perigee.edge.cache.StoredBody;
import java.nio.ByteBuffer;
import java.util.Optional;

/** A body on the heap, which needs no pin. */
final class MemoryBody implements StoredBody {
  private final ByteBuffer bytes;

  MemoryBody(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  @Override
  public long length() {
    return bytes.capacity();
  }

  @Override
  public void read(long position, Reading reading) {
    reading.ready(bytes.duplicate().position((int) position));
  }

  @Override
  public Optional<ByteBuffer> whole() {
    return Optional.of(bytes.duplicate());
  }

  @Override
  public void close() {}
}

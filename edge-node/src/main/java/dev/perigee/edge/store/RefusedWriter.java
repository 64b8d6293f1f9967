package dev.perigee.edge.store;

import dev.perigee.edge.cache.ResponseWriter;
import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.cache.Stored;
import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;

/** Takes nothing from the start. */
record RefusedWriter(StoreReason reason) implements ResponseWriter {
  @Override
  public void write(ByteBuffer bytes, Consumer<Optional<StoreReason>> readable) {
    readable.accept(refused());
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
    done.accept(new Stored.Refused(reason));
  }

  @Override
  public void completePart(StoredMeta part, Consumer<Stored> done) {
    complete(done);
  }

  @Override
  public void abort() {}
}

package dev.perigee.edge.store;

import dev.perigee.edge.cache.StoredBody;
import dev.perigee.edge.cache.StoredMeta;
import dev.perigee.edge.cache.StoredResponse;
import java.util.Optional;

/** A whole object as it was found. */
record ObjectResponse(ChronicleResponseStore store, StoredObject object, StoredMeta meta)
    implements StoredResponse {
  @Override
  public long length() {
    return object.length;
  }

  @Override
  public Optional<StoredBody> open() {
    return store.pin(object) ? Optional.of(new ObjectBody(store, object)) : Optional.empty();
  }
}

package dev.perigee.edge.cache;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Takes the body of one response as it arrives. Calls come from one thread at a time and never
 * block; the work is done on a store thread in the order of the calls.
 */
public interface ResponseWriter {
  /**
   * Hands over the next bytes. The buffer belongs to the writer until {@code readable} was called.
   *
   * @param readable called once, on a store thread: the bytes can be read through {@link #body}, or
   *     the reason why nothing of this response is kept any more (all later calls are then ignored)
   */
  void write(ByteBuffer bytes, Consumer<Optional<StoreReason>> readable);

  /**
   * The bytes written so far, pinned, for readers that follow the fetch; empty once refused. The
   * length is what was readable at the call.
   */
  Optional<StoredBody> body();

  /** Why nothing of this response is kept; empty while it is. */
  Optional<StoreReason> refused();

  /** The response is whole: makes it findable, unless it was purged or refused meanwhile. */
  void complete(Consumer<Stored> done);

  /**
   * The response will not be whole, but what has been written is kept as a part of it.
   *
   * @param part with the key that the writer was begun with
   */
  void completePart(StoredMeta part, Consumer<Stored> done);

  /** The response will not be whole: gives its room back. */
  void abort();
}

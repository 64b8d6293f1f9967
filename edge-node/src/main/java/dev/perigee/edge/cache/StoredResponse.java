package dev.perigee.edge.cache;

import java.util.Optional;

/** One response in the store, as it was when it was found; its bytes may be evicted later. */
public interface StoredResponse {
  StoredMeta meta();

  /** Number of its bytes: what was fetched anew has another, what was validated the same. */
  long id();

  /** Bytes of the body. */
  long length();

  /**
   * Pins the body for reading; empty when it was evicted or purged since it was found. Never
   * blocks. The caller closes what it gets.
   */
  Optional<StoredBody> open();
}

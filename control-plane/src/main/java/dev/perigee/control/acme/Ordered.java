package dev.perigee.control.acme;

import java.time.Instant;
import java.util.Optional;

/** What came of an order. */
sealed interface Ordered {
  /** A certificate with its chain and its key, PEM. */
  record Issued(String chain, String privateKey) implements Ordered {}

  /**
   * There is none.
   *
   * @param reason in the authority's words, where it said any
   * @param retryAfter before which the authority does not want to be asked again
   */
  record Failed(String reason, Optional<Instant> retryAfter) implements Ordered {}
}

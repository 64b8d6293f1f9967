package dev.perigee.control.acme;

import dev.perigee.control.store.AcmeSite;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * When a site's certificate is ordered next, for who wants to know.
 *
 * @param firstPause after a failure
 */
public record NextOrder(Duration firstPause) {
  /** The time, or now where it is due; empty while uploaded certificates name all its hosts. */
  public Optional<Instant> of(AcmeSite site, Instant now) {
    return switch (new RenewalPolicy(firstPause).due(site, now)) {
      case RenewalPolicy.Due.At(Instant time) -> Optional.of(time.isBefore(now) ? now : time);
      case RenewalPolicy.Due.Covered covered -> Optional.empty();
    };
  }
}

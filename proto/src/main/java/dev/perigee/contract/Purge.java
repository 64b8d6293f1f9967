package dev.perigee.contract;

import java.util.Collection;
import java.util.Optional;

/**
 * One purge with its place in the order of all purges.
 *
 * @param number position in the log, from 1, without gaps
 * @param site whose responses; empty means every site, and then the scope is everything
 * @param scope what is cleared
 * @param soft stale instead of gone
 */
public record Purge(long number, Optional<String> site, PurgeScope scope, boolean soft) {
  /** Refuses a purge across sites that is not of everything. */
  public Purge {
    if (number < 1) {
      throw new IllegalArgumentException("purge numbers start at 1: " + number);
    }
    if (site.isEmpty() && !(scope instanceof PurgeScope.Everything)) {
      throw new IllegalArgumentException("a purge across sites must be of everything");
    }
  }

  /** Whether a response of this site, host, target and tags falls under the purge. */
  public boolean covers(String ofSite, String host, String target, Collection<String> tags) {
    return site.map(ofSite::equals).orElse(true) && scope.covers(host, target, tags);
  }
}

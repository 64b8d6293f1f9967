package dev.perigee.contract;

import java.util.Collection;
import java.util.Optional;

/** What a purge clears, within its site. Hosts and targets are normalised. */
public sealed interface PurgeScope {
  /**
   * Whether a response stored under this host and target, with these tags, falls under the purge.
   */
  boolean covers(String host, String target, Collection<String> tags);

  /** One URL with all its variants. */
  record Url(String host, String target) implements PurgeScope {
    @Override
    public boolean covers(String otherHost, String otherTarget, Collection<String> tags) {
      return host.equals(otherHost) && target.equals(otherTarget);
    }
  }

  /** Everything whose target starts with {@code path}, on one host or on all of the site. */
  record Prefix(Optional<String> host, String path) implements PurgeScope {
    @Override
    public boolean covers(String otherHost, String otherTarget, Collection<String> tags) {
      return otherTarget.startsWith(path) && host.map(otherHost::equals).orElse(true);
    }
  }

  /** Everything of one host. */
  record Host(String host) implements PurgeScope {
    @Override
    public boolean covers(String otherHost, String otherTarget, Collection<String> tags) {
      return host.equals(otherHost);
    }
  }

  /** Everything that the origin tagged so ({@code Surrogate-Key}, {@code Cache-Tag}). */
  record Tag(String tag) implements PurgeScope {
    @Override
    public boolean covers(String otherHost, String otherTarget, Collection<String> tags) {
      return tags.contains(tag);
    }
  }

  /** Everything of the site. */
  record Everything() implements PurgeScope {
    @Override
    public boolean covers(String otherHost, String otherTarget, Collection<String> tags) {
      return true;
    }
  }
}

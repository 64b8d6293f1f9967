package dev.perigee.edge.respond;

import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The Cache-Status field of one response (RFC 9211, section 2).
 *
 * @param text of the field so far
 */
public record CacheStatus(String text) {
  /** Answered from the cache without asking. */
  public static CacheStatus hit(String name, long ttl) {
    return new CacheStatus(name + "; hit; ttl=" + ttl);
  }

  /**
   * The request went forward.
   *
   * @param why a {@code fwd} token, section 2.2
   */
  public static CacheStatus forwarded(String name, String why) {
    return new CacheStatus(name + "; fwd=" + why);
  }

  private CacheStatus and(String more) {
    return new CacheStatus(text + more);
  }

  public CacheStatus forwardStatus(OptionalInt code) {
    return code.isPresent() ? and("; fwd-status=" + code.getAsInt()) : this;
  }

  public CacheStatus ttl(OptionalLong seconds) {
    return seconds.isPresent() ? and("; ttl=" + seconds.getAsLong()) : this;
  }

  public CacheStatus stored(boolean stored) {
    return stored ? and("; stored") : this;
  }

  public CacheStatus collapsed(boolean collapsed) {
    return collapsed ? and("; collapsed") : this;
  }

  /** A token that says more; empty for none. */
  public CacheStatus detail(String token) {
    return token.isEmpty() ? this : and("; detail=" + token);
  }

  @Override
  public String toString() {
    return text;
  }
}

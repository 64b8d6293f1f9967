package dev.perigee.edge.respond;

import java.util.OptionalInt;
import java.util.OptionalLong;

/** The Cache-Status field of one response (RFC 9211, section 2). */
public final class CacheStatus {
  private final StringBuilder text;

  private CacheStatus(String name) {
    text = new StringBuilder(64).append(name);
  }

  /** Answered from the cache without asking. */
  public static CacheStatus hit(String name, long ttl) {
    CacheStatus status = new CacheStatus(name);
    status.text.append("; hit; ttl=").append(ttl);
    return status;
  }

  /**
   * The request went forward.
   *
   * @param why a {@code fwd} token, section 2.2
   */
  public static CacheStatus forwarded(String name, String why) {
    CacheStatus status = new CacheStatus(name);
    status.text.append("; fwd=").append(why);
    return status;
  }

  public CacheStatus forwardStatus(OptionalInt code) {
    code.ifPresent(value -> text.append("; fwd-status=").append(value));
    return this;
  }

  public CacheStatus ttl(OptionalLong seconds) {
    seconds.ifPresent(value -> text.append("; ttl=").append(value));
    return this;
  }

  public CacheStatus stored(boolean stored) {
    text.append(stored ? "; stored" : "");
    return this;
  }

  public CacheStatus collapsed(boolean collapsed) {
    text.append(collapsed ? "; collapsed" : "");
    return this;
  }

  /** A token that says more; empty for none. */
  public CacheStatus detail(String token) {
    if (!token.isEmpty()) {
      text.append("; detail=").append(token);
    }
    return this;
  }

  @Override
  public String toString() {
    return text.toString();
  }
}

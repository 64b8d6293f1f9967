package dev.perigee.control.stream;

import java.util.ArrayDeque;

/**
 * Decides whether a node is sent more purges before it has acknowledged what it was sent. A node
 * that is slow, or far away, then gets in one message what came meanwhile: the bytes of hundreds of
 * small messages would fit where nobody here sees them, and wait there one behind the other.
 */
final class AcksAhead {
  /** Messages of purges that a node may have before it acknowledges one. */
  private static final int MESSAGES = 4;

  /** One that acknowledges nothing gets a message so often all the same. */
  private static final long PATIENCE_MILLIS = 1_000;

  private final ArrayDeque<Long> sent = new ArrayDeque<>();
  private long sentMillis;

  /** A message was sent with purges up to this one. */
  void sent(long through, long nowMillis) {
    sent.addLast(through);
    sentMillis = nowMillis;
  }

  /**
   * Whether the node is to acknowledge something first.
   *
   * @param acknowledged the newest purge that it did
   * @param waited whether nothing was heard of it for as long as it may be silent
   */
  boolean isHeld(long acknowledged, boolean waited, long nowMillis) {
    while (!sent.isEmpty() && sent.getFirst() <= acknowledged) {
      sent.removeFirst();
    }
    if (sent.size() < MESSAGES) {
      return false;
    }
    if (waited || Math.abs(nowMillis - sentMillis) >= PATIENCE_MILLIS) {
      sent.removeFirst();
      return false;
    }
    return true;
  }
}

package dev.perigee.edge.collapse;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that all fills of a node share for their windows. While it is not spent each fill may
 * fill its own window; once it is, a fill takes the next part only when it holds next to none. So
 * however many slow readers there are, the heap is not theirs.
 */
public final class WindowBudget {
  /** Past the budget a fill that holds so much takes no more: a part is up to 64 KiB. */
  private static final int LEAST = 32 * 1024;

  private final long totalBytes;
  private final int perFillBytes;
  private final AtomicLong held = new AtomicLong();

  /**
   * @param totalBytes of all windows together
   * @param perFillBytes of one window, besides one part
   */
  public WindowBudget(long totalBytes, int perFillBytes) {
    this.totalBytes = totalBytes;
    this.perFillBytes = perFillBytes;
  }

  /** Whether a fill that holds so many bytes must wait before it takes more. */
  boolean isFull(int windowed) {
    return windowed >= (held.get() < totalBytes ? perFillBytes : Math.min(LEAST, perFillBytes));
  }

  void take(int bytes) {
    held.addAndGet(bytes);
  }

  void give(int bytes) {
    held.addAndGet(-bytes);
  }

  /** Bytes in all windows now. */
  public long held() {
    return held.get();
  }

  /**
   * Whether no further fetch should begin: even the least that each fill holds came to twice the
   * budget.
   */
  public boolean isOverdrawn() {
    return held.get() > 2 * totalBytes;
  }
}

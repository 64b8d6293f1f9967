package dev.perigee.control.changelog;

import dev.perigee.contract.Limits;
import dev.perigee.contract.PurgeFrames;
import dev.perigee.control.store.PurgeStore.EncodedPurge;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The newest purges, encoded once for all streams: a bounded run without gaps. What is too old for
 * it is still in the log.
 */
public final class PurgeWindow {
  /** Leaves room for the head of the message. */
  private static final int MESSAGE_BYTES = Limits.MESSAGE_BYTES - 1024;

  private final long maxBytes;
  private final Lock lock = new ReentrantLock();
  private final ArrayDeque<Block> blocks = new ArrayDeque<>();
  private long bytes;
  private long before;
  private volatile long newest;

  /**
   * An empty window.
   *
   * @param newest what comes first is the purge after this one
   * @param maxBytes the oldest purges leave where more would be kept
   */
  public PurgeWindow(long newest, long maxBytes) {
    this.newest = newest;
    this.before = newest;
    this.maxBytes = maxBytes;
  }

  /** Purges that were read together: their frames one after the other, and where each ends. */
  private static final class Block {
    final long before;
    final byte[] frames;
    final int[] ends;

    Block(long before, byte[] frames, int[] ends) {
      this.before = before;
      this.frames = frames;
      this.ends = ends;
    }

    static Block of(List<EncodedPurge> purges) {
      List<byte[]> each =
          purges.stream().map(purge -> PurgeFrames.frame(purge.message().toArray())).toList();
      byte[] frames = new byte[each.stream().mapToInt(frame -> frame.length).sum()];
      int[] ends = new int[each.size()];
      int end = 0;
      for (int i = 0; i < ends.length; i++) {
        System.arraycopy(each.get(i), 0, frames, end, each.get(i).length);
        end += each.get(i).length;
        ends[i] = end;
      }
      return new Block(purges.getFirst().number() - 1, frames, ends);
    }

    long last() {
      return before + ends.length;
    }

    /** Where the purge after this one begins. */
    int start(long after) {
      return after <= before ? 0 : ends[(int) (after - before) - 1];
    }
  }

  /** Bytes that any number of messages share. */
  public static final class Piece {
    private final byte[] bytes;
    private final int from;
    private final int to;

    private Piece(byte[] bytes, int from, int to) {
      this.bytes = bytes;
      this.from = from;
      this.to = to;
    }

    /** All of these, which nobody changes any more. */
    public static Piece of(byte[] bytes) {
      return new Piece(bytes, 0, bytes.length);
    }

    public int length() {
      return to - from;
    }

    /** Writes them as they are. */
    public void writeTo(OutputStream out) throws IOException {
      out.write(bytes, from, length());
    }
  }

  /**
   * Purges one after the other, as much of them as one message holds.
   *
   * @param through the number of the last one
   * @param bytes of all pieces
   */
  public record Run(long through, int bytes, List<Piece> pieces) {}

  /** The number of the newest purge that was ever in it. */
  public long newest() {
    return newest;
  }

  /** Bytes of the purges that are kept. */
  public long bytes() {
    lock.lock();
    try {
      return bytes;
    } finally {
      lock.unlock();
    }
  }

  /** Takes the purges that come next; there must be some, and none missing. */
  public void add(List<EncodedPurge> purges) {
    long expected = newest;
    for (EncodedPurge purge : purges) {
      if (purge.number() != ++expected) {
        throw new IllegalArgumentException("purge " + expected + " is missing");
      }
    }
    Block block = Block.of(purges);
    lock.lock();
    try {
      blocks.addLast(block);
      bytes += block.frames.length;
      while (bytes > maxBytes) {
        Block oldest = blocks.removeFirst();
        bytes -= oldest.frames.length;
        before = oldest.last();
      }
      newest = block.last();
    } finally {
      lock.unlock();
    }
  }

  /** Leaves out what could not be read: who needs it reads the log. */
  public void skip(long through) {
    lock.lock();
    try {
      blocks.clear();
      bytes = 0;
      before = through;
      newest = through;
    } finally {
      lock.unlock();
    }
  }

  /**
   * What follows on a purge that is not the newest.
   *
   * @return empty where the window does not reach back so far
   */
  public Optional<Run> after(long number) {
    lock.lock();
    try {
      return number < before || number >= newest ? Optional.empty() : Optional.of(run(number));
    } finally {
      lock.unlock();
    }
  }

  private Run run(long number) {
    List<Piece> pieces = new ArrayList<>();
    int total = 0;
    long through = number;
    for (Block block : blocks) {
      if (block.last() <= number) {
        continue;
      }
      int from = block.start(number);
      int fit = fitting(block, from, MESSAGE_BYTES - total);
      if (fit > from) {
        pieces.add(new Piece(block.frames, from, fit));
        total += fit - from;
        through = numberAt(block, fit);
      }
      if (fit < block.frames.length) {
        break;
      }
    }
    return new Run(through, total, List.copyOf(pieces));
  }

  /** The end of the last frame that fits. */
  private static int fitting(Block block, int from, int room) {
    if (block.frames.length - from <= room) {
      return block.frames.length;
    }
    int place = Arrays.binarySearch(block.ends, from + room);
    int fitting = place >= 0 ? place : -place - 2;
    return fitting < 0 ? from : Math.max(from, block.ends[fitting]);
  }

  private static long numberAt(Block block, int end) {
    return block.before + Arrays.binarySearch(block.ends, end) + 1;
  }

  /** The same of purges that are in no window, the first of them after {@code number}. */
  public static Run of(List<EncodedPurge> purges) {
    PurgeWindow window = new PurgeWindow(purges.getFirst().number() - 1, Long.MAX_VALUE);
    window.add(purges);
    return window.run(window.before);
  }
}

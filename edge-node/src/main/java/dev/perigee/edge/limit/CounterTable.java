package dev.perigee.edge.limit;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts by the 64-bit keyed hash of what they count, in one array that is made at the start. Any
 * thread reads and writes without a lock, and nothing is ever allocated.
 *
 * <p>A key lies in one of the eight slots of its group. Where all are taken, the one goes that is
 * soonest, or was already, as good as new: who had it begins anew. So a full table errs on the side
 * of letting in: one burst more for a key each time it was put out. Two keys never count together,
 * but for equal hashes, which nobody can look for. Threads that meet at a new key may keep it
 * twice, which is an error to the same side; one that finds seven others at work on its group's
 * slots lets in.
 */
final class CounterTable {
  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);
  private static final int WAYS = 8;
  private static final int STRIDE = 4;
  private static final int STATE = 1;
  private static final int UNTIL = 2;
  private static final int MARK = 3;
  private static final int TRIES = 16;

  /** Of a slot that nobody has had. */
  private static final long NOBODY = 0;

  /** Of a slot that is being taken. */
  private static final long TAKING = 1;

  private final long[] words;
  private final long groups;
  private final LongAdder putOut = new LongAdder();
  private final LongAdder notKept = new LongAdder();

  /**
   * An empty table.
   *
   * @param slots how many counts; rounded up to a power of two
   */
  CounterTable(int slots) {
    int rounded = Math.max(WAYS, Integer.highestOneBit(Math.max(1, slots - 1)) << 1);
    this.words = new long[rounded * STRIDE];
    this.groups = rounded / WAYS;
  }

  /** What is kept of a key, as its rule reads it. */
  interface Count {
    /** The state of a key that nobody has seen. */
    long fresh(long now);

    /** The state with one more; where that is one too many, the complement of the state to keep. */
    long take(long hash, long state, long now);

    /** When the state is as good as a fresh one. */
    long until(long state, long now);
  }

  /** In place of a hash that stands for something else. */
  static long usable(long hash) {
    return hash == NOBODY || hash == TAKING ? hash + 2 : hash;
  }

  /**
   * Counts one.
   *
   * @param hash usable
   * @param mark what is added to the key's mark where it is let in
   * @param refusedMark and where it is not
   * @param firstMark what the mark of a key begins with
   * @return the state, at least 0; or its complement, which is less, where it is one too many
   */
  long take(long hash, Count count, long now, long firstMark, long mark, long refusedMark) {
    for (int tries = 0; tries < TRIES; tries++) {
      int at = find(hash, count, now, firstMark);
      if (at < 0) {
        continue;
      }
      long before = (long) WORDS.getAcquire(words, at + STATE);
      // Read first and then looked whose it is: a slot that changes hands changes its state, too.
      if ((long) WORDS.getAcquire(words, at) != hash) {
        continue;
      }
      long after = count.take(hash, before, now);
      boolean refused = after < 0;
      long kept = refused ? ~after : after;
      if (kept == before || WORDS.compareAndSet(words, at + STATE, before, kept)) {
        WORDS.setOpaque(words, at + UNTIL, count.until(kept, now));
        long marked = refused ? refusedMark : mark;
        if (marked != 0) {
          var _ = (long) WORDS.getAndAdd(words, at + MARK, marked);
        }
        return after;
      }
    }
    notKept.increment();
    return count.fresh(now);
  }

  /** Where the key lies, which gets a slot where it has none; -1 where another took that. */
  private int find(long hash, Count count, long now, long firstMark) {
    int base = (int) Math.unsignedMultiplyHigh(hash, groups) * WAYS * STRIDE;
    int free = -1;
    long holder = NOBODY;
    long soonest = Long.MAX_VALUE;
    for (int i = 0; i < WAYS; i++) {
      int at = base + i * STRIDE;
      long key = (long) WORDS.getAcquire(words, at);
      if (key == hash) {
        return at;
      }
      if (key == NOBODY) {
        // No slot is ever given back: the key is not behind it.
        return claim(at, NOBODY, hash, count, now, firstMark);
      }
      long until = (long) WORDS.getOpaque(words, at + UNTIL);
      if (key != TAKING && until < soonest) {
        soonest = until;
        holder = key;
        free = at;
      }
    }
    if (free >= 0 && soonest > now) {
      putOut.increment();
    }
    return free < 0 ? -1 : claim(free, holder, hash, count, now, firstMark);
  }

  private int claim(int at, long holder, long hash, Count count, long now, long firstMark) {
    if (!WORDS.compareAndSet(words, at, holder, TAKING)) {
      return -1;
    }
    WORDS.setOpaque(words, at + STATE, count.fresh(now));
    WORDS.setOpaque(words, at + UNTIL, now);
    WORDS.setOpaque(words, at + MARK, firstMark);
    WORDS.setRelease(words, at, hash);
    return at;
  }

  /** Takes the marks of all keys. */
  interface Marks {
    /**
     * Told of each key that has more than a first mark.
     *
     * @return the mark that is left
     */
    long take(long hash, long mark);
  }

  /** Goes through all keys; what is marked meanwhile is there the next time. */
  void marks(Marks marks) {
    for (int at = 0; at < words.length; at += STRIDE) {
      long key = (long) WORDS.getAcquire(words, at);
      if (key == NOBODY || key == TAKING) {
        continue;
      }
      long mark = (long) WORDS.getAcquire(words, at + MARK);
      long left = marks.take(key, mark);
      if (left != mark) {
        var _ = (long) WORDS.getAndAdd(words, at + MARK, left - mark);
      }
    }
  }

  /** How many counts there are room for. */
  int slots() {
    return words.length / STRIDE;
  }

  /** Counts that went for others while they still meant something. */
  long putOut() {
    return putOut.sum();
  }

  /** Requests that were let in uncounted. */
  long notKept() {
    return notKept.sum();
  }
}

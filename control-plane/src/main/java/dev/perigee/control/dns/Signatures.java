package dev.perigee.control.dns;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Signatures that were made, by what they sign, for all threads. Looking one up makes nothing and
 * takes no lock; a new one takes the place of the oldest of the few that it could lie beside. What
 * is not there has places of its own: whoever asks for names without number displaces nothing else.
 */
final class Signatures {
  /** Bytes of a digest of what is signed. */
  static final int DIGEST = 32;

  private static final int WAYS = 4;

  /** Of so many places for what there is, one is for what there is not. */
  private static final int DENIALS = 4;

  private final AtomicReferenceArray<@Nullable Kept> present;
  private final AtomicReferenceArray<@Nullable Kept> denials;
  private final int perSecond;
  private final AtomicLong udp = new AtomicLong();
  private final AtomicLong tcp = new AtomicLong();

  /** One of them, and when it was made. */
  static final class Kept {
    private final byte[] digest;
    final long madeSeconds;

    /** Not to be changed. */
    final byte[] signature;

    /**
     * @param digest of what is signed but for its times
     */
    Kept(byte[] digest, long madeSeconds, byte[] signature) {
      this.digest = digest.clone();
      this.madeSeconds = madeSeconds;
      this.signature = signature;
    }

    private boolean isOf(byte[] other) {
      return java.util.Arrays.equals(digest, other);
    }
  }

  Signatures(SigningLimits limits) {
    int places = Integer.highestOneBit(limits.kept());
    this.present = new AtomicReferenceArray<>(places);
    this.denials = new AtomicReferenceArray<>(Math.max(WAYS, places / DENIALS));
    this.perSecond = limits.perSecond();
  }

  /** The signature of this; null for none. */
  @Nullable Kept find(boolean denial, byte[] digest) {
    AtomicReferenceArray<@Nullable Kept> of = denial ? denials : present;
    int first = first(of, digest);
    for (int i = first; i < first + WAYS; i++) {
      Kept kept = of.get(i);
      if (kept != null && kept.isOf(digest)) {
        return kept;
      }
    }
    return null;
  }

  /** Keeps one, in place of an older one of the same. */
  void keep(boolean denial, Kept made) {
    AtomicReferenceArray<@Nullable Kept> of = denial ? denials : present;
    int first = first(of, made.digest);
    int place = first;
    long oldest = Long.MAX_VALUE;
    for (int i = first; i < first + WAYS; i++) {
      Kept kept = of.get(i);
      if (kept == null || kept.isOf(made.digest)) {
        place = i;
        break;
      }
      if (kept.madeSeconds < oldest) {
        oldest = kept.madeSeconds;
        place = i;
      }
    }
    of.set(place, made);
  }

  private static int first(AtomicReferenceArray<@Nullable Kept> of, byte[] digest) {
    int hash = (Wire.u16(digest, 0) << 16) | Wire.u16(digest, 2);
    return hash & (of.length() - 1) & -WAYS;
  }

  /** Whether one more may be made in this second. */
  boolean mayMake(boolean overUdp, long nowSeconds) {
    AtomicLong counted = overUdp ? udp : tcp;
    while (true) {
      long before = counted.get();
      boolean same = before >>> Integer.SIZE == (nowSeconds & 0xffff_ffffL);
      long made = same ? before & 0xffff_ffffL : 0;
      if (made >= perSecond) {
        return false;
      }
      if (counted.compareAndSet(before, (nowSeconds << Integer.SIZE) | (made + 1))) {
        return true;
      }
    }
  }
}

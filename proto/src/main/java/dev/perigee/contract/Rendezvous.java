package dev.perigee.contract;

import java.nio.charset.StandardCharsets;

/**
 * Rendezvous hashing (Thaler and Ravishankar, 1998): for every key each node draws a number from
 * key and name, and the highest has it. So everybody who knows the same nodes comes to the same
 * order without asking; who joins takes an equal share from each, and who leaves leaves only its
 * own keys.
 */
public final class Rendezvous {
  private static final long FNV_BASIS = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;

  private Rendezvous() {}

  /** The same for the same text everywhere: FNV-1a, mixed. */
  public static long hash(String text) {
    long hash = FNV_BASIS;
    for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (octet & 0xff)) * FNV_PRIME;
    }
    return mixed(hash);
  }

  /**
   * What a node draws for a key; numbers compare unsigned.
   *
   * @param node hash of its name
   */
  public static long draw(long key, long node) {
    return mixed(key ^ node);
  }

  /**
   * The key of a URL of a site with the usual settings, as edges share it inside a region.
   *
   * @param target normalised path and query
   */
  public static long key(String site, String host, String target) {
    return hash(site + " - - " + host + " - " + target + " ");
  }

  /** The finaliser of MurmurHash3: every bit of the argument changes half of the result's. */
  public static long mixed(long value) {
    long bits = (value ^ value >>> 33) * 0xff51afd7ed558ccdL;
    bits = (bits ^ bits >>> 33) * 0xc4ceb9fe1a85ec53L;
    return bits ^ bits >>> 33;
  }
}

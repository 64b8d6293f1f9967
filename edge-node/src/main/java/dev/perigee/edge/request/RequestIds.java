package dev.perigee.edge.request;

import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Makes ids of 128 bits: the first half is random and this node's until it ends, the second is a
 * number that is used once, stirred. So no two are the same on one node, nor by any likely chance
 * on two, and none costs a random number. They are names, not secrets.
 */
public final class RequestIds implements Supplier<String> {
  private static final HexFormat HEX = HexFormat.of();

  private final String node;
  private final AtomicLong next;

  /**
   * @param random asked once, so that it may be a slow one
   */
  public RequestIds(RandomGenerator random) {
    this.node = HEX.toHexDigits(random.nextLong());
    this.next = new AtomicLong(random.nextLong());
  }

  @Override
  public String get() {
    return node + HEX.toHexDigits(stirred(next.getAndIncrement()));
  }

  /** One to one: the finaliser of SplitMix64 (Steele, Lea, Flood 2014). */
  private static long stirred(long number) {
    long z = (number ^ (number >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}

package dev.perigee.control.steer;

import dev.perigee.contract.SiteConfig;

/** Where clients go, for what asks often: the choice without its reasons. Never blocks. */
@FunctionalInterface
public interface NodeChoice {
  /**
   * The nodes for a client.
   *
   * @param address 4 or 16 bytes, read only during the call
   * @param bits how many of them are known; the rest are 0
   * @param key by which the nodes of one place share what they hold: of a site, or of a URL
   * @param into what was chosen
   */
  void choose(byte[] address, int bits, SiteConfig site, long key, Choice into);

  /** The same, for who asks seldom. */
  default Choice choose(byte[] address, int bits, SiteConfig site, long key) {
    Choice made = new Choice();
    choose(address, bits, site, key, made);
    return made;
  }

  /** The key of a site as a whole, as DNS steers it. */
  static long keyOf(SiteConfig site) {
    return site.id().hashCode();
  }
}

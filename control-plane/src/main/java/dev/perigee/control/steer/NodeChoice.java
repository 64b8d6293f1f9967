package dev.perigee.control.steer;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.Node;
import java.util.List;

/** Where clients go, for what asks often: the choice without its reasons. Never blocks. */
@FunctionalInterface
public interface NodeChoice {
  /**
   * The nodes for a client.
   *
   * @param address 4 or 16 bytes, read only during the call
   * @param bits how many of them are known; the rest are 0
   * @param key by which the nodes of one place share what they hold: of a site, or of a URL
   */
  Chosen choose(byte[] address, int bits, SiteConfig site, long key);

  /** The key of a site as a whole, as DNS steers it. */
  static long keyOf(SiteConfig site) {
    return site.id().hashCode();
  }

  /**
   * Where a client goes.
   *
   * @param nodes the best first; empty only where no node serves the site
   * @param together how many of the first of them share the site's objects and are as good as each
   *     other; at least one where there is any
   * @param scopePrefix bits of the client's address that the answer depends on; 0 for none, and
   *     more than were known where the network is larger than the answer's
   * @param fallback whether there was no healthy node where one was to be
   */
  record Chosen(List<Node> nodes, int together, int scopePrefix, boolean fallback) {
    public Chosen {
      nodes = List.copyOf(nodes);
    }

    /** Of which one is better than all others. */
    public Chosen(List<Node> nodes, int scopePrefix, boolean fallback) {
      this(nodes, Math.min(1, nodes.size()), scopePrefix, fallback);
    }
  }
}

package dev.perigee.edge.routing;

import dev.perigee.contract.SiteConfig;

/** Which site a host belongs to. */
public sealed interface Routed {
  /**
   * A site of this node.
   *
   * @param keyHost the host under which the request is keyed and fetched
   */
  record Matched(SiteConfig site, String keyHost) implements Routed {}

  /** No site of this node has the host. */
  record NoSuchSite() implements Routed {}
}

package dev.perigee.edge.routing;

import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.request.CacheKey;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The nodes of the network as this one knows them: who may ask it, and whom it may ask. */
public final class PeerTable {
  private static final PeerTable NONE = of("", List.of());

  private final String self;
  private final Map<String, PeerConfig> byName = new HashMap<>();
  private final List<PeerConfig> shields;
  private final PeerRing region;

  private PeerTable(String self, Collection<PeerConfig> peers) {
    this.self = self;
    peers.forEach(peer -> byName.put(peer.name(), peer));
    List<PeerConfig> asked = byName.values().stream().filter(PeerConfig::isAsked).toList();
    this.shields = asked.stream().filter(PeerConfig::shield).toList();
    Optional<String> own = Optional.ofNullable(byName.get(self)).map(PeerConfig::region);
    this.region =
        new PeerRing(
            asked.stream().filter(peer -> own.equals(Optional.of(peer.region()))).toList());
  }

  /**
   * The table of these nodes.
   *
   * @param self this node's name; it is in no region where it is not among them
   */
  public static PeerTable of(String self, Collection<PeerConfig> peers) {
    return new PeerTable(self, peers);
  }

  /** A node that knows of no other. */
  public static PeerTable none() {
    return NONE;
  }

  /** This node's name. */
  public String self() {
    return self;
  }

  /** Whether a node of this name belongs to the network. */
  public boolean knows(String node) {
    return byName.containsKey(node);
  }

  /** Whether this is where a node of this name is asked. */
  public boolean isAt(String node, String address, int port) {
    PeerConfig peer = byName.get(node);
    return peer != null && peer.peerPort() == port && peer.addresses().contains(address);
  }

  /**
   * The shields to ask for a site, in order: those that come before this node where it is one
   * itself, so that it asks none that would leave the site to it.
   */
  List<PeerConfig> shields(SiteConfig site) {
    if (shields.isEmpty()) {
      return List.of();
    }
    List<PeerConfig> serving =
        shields.stream().filter(shield -> site.isServedIn(shield.region())).toList();
    return before(new PeerRing(serving).order(PeerRing.hash(site.id())));
  }

  /** The nodes of this one's region that have the key before it; none where it is this one's. */
  List<PeerConfig> owners(CacheKey key) {
    return region.size() < 2 && owns() ? List.of() : before(region.order(hash(key)));
  }

  private boolean owns() {
    PeerConfig own = byName.get(self);
    return own != null && own.isAsked();
  }

  private List<PeerConfig> before(List<PeerConfig> order) {
    return order.stream().takeWhile(peer -> !peer.name().equals(self)).toList();
  }

  /** The same on every node. */
  public static long hash(CacheKey key) {
    return PeerRing.hash(key.canonical());
  }
}

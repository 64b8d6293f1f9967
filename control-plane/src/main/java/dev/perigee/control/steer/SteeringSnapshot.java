package dev.perigee.control.steer;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.Node;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** All that steering knows at one moment, but for what the nodes have to do. */
public final class SteeringSnapshot {
  private static final SteeringSnapshot EMPTY = new SteeringSnapshot(List.of(), List.of(), 0);

  private final List<SteeredNode> nodes;
  private final Map<String, Node> byName;
  private final SiteTable sites;
  private final long revision;

  /** A snapshot of these sites. */
  public SteeringSnapshot(List<SteeredNode> nodes, List<SiteConfig> sites, long revision) {
    this(
        nodes,
        SiteTable.EMPTY.with(
            sites.stream().map(site -> new SiteTable.Entry(site, Audience.of(site), 0)).toList(),
            List.of()),
        revision);
  }

  SteeringSnapshot(List<SteeredNode> nodes, SiteTable sites, long revision) {
    this.nodes = List.copyOf(nodes);
    Map<String, Node> named = new HashMap<>();
    nodes.forEach(one -> named.put(one.node().name(), one.node()));
    this.byName = Map.copyOf(named);
    this.sites = sites;
    this.revision = revision;
  }

  /** Knows nothing. */
  public static SteeringSnapshot empty() {
    return EMPTY;
  }

  public List<SteeredNode> nodes() {
    return nodes;
  }

  /**
   * All sites, of which id, hosts, regions and steering are known; the same list from snapshot to
   * snapshot until one of them changes.
   */
  public List<SiteConfig> sites() {
    return sites.sites();
  }

  SiteTable table() {
    return sites;
  }

  /** Grows with every change, the zone's serial. */
  public long revision() {
    return revision;
  }

  public Optional<SiteConfig> site(String id) {
    return sites.entry(id).map(SiteTable.Entry::site);
  }

  /** The site for a host; exact hosts win over wildcards. */
  public Optional<SiteConfig> siteOfHost(String host) {
    return sites.ofHost(host);
  }

  public Optional<Node> node(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /** A node and whether it is connected and healthy. */
  public record SteeredNode(Node node, boolean serving) {}
}

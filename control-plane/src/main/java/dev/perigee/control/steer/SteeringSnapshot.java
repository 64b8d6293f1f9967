package dev.perigee.control.steer;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.Node;
import java.util.List;
import java.util.Optional;

/**
 * All that steering knows at one moment.
 *
 * @param nodes in the order of the fallback
 * @param revision grows with every change, the zone's serial
 */
public record SteeringSnapshot(List<SteeredNode> nodes, List<SiteConfig> sites, long revision) {
  /** Copies the collections. */
  public SteeringSnapshot {
    nodes = List.copyOf(nodes);
    sites = List.copyOf(sites);
  }

  /** Knows nothing. */
  public static SteeringSnapshot empty() {
    return new SteeringSnapshot(List.of(), List.of(), 0);
  }

  public Optional<SiteConfig> site(String id) {
    return sites.stream().filter(site -> site.id().equals(id)).findFirst();
  }

  /** The site for a host; exact hosts win over wildcards. */
  public Optional<SiteConfig> siteOfHost(String host) {
    return sites.stream()
        .filter(site -> site.hosts().contains(host))
        .findFirst()
        .or(() -> sites.stream().filter(site -> site.answersFor(host)).findFirst());
  }

  public Optional<Node> node(String name) {
    return nodes.stream().map(SteeredNode::node).filter(n -> n.name().equals(name)).findFirst();
  }

  /** A node and whether it is connected and healthy. */
  public record SteeredNode(Node node, boolean serving) {}
}

package dev.perigee.control.acme;

import dev.perigee.control.fleet.Fleet;
import dev.perigee.control.store.AcmeSite;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.NodeStore;
import java.util.List;

/**
 * Whether every node that an authority may come to answers a site's tokens: all that serve the
 * site's regions and are steered to, or are connected. One of an earlier build never does.
 */
public final class TokenReach {
  private final NodeStore nodes;
  private final Fleet fleet;

  public TokenReach(NodeStore nodes, Fleet fleet) {
    this.nodes = nodes;
    this.fleet = fleet;
  }

  /**
   * The nodes of a site.
   *
   * @param all how many may be asked
   * @param missing names of those that do not answer the tokens yet
   */
  record Reached(int all, List<String> missing) {
    boolean isWhole() {
      return all > 0 && missing.isEmpty();
    }

    /** What is waited for. */
    String sentence() {
      if (all == 0) {
        return "no node serves the site";
      }
      int shown = Math.min(10, missing.size());
      return "waits for nodes to take the tokens: "
          + String.join(", ", missing.subList(0, shown))
          + (shown < missing.size() ? " and " + (missing.size() - shown) + " more" : "");
    }
  }

  /** Names of the nodes that an authority may come to. */
  List<String> asked(AcmeSite site) {
    return nodes.all().stream()
        .filter(node -> !node.shield())
        .filter(node -> site.regions().isEmpty() || site.regions().contains(node.region()))
        .map(Node::name)
        .filter(name -> fleet.isServing(name) || fleet.state(name).connected())
        .toList();
  }

  /** Who of a site's nodes answers the tokens up to a number. */
  Reached of(AcmeSite site, long number) {
    List<String> asked = asked(site);
    return new Reached(
        asked.size(),
        asked.stream().filter(name -> fleet.tokens().of(name) < number).sorted().toList());
  }
}

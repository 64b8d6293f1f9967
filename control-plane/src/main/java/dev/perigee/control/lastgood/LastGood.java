package dev.perigee.control.lastgood;

import dev.perigee.contract.Bytes;
import dev.perigee.control.fleet.FleetView.NodeState;
import dev.perigee.control.store.Provisioned;
import dev.perigee.control.store.Published;
import dev.perigee.control.store.Replica;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * All that answers are made of.
 *
 * @param zone the DNS zone that this is of, normalised
 * @param savedAt when it was put together
 * @param cookieSecret of DNS cookies, which all replicas share
 * @param identity what it shows to other control planes
 * @param replicas the control planes that are asked how nodes do
 * @param health how the nodes did when those were last heard
 * @param probed nodes that answered probes from here
 */
public record LastGood(
    String zone,
    Instant savedAt,
    Provisioned provisioned,
    Published published,
    Bytes cookieSecret,
    Identity identity,
    List<Replica> replicas,
    List<NodeState> health,
    Set<String> probed) {
  /** Copies the collections. */
  public LastGood {
    replicas = List.copyOf(replicas);
    health = List.copyOf(health);
    probed = Set.copyOf(probed);
  }

  /**
   * A key and its certificates.
   *
   * @param key PKCS #8; a secret
   * @param chain X.509, DER, the authority last
   */
  public record Identity(Bytes key, List<Bytes> chain) {
    /** Copies the collection. */
    public Identity {
      chain = List.copyOf(chain);
    }
  }

  /** Whether answers from another one would be the same, but for how loaded nodes are. */
  boolean answersLike(LastGood other) {
    return zone.equals(other.zone)
        && provisioned.equals(other.provisioned)
        && published.equals(other.published)
        && identity.equals(other.identity)
        && replicas.equals(other.replicas)
        && probed.equals(other.probed)
        && serving().equals(other.serving());
  }

  private Set<String> serving() {
    return health.stream()
        .filter(NodeState::isServing)
        .map(NodeState::node)
        .collect(Collectors.toSet());
  }
}

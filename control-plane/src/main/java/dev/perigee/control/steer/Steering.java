package dev.perigee.control.steer;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Which nodes a client should go to. Never blocks. */
public interface Steering {
  /**
   * The choice with every step that led to it.
   *
   * @param siteId only nodes that serve this site; empty for any
   */
  Explanation explain(InetAddress client, Optional<String> siteId);

  /**
   * How clients share the nodes as things are, and how they would without some.
   *
   * @param clients none for some of every country that the GeoIP file has; takes seconds for many
   * @param siteId only nodes that serve this site; empty for any
   * @param failing names of nodes or regions
   */
  Simulation simulate(List<InetAddress> clients, Optional<String> siteId, Set<String> failing);

  /** Which of these are names neither of nodes nor of regions. */
  Set<String> unknownOf(Set<String> names);

  /**
   * Why a client goes where it goes.
   *
   * @param zone the coverage zone that the client lies in, with what it names
   * @param position of the client, where known
   * @param positionSource {@code geoip} or {@code unknown}
   * @param pin the country, or the places, within which the site keeps this client
   * @param candidates every node, the chosen ones first, nearest first
   * @param network the largest one with this client in which the nodes are asked in the same order
   * @param scopePrefix bits of the client's address that the answer depends on; 0 for none
   * @param fallback whether there was no healthy node where one was to be
   */
  record Explanation(
      InetAddress client,
      Optional<String> zone,
      Optional<Position> position,
      Optional<String> country,
      String positionSource,
      Optional<String> pin,
      List<Candidate> candidates,
      String network,
      int scopePrefix,
      boolean fallback) {
    public Explanation {
      candidates = List.copyOf(candidates);
    }

    /** The node the client is sent to; empty only when no node is provisioned. */
    public Optional<Candidate> chosen() {
      return candidates.stream().filter(Candidate::eligible).findFirst();
    }
  }

  /** Degrees: latitude −90 to 90, longitude −180 to 180. */
  record Position(double latitude, double longitude) {}

  /**
   * A node in the running.
   *
   * @param distanceKm great-circle distance; empty where the client's position is unknown
   * @param eligible whether it may be chosen
   * @param state what it does, the end of a sentence
   * @param load 0 idle to 1 full
   * @param weight what it can take beside the others, 0 to 100
   * @param reason why it was chosen or lost, a sentence
   */
  record Candidate(
      String node,
      String region,
      Optional<Double> distanceKm,
      boolean eligible,
      String state,
      double load,
      int weight,
      String reason,
      List<InetAddress> addresses,
      int httpPort,
      int httpsPort) {
    public Candidate {
      addresses = List.copyOf(addresses);
    }
  }
}

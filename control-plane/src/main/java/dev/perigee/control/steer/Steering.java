package dev.perigee.control.steer;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/** Which nodes a client should go to. Never blocks. */
public interface Steering {
  /**
   * The choice with every step that led to it.
   *
   * @param siteId only nodes that serve this site; empty for any
   */
  Explanation explain(InetAddress client, Optional<String> siteId);

  /**
   * Why a client goes where it goes.
   *
   * @param position of the client, where known
   * @param positionSource {@code geoip} or {@code unknown}
   * @param candidates every node, the chosen ones first, nearest first
   * @param scopePrefix bits of the client's address that the answer depends on; 0 for none
   * @param fallback whether no healthy candidate with a known distance was found
   */
  record Explanation(
      InetAddress client,
      Optional<Position> position,
      Optional<String> country,
      String positionSource,
      List<Candidate> candidates,
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
   * @param reason why it was chosen or lost, a sentence
   */
  record Candidate(
      String node,
      String region,
      Optional<Double> distanceKm,
      boolean eligible,
      String reason,
      List<InetAddress> addresses,
      int httpPort,
      int httpsPort) {
    public Candidate {
      addresses = List.copyOf(addresses);
    }
  }
}

package dev.perigee.control.store;

import dev.perigee.contract.AcmeChallenge;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A site whose certificate is got of an authority, and how far that is.
 *
 * @param hosts that the certificate is to name, all of them
 * @param regions that serve it; empty for all
 * @param got what was got last
 * @param covered whether uploaded certificates name all hosts until this time
 * @param tried of the last order
 * @param running whether an order is under way
 */
public record AcmeSite(
    String id,
    String organisation,
    List<String> hosts,
    Set<String> regions,
    AcmeChallenge challenge,
    Optional<Got> got,
    Optional<Covered> covered,
    Optional<Tried> tried,
    boolean running) {
  /** Copies the collections. */
  public AcmeSite {
    hosts = List.copyOf(hosts);
    regions = Set.copyOf(regions);
  }

  /**
   * A certificate that was got.
   *
   * @param id of its row
   */
  public record Got(String id, List<String> hosts, Instant notBefore, Instant notAfter) {
    /** Copies the collection. */
    public Got {
      hosts = List.copyOf(hosts);
    }

    /** Whether it names exactly these. */
    boolean names(List<String> wanted) {
      return Set.copyOf(hosts).equals(Set.copyOf(wanted));
    }
  }

  /** The uploaded certificate that ends first of those that are needed. */
  public record Covered(Instant notBefore, Instant notAfter) {}

  /**
   * The last order.
   *
   * @param failures in a row
   * @param next not before this time
   * @param notBefore as the authority asked for
   * @param problem why it failed; empty where it did not
   * @param step what it waits for, while it is under way
   */
  public record Tried(
      List<String> hosts,
      int failures,
      Optional<Instant> next,
      Optional<Instant> notBefore,
      String problem,
      Instant at,
      String step) {
    /** Copies the collection. */
    public Tried {
      hosts = List.copyOf(hosts);
    }
  }

  /** What was got, where it names all hosts of the site and no other. */
  public Optional<Got> current() {
    return got.filter(one -> one.names(hosts));
  }
}

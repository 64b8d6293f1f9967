package dev.perigee.edge.config;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.FromControl.Update;
import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.SiteConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The parts of one update as they come in, until it is whole. Belongs to one stream. */
final class UpdateAssembly {
  /** Parts of one update, at most 256 KiB each. */
  static final int MAX_PARTS = 2_000;

  /** Sites, certificates and nodes of one update. */
  static final int MAX_RESOURCES = 200_000;

  private final List<Update> parts = new ArrayList<>();
  private int resources;

  /**
   * Takes the next part.
   *
   * @return the whole update with its last part, else empty
   * @throws IllegalArgumentException when the part does not follow or a limit is passed; everything
   *     collected is then forgotten
   */
  Optional<Update> add(Update part) {
    if (part.part() == 0) {
      forget();
    }
    if (part.part() != parts.size() || !follows(part)) {
      throw broken("part " + part.part() + " does not follow the parts before it");
    }
    parts.add(part);
    resources += part.sites().size() + part.certificates().size() + part.peers().size();
    if (parts.size() > MAX_PARTS || resources > MAX_RESOURCES) {
      throw broken("the update is larger than the node takes");
    }
    if (!part.last()) {
      return Optional.empty();
    }
    Update whole = join();
    forget();
    return Optional.of(whole);
  }

  private boolean follows(Update part) {
    if (parts.isEmpty()) {
      return true;
    }
    Update first = parts.getFirst();
    return first.revision() == part.revision()
        && first.fromRevision() == part.fromRevision()
        && first.nonce().equals(part.nonce());
  }

  private Update join() {
    Update last = parts.getLast();
    if (parts.size() == 1) {
      return last;
    }
    List<SiteConfig> sites = new ArrayList<>();
    List<String> removedSites = new ArrayList<>();
    List<CertificateConfig> certificates = new ArrayList<>();
    List<String> removedCertificates = new ArrayList<>();
    List<PeerConfig> peers = new ArrayList<>();
    List<String> removedPeers = new ArrayList<>();
    String zone = "";
    for (Update part : parts) {
      sites.addAll(part.sites());
      removedSites.addAll(part.removedSites());
      certificates.addAll(part.certificates());
      removedCertificates.addAll(part.removedCertificates());
      peers.addAll(part.peers());
      removedPeers.addAll(part.removedPeers());
      zone = part.zone().isEmpty() ? zone : part.zone();
    }
    return new Update(
        last.nonce(),
        last.revision(),
        last.fromRevision(),
        0,
        true,
        sites,
        removedSites,
        certificates,
        removedCertificates,
        zone,
        peers,
        removedPeers);
  }

  private IllegalArgumentException broken(String problem) {
    forget();
    return new IllegalArgumentException(problem);
  }

  private void forget() {
    parts.clear();
    resources = 0;
  }
}

package dev.perigee.edge.config;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.FromControl.Update;
import dev.perigee.contract.FromEdge.Refusal;
import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.PeerValidator;
import dev.perigee.contract.Problem;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SiteValidator;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Decides what of a whole update comes into force: each site, certificate and node by itself. */
public final class UpdatePolicy {
  private UpdatePolicy() {}

  /**
   * The state after the update.
   *
   * @param logId the log in which the update counts
   */
  public static Applied apply(ConfigState current, String logId, Update update) {
    if (update.revision() <= 0) {
      return rejected(update, "The revision is not a positive number.");
    }
    if (!update.isSnapshot() && update.fromRevision() != current.revisionIn(logId)) {
      return rejected(
          update,
          "The delta begins at revision "
              + update.fromRevision()
              + ", the node is at "
              + current.revisionIn(logId)
              + ".");
    }
    List<Refusal> refusals = new ArrayList<>();
    Map<String, SiteConfig> sites =
        update.isSnapshot() ? new HashMap<>() : new HashMap<>(current.sites());
    Map<String, CertificateConfig> certificates =
        update.isSnapshot() ? new HashMap<>() : new HashMap<>(current.certificates());
    Map<String, PeerConfig> peers =
        update.isSnapshot() ? new HashMap<>() : new HashMap<>(current.peers());
    update.removedSites().forEach(sites::remove);
    update.removedPeers().forEach(peers::remove);
    update.removedCertificates().forEach(certificates::remove);
    takeSites(current, update, sites, refusals);
    takeCertificates(current, update, certificates, refusals);
    takePeers(current, update, peers, refusals);
    Map<String, String> refused = refused(current, update, refusals);
    return new Applied.Accepted(
        new ConfigState(
            logId, update.revision(), update.zone(), sites, certificates, peers, refused),
        refusals);
  }

  /** What was refused stays so until an update brings it anew or takes it away. */
  private static Map<String, String> refused(
      ConfigState current, Update update, List<Refusal> refusals) {
    Map<String, String> refused =
        update.isSnapshot() ? new HashMap<>() : new HashMap<>(current.refused());
    update.sites().forEach(site -> refused.remove(site.id()));
    update.certificates().forEach(certificate -> refused.remove(certificate.id()));
    update.removedSites().forEach(refused::remove);
    update.removedCertificates().forEach(refused::remove);
    update.peers().forEach(peer -> refused.remove(peer.name()));
    update.removedPeers().forEach(refused::remove);
    refusals.forEach(refusal -> refused.put(refusal.resource(), refusal.reason()));
    return refused;
  }

  private static void takeSites(
      ConfigState current, Update update, Map<String, SiteConfig> sites, List<Refusal> refusals) {
    for (SiteConfig site : update.sites()) {
      List<Problem> problems = SiteValidator.problems(site);
      if (problems.isEmpty()) {
        sites.put(site.id(), site);
        continue;
      }
      String reason = problems.stream().map(Problem::toString).collect(Collectors.joining(" "));
      refusals.add(new Refusal(site.id(), reason));
      SiteConfig lastGood = current.sites().get(site.id());
      if (lastGood != null) {
        sites.put(site.id(), lastGood);
      }
    }
  }

  private static void takeCertificates(
      ConfigState current,
      Update update,
      Map<String, CertificateConfig> certificates,
      List<Refusal> refusals) {
    for (CertificateConfig certificate : update.certificates()) {
      Optional<String> problem = CertificateCheck.problem(certificate);
      if (problem.isEmpty()) {
        certificates.put(certificate.id(), certificate);
        continue;
      }
      refusals.add(new Refusal(certificate.id(), problem.get()));
      CertificateConfig lastGood = current.certificates().get(certificate.id());
      if (lastGood != null) {
        certificates.put(certificate.id(), lastGood);
      }
    }
  }

  private static void takePeers(
      ConfigState current, Update update, Map<String, PeerConfig> peers, List<Refusal> refusals) {
    for (PeerConfig peer : update.peers()) {
      List<Problem> problems = PeerValidator.problems(peer);
      if (problems.isEmpty()) {
        peers.put(peer.name(), peer);
        continue;
      }
      String reason = problems.stream().map(Problem::toString).collect(Collectors.joining(" "));
      refusals.add(new Refusal(peer.name(), reason));
      PeerConfig lastGood = current.peers().get(peer.name());
      if (lastGood != null) {
        peers.put(peer.name(), lastGood);
      }
    }
  }

  private static Applied rejected(Update update, String problem) {
    return new Applied.Rejected(update.revision(), List.of(problem));
  }
}

package dev.perigee.control.changelog;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.ChangeStore;
import dev.perigee.control.store.ChangeStore.LoggedChange;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.PostgresCertificateStore;
import dev.perigee.control.store.PostgresCertificateStore.Held;
import dev.perigee.control.store.PostgresNodeStore;
import dev.perigee.control.store.PostgresSiteStore;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Makes snapshots and deltas for the edges of a region, in parts small enough to send. */
public final class ChangeLog {
  /** A delta over more changes than this is sent as a snapshot. */
  private static final int MAX_CHANGES = 5_000;

  private final ChangeStore changes;
  private final PostgresSiteStore sites;
  private final PostgresCertificateStore certificates;
  private final PostgresNodeStore nodes;
  private final String zone;

  public ChangeLog(
      ChangeStore changes,
      PostgresSiteStore sites,
      PostgresCertificateStore certificates,
      PostgresNodeStore nodes,
      String zone) {
    this.changes = changes;
    this.sites = sites;
    this.certificates = certificates;
    this.nodes = nodes;
    this.zone = zone;
  }

  /**
   * What brings an edge from one revision to another; empty when there is nothing to bring.
   *
   * @param from the edge's revision, 0 for none
   * @param head the newest revision known, and the update's; sites and certificates may be newer
   * @param region where the edge was when {@code head} was the newest revision, or later
   * @param node its name: canaries of a rollout get its candidate
   */
  public List<FromControl.Update> between(long from, long head, String region, String node) {
    if (from == head || head == 0) {
      return List.of();
    }
    return delta(from, head, region, node, true)
        .orElseGet(() -> snapshot(head, region, node, true));
  }

  /**
   * The same as changes alone; empty where only a snapshot does.
   *
   * @param asks whether the node can ask readers for certificates; one that cannot has no site that
   *     wants that, as it would let everybody in
   */
  public Optional<List<FromControl.Update>> delta(
      long from, long head, String region, String node, boolean asks) {
    if (from == 0 || from > head) {
      return Optional.empty();
    }
    List<LoggedChange> changed =
        changes.after(from, MAX_CHANGES + 1).stream().filter(c -> c.revision() <= head).toList();
    boolean gap = changed.isEmpty() || changed.getFirst().revision() != from + 1;
    return gap || changed.size() > MAX_CHANGES
        ? Optional.empty()
        : Optional.of(delta(from, changed, region, node, asks));
  }

  /** Everything that a node of a region has. */
  public List<FromControl.Update> snapshot(long head, String region, String node, boolean asks) {
    List<SiteConfig> served =
        sites.allFor(node).stream().filter(site -> isServed(site, region, asks)).toList();
    ServedHosts hosts = hosts(served);
    List<CertificateConfig> wanted =
        certificates.allWithKeys().stream().filter(hosts::want).map(Held::certificate).toList();
    List<PeerConfig> peers = nodes.all().stream().map(Node::peer).toList();
    return parts(head, 0, served, List.of(), wanted, List.of(), peers, List.of());
  }

  private List<FromControl.Update> delta(
      long from, List<LoggedChange> changed, String region, String node, boolean asks) {
    Set<String> siteIds = resources(changed, "site");
    Set<String> certificateIds = resources(changed, "certificate");
    Map<String, SiteConfig> siteNow = sites.byIds(siteIds, node);
    List<SiteConfig> served =
        siteNow.values().stream().filter(site -> isServed(site, region, asks)).toList();
    Set<String> removedSites = new HashSet<>(siteIds);
    served.forEach(site -> removedSites.remove(site.id()));
    // A changed site may bring hosts that a certificate sent to nobody here so far is for.
    Collection<Held> concerned =
        siteIds.isEmpty()
            ? certificates.byIds(certificateIds).values()
            : certificates.allWithKeys();
    ServedHosts changedHosts = hosts(served);
    ServedHosts allHosts =
        hosts(
            concerned.isEmpty()
                ? List.of()
                : sites.allFor(node).stream().filter(s -> isServed(s, region, asks)).toList());
    List<CertificateConfig> wanted = new ArrayList<>();
    Set<String> removedCertificates = new HashSet<>(certificateIds);
    for (Held held : concerned) {
      String id = held.certificate().id();
      if (!allHosts.want(held)) {
        // With the last site that it is for, a key goes too.
        removedCertificates.add(id);
      } else if (certificateIds.contains(id) || changedHosts.want(held)) {
        wanted.add(held.certificate());
        removedCertificates.remove(id);
      }
    }
    if (removedSites.isEmpty()) {
      removedCertificates.retainAll(certificateIds);
    }
    Set<String> removedPeers = resources(changed, "node");
    List<PeerConfig> peers = nodes.byNames(removedPeers).values().stream().map(Node::peer).toList();
    peers.forEach(peer -> removedPeers.remove(peer.name()));
    long revision = changed.getLast().revision();
    return parts(
        revision, from, served, removedSites, wanted, removedCertificates, peers, removedPeers);
  }

  private static boolean isServed(SiteConfig site, String region, boolean asks) {
    return site.isServedIn(region) && (asks || !site.clientCertificates().isAsked());
  }

  private static Set<String> resources(List<LoggedChange> changed, String kind) {
    Set<String> ids = new HashSet<>();
    changed.stream()
        .filter(change -> change.kind().equals(kind))
        .forEach(change -> ids.add(change.resource()));
    return ids;
  }

  /** Keys go only to nodes that serve a site they are for. */
  private ServedHosts hosts(List<SiteConfig> served) {
    return new ServedHosts(served, sites.organisations(served));
  }

  private List<FromControl.Update> parts(
      long revision,
      long from,
      List<SiteConfig> changedSites,
      Collection<String> removedSites,
      List<CertificateConfig> changedCertificates,
      Collection<String> removedCertificates,
      List<PeerConfig> peers,
      Collection<String> removedPeers) {
    UpdateParts parts = new UpdateParts();
    changedSites.forEach(parts::add);
    removedSites.forEach(parts::removeSite);
    changedCertificates.forEach(parts::add);
    removedCertificates.forEach(parts::removeCertificate);
    peers.forEach(parts::add);
    removedPeers.forEach(parts::removePeer);
    return parts.finish(UUID.randomUUID().toString(), revision, from, zone);
  }
}

package dev.perigee.control.changelog;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.Limits;
import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SyncCodec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** One update while it is being written, cut into parts by their encoded size. */
final class UpdateParts {
  /** Tag and length of one item in its message. */
  private static final int FRAMING = 8;

  /**
   * Small enough that a purge waits behind little; room for the nonce, the numbers and the zone is
   * left in any case, and one item alone may be larger.
   */
  private static final int PART_BYTES = Limits.MESSAGE_BYTES / 4 - 1024;

  private final List<Part> parts = new ArrayList<>(List.of(new Part()));
  private int bytes;

  private static final class Part {
    final List<SiteConfig> sites = new ArrayList<>();
    final List<String> removedSites = new ArrayList<>();
    final List<CertificateConfig> certificates = new ArrayList<>();
    final List<String> removedCertificates = new ArrayList<>();
    final List<PeerConfig> peers = new ArrayList<>();
    final List<String> removedPeers = new ArrayList<>();
  }

  void add(SiteConfig site) {
    partFor(SyncCodec.size(site)).sites.add(site);
  }

  void add(CertificateConfig certificate) {
    partFor(SyncCodec.size(certificate)).certificates.add(certificate);
  }

  void add(PeerConfig peer) {
    partFor(SyncCodec.size(peer)).peers.add(peer);
  }

  void removeSite(String id) {
    partFor(size(id)).removedSites.add(id);
  }

  void removeCertificate(String id) {
    partFor(size(id)).removedCertificates.add(id);
  }

  void removePeer(String name) {
    partFor(size(name)).removedPeers.add(name);
  }

  private static int size(String id) {
    return id.getBytes(StandardCharsets.UTF_8).length;
  }

  private Part partFor(int size) {
    boolean empty = bytes == 0;
    bytes += size + FRAMING;
    if (!empty && bytes > PART_BYTES) {
      parts.add(new Part());
      bytes = size + FRAMING;
    }
    return parts.getLast();
  }

  /** The parts in their order; at least one, as an update may only bring a new revision. */
  List<FromControl.Update> finish(String nonce, long revision, long from, String zone) {
    List<FromControl.Update> updates = new ArrayList<>();
    for (Part part : parts) {
      updates.add(
          new FromControl.Update(
              nonce,
              revision,
              from,
              updates.size(),
              updates.size() == parts.size() - 1,
              part.sites,
              part.removedSites,
              part.certificates,
              part.removedCertificates,
              zone,
              part.peers,
              part.removedPeers));
    }
    return updates;
  }
}

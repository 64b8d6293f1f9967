package dev.perigee.edge.config;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SyncCodec;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.contract.sync.v1.Update;
import dev.perigee.edge.table.HashTrie;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A state as it lies on the disk, in the words of the sync protocol. Whole: a Welcome (the log) and
 * an Update (all sites, certificates and nodes), each with its length before it. As a change of
 * another: an Update of what is not the same.
 */
final class LastGoodCodec {
  private LastGoodCodec() {}

  static byte[] whole(ConfigState state) throws IOException {
    ByteArrayOutputStream repeated = new ByteArrayOutputStream();
    CodedOutputStream fields = CodedOutputStream.newInstance(repeated);
    SyncCodec.encode(
            update(state, List.of(), List.of(), List.of(), List.of(), List.of(), List.of()))
        .getUpdate()
        .writeTo(fields);
    // One after the other: all of them as messages would take several times the room.
    for (SiteConfig site : state.sites().values()) {
      fields.writeMessage(Update.SITES_FIELD_NUMBER, SyncCodec.encode(site));
    }
    for (CertificateConfig certificate : state.certificates().values()) {
      fields.writeMessage(Update.CERTIFICATES_FIELD_NUMBER, SyncCodec.encode(certificate));
    }
    for (PeerConfig peer : state.peers().values()) {
      fields.writeMessage(Update.PEERS_FIELD_NUMBER, SyncCodec.encode(peer));
    }
    fields.flush();
    int tag = CodedOutputStream.computeTagSize(ControlMessage.UPDATE_FIELD_NUMBER);
    int length = CodedOutputStream.computeUInt32SizeNoTag(repeated.size());
    ByteArrayOutputStream all = new ByteArrayOutputStream(repeated.size() + 1024);
    SyncCodec.encode(new FromControl.Welcome(state.logId(), state.revision(), 0, 0))
        .writeDelimitedTo(all);
    CodedOutputStream head = CodedOutputStream.newInstance(all);
    head.writeUInt32NoTag(tag + length + repeated.size());
    head.writeTag(ControlMessage.UPDATE_FIELD_NUMBER, 2); // of a length
    head.writeUInt32NoTag(repeated.size());
    head.flush();
    repeated.writeTo(all);
    return all.toByteArray();
  }

  /**
   * The state that was written whole.
   *
   * @throws IOException when it is not one of this version
   */
  static ConfigState whole(InputStream in) throws IOException {
    try {
      FromControl first = SyncCodec.decode(ControlMessage.parseDelimitedFrom(in));
      FromControl second = SyncCodec.decode(ControlMessage.parseDelimitedFrom(in));
      if (first instanceof FromControl.Welcome welcome
          && second instanceof FromControl.Update update) {
        return new ConfigState(
            welcome.logId(),
            update.revision(),
            update.zone(),
            HashTrie.of(update.sites(), SiteConfig::id),
            HashTrie.of(update.certificates(), CertificateConfig::id),
            HashTrie.of(update.peers(), PeerConfig::name));
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("it is of another version", e);
    }
    throw new IOException("it is of another version");
  }

  /**
   * What makes one state of another.
   *
   * @param most resources
   * @return empty where that would be more, or the revisions count in different logs
   */
  static Optional<byte[]> change(ConfigState before, ConfigState after, int most) {
    Changes<SiteConfig> sites = Changes.between(before.sites(), after.sites());
    Changes<CertificateConfig> certificates =
        Changes.between(before.certificates(), after.certificates());
    Changes<PeerConfig> peers = Changes.between(before.peers(), after.peers());
    if (!before.logId().equals(after.logId())
        || sites.size() + certificates.size() + peers.size() > most) {
      return Optional.empty();
    }
    FromControl.Update update =
        update(
            after,
            sites.brought,
            sites.removed,
            certificates.brought,
            certificates.removed,
            peers.brought,
            peers.removed);
    return Optional.of(SyncCodec.encode(update).toByteArray());
  }

  /**
   * The state that a change makes.
   *
   * @throws IOException when it is none of this version
   */
  static ConfigState changed(ConfigState before, byte[] change) throws IOException {
    try {
      if (SyncCodec.decode(ControlMessage.parseFrom(change)) instanceof FromControl.Update update) {
        return new ConfigState(
            before.logId(),
            update.revision(),
            update.zone(),
            before
                .sites()
                .withoutAll(update.removedSites())
                .withAll(by(update.sites(), SiteConfig::id)),
            before
                .certificates()
                .withoutAll(update.removedCertificates())
                .withAll(by(update.certificates(), CertificateConfig::id)),
            before
                .peers()
                .withoutAll(update.removedPeers())
                .withAll(by(update.peers(), PeerConfig::name)));
      }
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new IOException("it is of another version", e);
    }
    throw new IOException("it is of another version");
  }

  private static <R> Map<String, R> by(List<R> all, Function<R, String> key) {
    Map<String, R> map = new HashMap<>();
    all.forEach(one -> map.put(key.apply(one), one));
    return map;
  }

  private static FromControl.Update update(
      ConfigState state,
      List<SiteConfig> sites,
      List<String> removedSites,
      List<CertificateConfig> certificates,
      List<String> removedCertificates,
      List<PeerConfig> peers,
      List<String> removedPeers) {
    return new FromControl.Update(
        "",
        state.revision(),
        0,
        0,
        true,
        sites,
        removedSites,
        certificates,
        removedCertificates,
        state.zone(),
        peers,
        removedPeers);
  }

  /** What is not the same of one kind of resource. */
  private record Changes<R>(List<R> brought, List<String> removed) {
    static <R> Changes<R> between(HashTrie<R> before, HashTrie<R> after) {
      Changes<R> changes = new Changes<>(new ArrayList<>(), new ArrayList<>());
      after.changesSince(
          before,
          (key, old, fresh) -> {
            if (fresh == null) {
              changes.removed.add(key);
            } else {
              changes.brought.add(fresh);
            }
          });
      return changes;
    }

    int size() {
      return brought.size() + removed.size();
    }
  }
}

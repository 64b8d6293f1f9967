package dev.perigee.contract;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.perigee.contract.sync.v1.Ack;
import dev.perigee.contract.sync.v1.Certificate;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.contract.sync.v1.EdgeMessage;
import dev.perigee.contract.sync.v1.Heartbeat;
import dev.perigee.contract.sync.v1.Hello;
import dev.perigee.contract.sync.v1.Nack;
import dev.perigee.contract.sync.v1.Origin;
import dev.perigee.contract.sync.v1.Peer;
import dev.perigee.contract.sync.v1.Ping;
import dev.perigee.contract.sync.v1.Pong;
import dev.perigee.contract.sync.v1.Prefix;
import dev.perigee.contract.sync.v1.PurgeAck;
import dev.perigee.contract.sync.v1.PurgeBatch;
import dev.perigee.contract.sync.v1.Refusal;
import dev.perigee.contract.sync.v1.Replicas;
import dev.perigee.contract.sync.v1.Site;
import dev.perigee.contract.sync.v1.TokensHeld;
import dev.perigee.contract.sync.v1.Update;
import dev.perigee.contract.sync.v1.Url;
import dev.perigee.contract.sync.v1.Welcome;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * Two-way codec between the contract's records and protobuf: the only place that sees a generated
 * type besides the two ends of the stream. Decoding throws {@link IllegalArgumentException} on a
 * message that breaks the contract; a site whose origin cannot be parsed is such a message only for
 * that origin, which is left out, so that the validator refuses the site and not the update.
 */
public final class SyncCodec {
  private SyncCodec() {}

  public static EdgeMessage encode(FromEdge message) {
    EdgeMessage.Builder out = EdgeMessage.newBuilder();
    switch (message) {
      case FromEdge.Hello hello ->
          out.setHello(
              Hello.newBuilder()
                  .setNode(hello.node())
                  .setBuild(hello.build())
                  .setLastRevision(hello.lastRevision())
                  .setLastPurge(hello.lastPurge())
                  .setLogId(hello.logId())
                  .addAllFeatures(hello.features())
                  .addAllGeo(GeoCodec.encode(hello.geo())));
      case FromEdge.Ack ack -> out.setAck(encodeAck(ack));
      case FromEdge.Nack nack ->
          out.setNack(
              Nack.newBuilder()
                  .setNonce(nack.nonce())
                  .setRevision(nack.revision())
                  .addAllProblems(nack.problems()));
      case FromEdge.PurgeAck ack ->
          out.setPurgeAck(PurgeAck.newBuilder().setThrough(ack.through()));
      case FromEdge.Heartbeat beat -> out.setHeartbeat(encodeHeartbeat(beat));
      case FromEdge.Warmed warmed -> out.setWarmed(WarmUpCodec.encode(warmed));
      case FromEdge.GeoReport report -> out.setGeo(GeoCodec.encode(report));
      case FromEdge.Ping ping -> out.setPing(Ping.getDefaultInstance());
      case FromEdge.Trusted trusted -> out.setTrusted(TrustCodec.encode(trusted));
      case FromEdge.Demands demands -> out.setDemands(DemandCodec.encode(demands));
      case FromEdge.TokensHeld held ->
          out.setTokensHeld(TokensHeld.newBuilder().setThrough(held.through()));
    }
    return out.build();
  }

  public static FromEdge decode(EdgeMessage message) {
    return switch (message.getKindCase()) {
      case HELLO -> {
        Hello hello = message.getHello();
        yield new FromEdge.Hello(
            hello.getNode(),
            hello.getBuild(),
            hello.getLastRevision(),
            hello.getLastPurge(),
            hello.getLogId(),
            Set.copyOf(hello.getFeaturesList()),
            GeoCodec.decode(hello.getGeoList()));
      }
      case ACK -> {
        Ack ack = message.getAck();
        yield new FromEdge.Ack(
            ack.getNonce(),
            ack.getRevision(),
            ack.getRefusalsList().stream()
                .map(refusal -> new FromEdge.Refusal(refusal.getResource(), refusal.getReason()))
                .toList());
      }
      case NACK -> {
        Nack nack = message.getNack();
        yield new FromEdge.Nack(nack.getNonce(), nack.getRevision(), nack.getProblemsList());
      }
      case PURGE_ACK -> new FromEdge.PurgeAck(message.getPurgeAck().getThrough());
      case HEARTBEAT -> decodeHeartbeat(message.getHeartbeat());
      case WARMED -> WarmUpCodec.decode(message.getWarmed());
      case GEO -> GeoCodec.decode(message.getGeo());
      case PING -> new FromEdge.Ping();
      case TRUSTED -> TrustCodec.decode(message.getTrusted());
      case DEMANDS -> DemandCodec.decode(message.getDemands());
      case TOKENS_HELD -> new FromEdge.TokensHeld(message.getTokensHeld().getThrough());
      case KIND_NOT_SET -> throw new IllegalArgumentException("an edge message of unknown kind");
    };
  }

  public static ControlMessage encode(FromControl message) {
    ControlMessage.Builder out = ControlMessage.newBuilder();
    switch (message) {
      case FromControl.Welcome welcome ->
          out.setWelcome(
              Welcome.newBuilder()
                  .setLogId(welcome.logId())
                  .setHeadRevision(welcome.headRevision())
                  .setHeadPurge(welcome.headPurge())
                  .setPurgedThrough(welcome.purgedThrough())
                  .setPulseMillis(welcome.pulse().toMillis())
                  .setLimitKey(ByteString.copyFrom(welcome.limitKey().toArray())));
      case FromControl.Update update -> out.setUpdate(encodeUpdate(update));
      case FromControl.Purges purges -> {
        PurgeBatch.Builder batch = PurgeBatch.newBuilder();
        purges.purges().forEach(purge -> batch.addPurges(encode(purge)));
        out.setPurges(batch);
      }
      case FromControl.WarmUp order -> out.setWarmUp(WarmUpCodec.encode(order));
      case FromControl.GeoChunk chunk -> out.setGeo(GeoCodec.encode(chunk));
      case FromControl.Pong pong -> out.setPong(Pong.getDefaultInstance());
      case FromControl.Replicas replicas ->
          out.setReplicas(Replicas.newBuilder().addAllAddresses(replicas.addresses()));
      case FromControl.Shares shares -> out.setShares(DemandCodec.encode(shares));
      case FromControl.TicketKeys keys -> out.setTicketKeys(TicketKeyCodec.encode(keys));
      case FromControl.Trust trust -> out.setTrust(TrustCodec.encode(trust));
      case FromControl.AcmeTokens tokens -> out.setAcmeTokens(AcmeTokenCodec.encode(tokens));
    }
    return out.build();
  }

  public static FromControl decode(ControlMessage message) {
    return switch (message.getKindCase()) {
      case WELCOME -> {
        Welcome welcome = message.getWelcome();
        yield new FromControl.Welcome(
            welcome.getLogId(),
            welcome.getHeadRevision(),
            welcome.getHeadPurge(),
            welcome.getPurgedThrough(),
            Duration.ofMillis(welcome.getPulseMillis()),
            Bytes.copyOf(welcome.getLimitKey().toByteArray()));
      }
      case UPDATE -> decodeUpdate(message.getUpdate());
      case PURGES ->
          new FromControl.Purges(
              message.getPurges().getPurgesList().stream().map(SyncCodec::decode).toList());
      case WARM_UP -> WarmUpCodec.decode(message.getWarmUp());
      case GEO -> GeoCodec.decode(message.getGeo());
      case PONG -> new FromControl.Pong();
      case REPLICAS -> new FromControl.Replicas(message.getReplicas().getAddressesList());
      case SHARES -> DemandCodec.decode(message.getShares());
      case TICKET_KEYS -> TicketKeyCodec.decode(message.getTicketKeys());
      case TRUST -> TrustCodec.decode(message.getTrust());
      case ACME_TOKENS -> AcmeTokenCodec.decode(message.getAcmeTokens());
      case KIND_NOT_SET -> throw new IllegalArgumentException("a control message of unknown kind");
    };
  }

  /** Also the form in which purges are journalled. */
  public static dev.perigee.contract.sync.v1.Purge encode(Purge purge) {
    dev.perigee.contract.sync.v1.Purge.Builder out =
        dev.perigee.contract.sync.v1.Purge.newBuilder()
            .setNumber(purge.number())
            .setSite(purge.site().orElse(""))
            .setSoft(purge.soft());
    switch (purge.scope()) {
      case PurgeScope.Url url ->
          out.setUrl(Url.newBuilder().setHost(url.host()).setTarget(url.target()));
      case PurgeScope.Prefix prefix ->
          out.setPrefix(
              Prefix.newBuilder().setHost(prefix.host().orElse("")).setPath(prefix.path()));
      case PurgeScope.Host host -> out.setHost(host.host());
      case PurgeScope.Tag tag -> out.setTag(tag.tag());
      case PurgeScope.Everything everything -> out.setEverything(true);
    }
    return out.build();
  }

  public static Purge decode(dev.perigee.contract.sync.v1.Purge purge) {
    PurgeScope scope =
        switch (purge.getScopeCase()) {
          case URL -> new PurgeScope.Url(purge.getUrl().getHost(), purge.getUrl().getTarget());
          case PREFIX ->
              new PurgeScope.Prefix(
                  nonEmpty(purge.getPrefix().getHost()), purge.getPrefix().getPath());
          case HOST -> new PurgeScope.Host(purge.getHost());
          case TAG -> new PurgeScope.Tag(purge.getTag());
          case EVERYTHING -> new PurgeScope.Everything();
          case SCOPE_NOT_SET -> throw new IllegalArgumentException("a purge of unknown scope");
        };
    return new Purge(purge.getNumber(), nonEmpty(purge.getSite()), scope, purge.getSoft());
  }

  /** Also the form in which sites lie on an edge's disk. */
  public static Site encode(SiteConfig site) {
    Site.Builder out =
        Site.newBuilder()
            .setId(site.id())
            .addAllHosts(site.hosts())
            .addAllRegions(site.regions())
            .setSchemeInKey(site.schemeInKey())
            .setPortInKey(site.portInKey())
            .setCache(CachePolicyCodec.encode(site.cache()))
            .setHiding(HidingPolicyCodec.encode(site.hiding()))
            .setNoShield(!site.tiers().shield())
            .setPopShare(site.tiers().popShare())
            .setSteering(SteeringPolicyCodec.encode(site.steering()))
            .setBandwidth(site.bandwidth())
            .setCompression(CompressionPolicyCodec.encode(site.compression()));
    if (site.acme() != AcmeChallenge.OFF) {
      out.setAcme(site.acme().token());
    }
    if (!site.clientCertificates().equals(ClientCertificates.OFF)) {
      out.setReaderCertificates(ClientCertificatesCodec.encode(site.clientCertificates()));
    }
    site.limits().forEach(rule -> out.addLimits(RateRuleCodec.encode(rule)));
    if (!site.pools().isNone()) {
      out.setPools(OriginPoolsCodec.encode(site.pools()));
    }
    site.origins().forEach(o -> out.addOrigins(Origin.newBuilder().setUrl(o.toString())));
    return out.build();
  }

  public static SiteConfig decode(Site site) {
    return new SiteConfig(
        site.getId(),
        site.getHostsList(),
        site.getOriginsList().stream()
            .flatMap(origin -> OriginUrl.parse(origin.getUrl()).stream())
            .toList(),
        Set.copyOf(site.getRegionsList()),
        site.getSchemeInKey(),
        site.getPortInKey(),
        CachePolicyCodec.decode(site.getCache()),
        OriginPoolsCodec.decode(site.getPools()),
        HidingPolicyCodec.decode(site.getHiding()),
        new TierPolicy(!site.getNoShield(), site.getPopShare()),
        SteeringPolicyCodec.decode(site.getSteering()),
        RateRuleCodec.decode(site.getLimitsList()),
        site.getBandwidth(),
        CompressionPolicyCodec.decode(site.getCompression()),
        AcmeChallenge.orOff(site.getAcme()),
        ClientCertificatesCodec.decode(site.getReaderCertificates()));
  }

  public static Peer encode(PeerConfig peer) {
    return Peer.newBuilder()
        .setName(peer.name())
        .setRegion(peer.region())
        .addAllAddresses(peer.addresses())
        .setPeerPort(peer.peerPort())
        .setShield(peer.shield())
        .build();
  }

  public static PeerConfig decode(Peer peer) {
    return new PeerConfig(
        peer.getName(),
        peer.getRegion(),
        peer.getAddressesList(),
        peer.getPeerPort(),
        peer.getShield());
  }

  public static Certificate encode(CertificateConfig certificate) {
    Certificate.Builder out =
        Certificate.newBuilder()
            .setId(certificate.id())
            .addAllHosts(certificate.hosts())
            .setPrivateKeyPkcs8(ByteString.copyFrom(certificate.privateKey().toArray()));
    certificate.chain().forEach(der -> out.addChainDer(ByteString.copyFrom(der.toArray())));
    return out.build();
  }

  public static CertificateConfig decode(Certificate certificate) {
    return new CertificateConfig(
        certificate.getId(),
        certificate.getHostsList(),
        certificate.getChainDerList().stream().map(der -> Bytes.copyOf(der.toByteArray())).toList(),
        Bytes.copyOf(certificate.getPrivateKeyPkcs8().toByteArray()));
  }

  public static byte[] toBytes(SiteConfig site) {
    return encode(site).toByteArray();
  }

  /** The site that {@link #toBytes(SiteConfig)} wrote. */
  public static SiteConfig siteOf(byte[] bytes) {
    try {
      return decode(Site.parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("not a site", e);
    }
  }

  /** How many bytes the site has in an update. */
  public static int size(SiteConfig site) {
    return encode(site).getSerializedSize();
  }

  /** How many bytes the certificate has in an update. */
  public static int size(CertificateConfig certificate) {
    return encode(certificate).getSerializedSize();
  }

  /** How many bytes the node has in an update. */
  public static int size(PeerConfig peer) {
    return encode(peer).getSerializedSize();
  }

  /** The purge as logs and journals keep it. */
  public static byte[] toBytes(Purge purge) {
    return encode(purge).toByteArray();
  }

  /** The purge that {@link #toBytes} wrote. */
  public static Purge purgeOf(byte[] bytes) {
    try {
      return decode(dev.perigee.contract.sync.v1.Purge.parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("not a purge", e);
    }
  }

  private static Update encodeUpdate(FromControl.Update update) {
    Update.Builder out =
        Update.newBuilder()
            .setNonce(update.nonce())
            .setRevision(update.revision())
            .setFromRevision(update.fromRevision())
            .setPart(update.part())
            .setLast(update.last())
            .addAllRemovedSites(update.removedSites())
            .addAllRemovedCertificates(update.removedCertificates())
            .setZone(update.zone())
            .addAllRemovedPeers(update.removedPeers());
    update.sites().forEach(site -> out.addSites(encode(site)));
    update.certificates().forEach(certificate -> out.addCertificates(encode(certificate)));
    update.peers().forEach(peer -> out.addPeers(encode(peer)));
    return out.build();
  }

  private static FromControl.Update decodeUpdate(Update update) {
    return new FromControl.Update(
        update.getNonce(),
        update.getRevision(),
        update.getFromRevision(),
        update.getPart(),
        update.getLast(),
        update.getSitesList().stream().map(SyncCodec::decode).toList(),
        update.getRemovedSitesList(),
        update.getCertificatesList().stream().map(SyncCodec::decode).toList(),
        update.getRemovedCertificatesList(),
        update.getZone(),
        update.getPeersList().stream().map(SyncCodec::decode).toList(),
        update.getRemovedPeersList());
  }

  private static Ack encodeAck(FromEdge.Ack ack) {
    Ack.Builder out = Ack.newBuilder().setNonce(ack.nonce()).setRevision(ack.revision());
    ack.refusals()
        .forEach(
            refusal ->
                out.addRefusals(
                    Refusal.newBuilder()
                        .setResource(refusal.resource())
                        .setReason(refusal.reason())));
    return out.build();
  }

  private static Heartbeat encodeHeartbeat(FromEdge.Heartbeat beat) {
    return Heartbeat.newBuilder()
        .setRevision(beat.revision())
        .setPurge(beat.purge())
        .setRequestsPerSecond(beat.requestsPerSecond())
        .setOpenConnections(beat.openConnections())
        .setLoad(beat.load())
        .setHealthy(beat.healthy())
        .setHealthDetail(beat.healthDetail())
        .addAllGeo(GeoCodec.encode(beat.geo()))
        .addAllOrigins(beat.origins().stream().map(OriginHealthCodec::encode).toList())
        .addAllTraffic(beat.traffic().stream().map(SyncCodec::encode).toList())
        .build();
  }

  private static FromEdge.Heartbeat decodeHeartbeat(Heartbeat beat) {
    return new FromEdge.Heartbeat(
        beat.getRevision(),
        beat.getPurge(),
        beat.getRequestsPerSecond(),
        beat.getOpenConnections(),
        beat.getLoad(),
        beat.getHealthy(),
        beat.getHealthDetail(),
        GeoCodec.decode(beat.getGeoList()),
        beat.getOriginsList().stream().map(OriginHealthCodec::decode).toList(),
        beat.getTrafficList().stream()
            .map(t -> new SiteTraffic(t.getSite(), t.getRequests(), t.getErrors()))
            .toList());
  }

  private static dev.perigee.contract.sync.v1.SiteTraffic encode(SiteTraffic traffic) {
    return dev.perigee.contract.sync.v1.SiteTraffic.newBuilder()
        .setSite(traffic.site())
        .setRequests(traffic.requests())
        .setErrors(traffic.errors())
        .build();
  }

  private static Optional<String> nonEmpty(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }
}

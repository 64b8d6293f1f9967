package dev.perigee.control.dns;

import dev.perigee.control.steer.NodeChoice;
import dev.perigee.control.steer.SteeringSnapshot;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;

/** Zones without a thread of their own. */
final class TestZones {
  static final SipHash HASH = new SipHash(1, 2);

  /** What signatures are made by. */
  static final InstantSource NOW = InstantSource.fixed(Instant.parse("2026-11-26T10:00:00Z"));

  private TestZones() {}

  /** What answers packets from the snapshot as it is now. */
  static DnsPackets packets(
      DnsConfig config, NodeChoice steering, Supplier<SteeringSnapshot> snapshot) {
    return packets(config, steering, snapshot, ZoneFacts.NONE);
  }

  /** The same where the zone holds these too. */
  static DnsPackets packets(
      DnsConfig config, NodeChoice steering, Supplier<SteeringSnapshot> snapshot, ZoneFacts facts) {
    DnsConfig unlimited = unlimited(config);
    Zones zones = new Zones(config, snapshot, () -> facts, HASH);
    return new DnsPackets(() -> responder(unlimited, steering, zones));
  }

  /** A responder with the limits of this configuration. */
  static DnsResponder responder(DnsConfig config, NodeChoice steering, Supplier<Zone> zones) {
    AbuseGuard.Shared shared =
        new AbuseGuard.Shared(
            config.limits(),
            new ResponseRates(config.limits(), HASH),
            HASH,
            InstantSource.fixed(Instant.EPOCH),
            () -> 0);
    return new DnsResponder(
        config,
        steering,
        zones,
        new AbuseGuard(shared, new byte[32]),
        new Signatures(config.signing()),
        new DnsCounters(),
        NOW);
  }

  /** The same without a limit of rates. */
  static DnsConfig unlimited(DnsConfig config) {
    return new DnsConfig(
        config.addresses(),
        config.port(),
        config.zone(),
        config.siteHosts(),
        config.nameServers(),
        config.authorities(),
        config.ttlSeconds(),
        config.threads(),
        config.udpBuffer(),
        config.tcpConnections(),
        config.tcpIdle(),
        new DnsLimits(0, 1, 0, 24, 56, 4, List.of()));
  }
}

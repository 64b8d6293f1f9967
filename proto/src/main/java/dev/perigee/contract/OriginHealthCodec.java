package dev.perigee.contract;

import dev.perigee.contract.sync.v1.ServerHealth;

/** Two-way codec of what nodes say of origins. */
final class OriginHealthCodec {
  private OriginHealthCodec() {}

  static dev.perigee.contract.sync.v1.OriginHealth encode(OriginHealth health) {
    var out = dev.perigee.contract.sync.v1.OriginHealth.newBuilder().setSite(health.site());
    for (OriginHealth.Server server : health.servers()) {
      out.addServers(
          ServerHealth.newBuilder()
              .setPool(server.pool())
              .setUrl(server.url())
              .setStanding(server.standing())
              .setCheck(server.check())
              .setActive(server.active())
              .setLatencyMicros(server.latencyMicros())
              .setRequests(server.requests())
              .setFailures(server.failures()));
    }
    return out.build();
  }

  static OriginHealth decode(dev.perigee.contract.sync.v1.OriginHealth health) {
    return new OriginHealth(
        health.getSite(), health.getServersList().stream().map(OriginHealthCodec::decode).toList());
  }

  private static OriginHealth.Server decode(ServerHealth server) {
    return new OriginHealth.Server(
        server.getPool(),
        server.getUrl(),
        server.getStanding(),
        server.getCheck(),
        server.getActive(),
        server.getLatencyMicros(),
        server.getRequests(),
        server.getFailures());
  }
}

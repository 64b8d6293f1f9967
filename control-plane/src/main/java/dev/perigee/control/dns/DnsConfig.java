package dev.perigee.control.dns;

import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the DNS server answers for.
 *
 * @param addresses to bind, UDP and TCP
 * @param port 0 picks a free one
 * @param zone normalised, without a dot at the end
 * @param siteHosts whether the sites' own hosts are answered too
 * @param nameServers the zone's servers and their addresses
 * @param ttlSeconds of addresses
 */
public record DnsConfig(
    List<InetAddress> addresses,
    int port,
    String zone,
    boolean siteHosts,
    Map<String, InetAddress> nameServers,
    int ttlSeconds) {
  /** Copies the collections. */
  public DnsConfig {
    addresses = List.copyOf(addresses);
    if (nameServers.isEmpty()) {
      throw new IllegalArgumentException("a zone has at least one name server");
    }
    nameServers = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(nameServers));
  }
}

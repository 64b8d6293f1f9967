package dev.perigee.control.dns;

import dev.perigee.contract.HostName;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Collections;
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
 * @param nameServers the zone's servers and their addresses, at least one; no address is told of
 *     one that has the wildcard address
 * @param ttlSeconds of addresses
 * @param tcpConnections open at one time, of all addresses together
 * @param tcpIdle how long a TCP connection may take for a whole query, and to take an answer
 */
public record DnsConfig(
    List<InetAddress> addresses,
    int port,
    String zone,
    boolean siteHosts,
    Map<String, InetAddress> nameServers,
    int ttlSeconds,
    int tcpConnections,
    Duration tcpIdle) {
  /** Copies the collections and normalises the servers' names. */
  public DnsConfig {
    addresses = List.copyOf(addresses);
    if (nameServers.isEmpty()) {
      throw new IllegalArgumentException("a zone has at least one name server");
    }
    Map<String, InetAddress> named = new LinkedHashMap<>();
    nameServers.forEach((name, address) -> named.put(normalised(name), address));
    nameServers = Collections.unmodifiableMap(named);
    if (ttlSeconds < 0 || tcpConnections < 1 || !tcpIdle.isPositive()) {
      throw new IllegalArgumentException("DNS: TTL, connections and idle time are positive");
    }
  }

  private static String normalised(String name) {
    return HostName.normalise(name)
        .filter(host -> !host.startsWith("["))
        .orElseThrow(() -> new IllegalArgumentException("no name of a name server: " + name));
  }
}

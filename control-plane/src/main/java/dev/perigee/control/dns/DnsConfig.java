package dev.perigee.control.dns;

import dev.perigee.contract.HostName;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
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
 * @param authorities who may issue certificates for the zone's names; empty for anybody
 * @param ttlSeconds of the nodes' own names; sites have their own
 * @param threads of UDP for each address
 * @param udpBuffer bytes of queries that may wait for one thread
 * @param tcpConnections open at one time, of all addresses together
 * @param tcpIdle how long a TCP connection may take for a whole query, and to take an answer
 * @param limits of what anybody is told over UDP
 * @param signing how much is signed, where the zone has keys
 */
public record DnsConfig(
    List<InetAddress> addresses,
    int port,
    String zone,
    boolean siteHosts,
    Map<String, InetAddress> nameServers,
    List<Authority> authorities,
    int ttlSeconds,
    int threads,
    int udpBuffer,
    int tcpConnections,
    Duration tcpIdle,
    DnsLimits limits,
    SigningLimits signing) {
  /** So much waits in the kernel by default: some 4 000 queries. */
  public static final int UDP_BUFFER = 4 << 20;

  private static final int MAX_THREADS = 64;

  /** Copies the collections and normalises the servers' names. */
  public DnsConfig {
    addresses = List.copyOf(addresses);
    authorities = List.copyOf(authorities);
    if (nameServers.isEmpty()) {
      throw new IllegalArgumentException("a zone has at least one name server");
    }
    Map<String, InetAddress> named = new LinkedHashMap<>();
    nameServers.forEach((name, address) -> named.put(normalised(name), address));
    nameServers = Collections.unmodifiableMap(named);
    if (ttlSeconds < 0 || tcpConnections < 1 || udpBuffer < 1 || !tcpIdle.isPositive()) {
      throw new IllegalArgumentException(
          "DNS: TTL, UDP buffer, connections and idle time are positive");
    }
    if (threads < 1 || threads > MAX_THREADS) {
      throw new IllegalArgumentException("DNS: threads are from 1 to " + MAX_THREADS);
    }
  }

  /** With the usual limits of signing. */
  public DnsConfig(
      List<InetAddress> addresses,
      int port,
      String zone,
      boolean siteHosts,
      Map<String, InetAddress> nameServers,
      List<Authority> authorities,
      int ttlSeconds,
      int threads,
      int udpBuffer,
      int tcpConnections,
      Duration tcpIdle,
      DnsLimits limits) {
    this(
        addresses,
        port,
        zone,
        siteHosts,
        nameServers,
        authorities,
        ttlSeconds,
        threads,
        udpBuffer,
        tcpConnections,
        tcpIdle,
        limits,
        SigningLimits.DEFAULT);
  }

  /** With one thread for each address, and certificates from anybody. */
  public DnsConfig(
      List<InetAddress> addresses,
      int port,
      String zone,
      boolean siteHosts,
      Map<String, InetAddress> nameServers,
      int ttlSeconds,
      int tcpConnections,
      Duration tcpIdle) {
    this(
        addresses,
        port,
        zone,
        siteHosts,
        nameServers,
        List.of(),
        ttlSeconds,
        1,
        UDP_BUFFER,
        tcpConnections,
        tcpIdle,
        DnsLimits.DEFAULT);
  }

  private static String normalised(String name) {
    return HostName.normalise(name)
        .filter(host -> !host.startsWith("["))
        .orElseThrow(() -> new IllegalArgumentException("no name of a name server: " + name));
  }

  /**
   * Who may issue certificates (RFC 8659, section 4).
   *
   * @param tag {@code issue}, {@code issuewild} or {@code iodef}
   * @param value an authority's domain, or where it reports to
   */
  public record Authority(String tag, String value) {
    private static final int MOST_VALUE = 255;

    /** Refuses what no authority would understand. */
    public Authority {
      boolean known = tag.equals("issue") || tag.equals("issuewild") || tag.equals("iodef");
      boolean plain = value.chars().allMatch(c -> c >= 0x20 && c < 0x7f);
      if (!known || !plain || value.length() > MOST_VALUE) {
        throw new IllegalArgumentException(
            "a certificate authority is issue=DOMAIN, issuewild=DOMAIN or iodef=URL: "
                + tag
                + "="
                + value);
      }
    }

    byte[] wire() {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.write(0);
      out.write(tag.length());
      out.writeBytes((tag + value).getBytes(StandardCharsets.US_ASCII));
      return out.toByteArray();
    }
  }
}

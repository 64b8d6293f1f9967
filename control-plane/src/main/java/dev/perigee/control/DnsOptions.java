package dev.perigee.control;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.HostName;
import dev.perigee.control.dns.DnsConfig;
import dev.perigee.control.dns.DnsLimits;
import dev.perigee.control.dns.SigningLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** What the DNS server answers for, and its limits. */
final class DnsOptions {
  /** Of DNSKEY and other records of the zone itself, and at most of challenges and of sites. */
  private static final int LONGEST_TTL = 3_600;

  @Option(
      names = "--dns-bind",
      defaultValue = "127.0.0.1",
      split = ",",
      description = "addresses, IPv4 and IPv6; repeatable; ${DEFAULT-VALUE}")
  List<String> bind = new ArrayList<>();

  @Option(names = "--dns-port", defaultValue = "7053", description = "${DEFAULT-VALUE}")
  int port;

  @Option(names = "--dns-zone", defaultValue = "cdn.example", description = "${DEFAULT-VALUE}")
  String zone = "";

  @Option(names = "--dns-site-hosts", description = "answer for the sites' own hosts too")
  boolean siteHosts;

  @Option(
      names = "--dns-ns",
      description = "NAME=IP of a name server of the zone; repeatable; ns1.<zone> by default")
  Map<String, String> nameServers = new LinkedHashMap<>();

  @Option(
      names = "--dns-ttl",
      defaultValue = "30",
      description = "seconds of the nodes' own names; ${DEFAULT-VALUE}. Sites have their own")
  int ttl;

  @Option(
      names = "--dns-caa",
      description = {
        "TAG=VALUE of who may issue certificates for the zone's names, as issue=ca.example;",
        "repeatable; anybody by default"
      })
  List<String> caa = new ArrayList<>();

  @Option(
      names = "--dns-threads",
      defaultValue = "1",
      description = "of UDP for each address, at most 64; ${DEFAULT-VALUE}")
  int threads;

  @Option(
      names = "--dns-udp-buffer",
      defaultValue = "4194304",
      description = "bytes of queries that may wait for one thread; ${DEFAULT-VALUE}")
  int udpBuffer;

  @Option(
      names = "--dns-tcp-connections",
      defaultValue = "1000",
      description = "open at one time; ${DEFAULT-VALUE}")
  int tcpConnections;

  @Option(
      names = "--dns-tcp-idle",
      defaultValue = "10",
      description = "seconds for a whole query, and for taking an answer; ${DEFAULT-VALUE}")
  int tcpIdle;

  @Option(
      names = "--dns-rate",
      defaultValue = "200",
      description = {
        "answers of one kind a second, over UDP, to one network without a cookie;"
            + " ${DEFAULT-VALUE};",
        "0 for no limit"
      })
  int rate;

  @Option(
      names = "--dns-rate-burst",
      defaultValue = "1000",
      description = "such answers at once after a pause; ${DEFAULT-VALUE}")
  int rateBurst;

  @Option(
      names = "--dns-rate-slip",
      defaultValue = "2",
      description = {
        "one of so many answers above the rate is cut, so that who is there asks again over TCP,",
        "and the others are dropped; ${DEFAULT-VALUE}; 0 for all dropped"
      })
  int rateSlip;

  @Option(
      names = "--dns-rate-prefix4",
      defaultValue = "24",
      description = "bits of IPv4 that are one network; ${DEFAULT-VALUE}")
  int ratePrefix4;

  @Option(
      names = "--dns-rate-prefix6",
      defaultValue = "56",
      description = "bits of IPv6 that are one network; ${DEFAULT-VALUE}")
  int ratePrefix6;

  @Option(
      names = "--dns-rate-table",
      defaultValue = "262144",
      description =
          "networks and kinds of answers that are counted, 8 bytes each; ${DEFAULT-VALUE}")
  int rateTable;

  @Option(
      names = "--dns-rate-exempt",
      split = ",",
      converter = Options.RangeConverter.class,
      description = "address ranges without that rate, as of resolvers that are trusted")
  List<AddressRange> rateExempt = new ArrayList<>();

  @Option(
      names = "--dns-signatures",
      defaultValue = "65536",
      description = "that are kept where the zone is signed, some 200 bytes each; ${DEFAULT-VALUE}")
  int signatures;

  @Option(
      names = "--dns-signatures-rate",
      defaultValue = "2000",
      description = {
        "new ones a second over UDP, and as many over TCP; ${DEFAULT-VALUE}; who needs more is"
            + " told",
        "to come over TCP, and there that it failed"
      })
  int signaturesRate;

  @Option(
      names = "--dns-last-good-every",
      defaultValue = "5",
      description = {
        "seconds between two times that a process without the role api writes what it answers",
        "from to STATE-DIR/last-good-answers, 1 to 3600; ${DEFAULT-VALUE}"
      })
  int lastGoodEvery;

  Duration lastGoodEvery() throws IOException {
    if (lastGoodEvery < 1 || lastGoodEvery > 3_600) {
      throw new IOException("--dns-last-good-every is from 1 to 3600 seconds: " + lastGoodEvery);
    }
    return Duration.ofSeconds(lastGoodEvery);
  }

  /** The zone's name, normalised. */
  String zone() throws IOException {
    return HostName.normalise(zone)
        .orElseThrow(() -> new IOException("--dns-zone is no name: " + zone));
  }

  DnsConfig config() throws IOException {
    List<InetAddress> addresses = new ArrayList<>();
    for (String one : bind) {
      addresses.add(InetAddress.getByName(one));
    }
    Map<String, InetAddress> servers = new LinkedHashMap<>();
    for (Map.Entry<String, String> server : nameServers.entrySet()) {
      servers.put(server.getKey(), InetAddress.getByName(server.getValue()));
    }
    if (servers.isEmpty()) {
      servers.put("ns1." + zone(), addresses.getFirst());
    }
    try {
      return new DnsConfig(
          addresses,
          port,
          zone(),
          siteHosts,
          servers,
          caa.stream().map(DnsOptions::authority).toList(),
          ttl,
          threads,
          udpBuffer,
          tcpConnections,
          Duration.ofSeconds(tcpIdle),
          limits(),
          new SigningLimits(signatures, signaturesRate));
    } catch (IllegalArgumentException e) {
      throw new IOException("the --dns options: " + e.getMessage(), e);
    }
  }

  private DnsLimits limits() {
    return new DnsLimits(
        rate, rateBurst, rateSlip, ratePrefix4, ratePrefix6, rateTable, rateExempt);
  }

  private static DnsConfig.Authority authority(String text) {
    String[] parts = text.split("=", 2);
    return new DnsConfig.Authority(parts[0], parts.length < 2 ? "" : parts[1]);
  }

  /** The longest that anything in the zone is kept by resolvers. */
  Duration longestTtl() {
    return Duration.ofSeconds(Math.max(ttl, LONGEST_TTL));
  }

  /** What is in force. */
  String effective() {
    return ("dns=%s:%d zone=%s site-hosts=%s dns-ttl=%d dns-threads=%d dns-udp-buffer=%d"
            + " dns-tcp=connections:%d,idle:%d"
            + " dns-rate=%d,burst:%d,slip:%d,prefixes:%d,%d,table:%d"
            + " dns-signatures=%d,rate:%d dns-last-good-every=%d")
        .formatted(
            String.join(",", bind),
            port,
            zone,
            siteHosts,
            ttl,
            threads,
            udpBuffer,
            tcpConnections,
            tcpIdle,
            rate,
            rateBurst,
            rateSlip,
            ratePrefix4,
            ratePrefix6,
            rateTable,
            signatures,
            signaturesRate,
            lastGoodEvery);
  }
}

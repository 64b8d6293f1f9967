package dev.perigee.control.dns;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.steer.SteeringSnapshot;
import dev.perigee.control.steer.SteeringSnapshot.SteeredNode;
import dev.perigee.control.store.Node;
import java.net.InetAddress;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Every name this server answers for, at one moment; immutable. Sites' names are by far the most
 * and change the least: the next moment takes them over where they are still the same.
 */
final class Zone {
  private final SteeringSnapshot source;
  private final ZoneFacts facts;
  private final NameTable<Named> sites;
  private final NameTable<Named> wildcards;
  private final NameTable<Named> others;
  private final NameTable<Texts> texts;
  private final Map<String, Known> nodes;

  /** A node and its addresses. */
  private record Known(Node node, Addresses addresses) {}

  private Zone(
      SteeringSnapshot source,
      ZoneFacts facts,
      NameTable<Named> sites,
      NameTable<Named> wildcards,
      NameTable<Named> others,
      NameTable<Texts> texts) {
    this.source = source;
    this.facts = facts;
    this.sites = sites;
    this.wildcards = wildcards;
    this.others = others;
    this.texts = texts;
    this.nodes = new HashMap<>();
    for (SteeredNode one : source.nodes()) {
      Node node = one.node();
      nodes.put(node.name(), new Known(node, new Addresses(node.addresses())));
    }
  }

  /**
   * The zone as of this snapshot.
   *
   * @param before the one that it replaces
   */
  static Zone of(
      DnsConfig config,
      SteeringSnapshot now,
      ZoneFacts facts,
      SipHash hash,
      @Nullable Zone before) {
    NameTable<Named> sites;
    NameTable<Named> wildcards;
    if (before != null
        && before.source.sites().equals(now.sites())
        && before.facts.certificates().equals(facts.certificates())) {
      sites = before.sites;
      wildcards = before.wildcards;
    } else {
      sites = new NameTable<>(sites(config, now, facts), hash);
      wildcards = new NameTable<>(wildcards(config, now, facts), hash);
    }
    return new Zone(
        now,
        facts,
        sites,
        wildcards,
        new NameTable<>(others(config, now, facts, sites), hash),
        new NameTable<>(facts.texts(), hash));
  }

  private static Map<String, Named> sites(DnsConfig config, SteeringSnapshot now, ZoneFacts facts) {
    Map<String, Named> named = new HashMap<>(2 * now.sites().size());
    for (SiteConfig site : now.sites()) {
      String own = site.id() + "." + config.zone();
      named.put(own, new Named.Steered(site, facts.hasCertificate(own)));
      for (String host : config.siteHosts() ? site.hosts() : List.<String>of()) {
        if (!isWildcard(host) && !isLiteral(host) && !isOurs(host, config)) {
          named.putIfAbsent(host, new Named.Steered(site, facts.hasCertificate(host)));
        }
      }
    }
    return named;
  }

  private static boolean isWildcard(String host) {
    return host.startsWith("*.");
  }

  private static boolean isLiteral(String host) {
    return host.startsWith("[") || host.chars().allMatch(c -> (c >= '0' && c <= '9') || c == '.');
  }

  /** No site's owner has a say about names in the zone itself. */
  private static boolean isOurs(String host, DnsConfig config) {
    return host.equals(config.zone()) || isBelow(host, config.zone());
  }

  /** By the name above what they stand for. */
  private static Map<String, Named> wildcards(
      DnsConfig config, SteeringSnapshot now, ZoneFacts facts) {
    Map<String, Named> named = new HashMap<>();
    for (SiteConfig site : config.siteHosts() ? now.sites() : List.<SiteConfig>of()) {
      for (String host : site.hosts()) {
        if (isWildcard(host) && !isOurs(host.substring(2), config)) {
          named.putIfAbsent(host.substring(2), new Named.Steered(site, facts.hasCertificate(host)));
        }
      }
    }
    return named;
  }

  private static Map<String, Named> others(
      DnsConfig config, SteeringSnapshot now, ZoneFacts facts, NameTable<Named> sites) {
    Map<String, Named> named = new HashMap<>();
    named.put(config.zone(), Named.Bare.EMPTY);
    config
        .nameServers()
        .forEach((host, address) -> named.put(host, new Named.Fixed(told(address))));
    now.nodes().stream()
        .map(SteeredNode::node)
        .sorted(Comparator.comparing(Node::name))
        .forEach(
            node -> {
              String own = node.name() + "." + config.zone();
              byte[] wire = Wire.name(own);
              if (sites.find(wire, 0, wire.length) == null) {
                named.putIfAbsent(own, new Named.Fixed(new Addresses(node.addresses())));
              }
            });
    config.nameServers().keySet().forEach(host -> addAbove(host, config.zone(), sites, named));
    facts.texts().keySet().stream()
        .filter(host -> host.endsWith("." + config.zone()))
        .forEach(host -> addAbove("." + host, config.zone(), sites, named));
    named.keySet().removeIf(host -> !host.equals(config.zone()) && !isBelow(host, config.zone()));
    return named;
  }

  private static boolean isBelow(String host, String zone) {
    return host.endsWith("." + zone);
  }

  /** The wildcard address is told to nobody. */
  private static Addresses told(InetAddress address) {
    return address.isAnyLocalAddress() ? Addresses.NONE : new Addresses(List.of(address));
  }

  /** A name above another exists, though it may have no data (RFC 8020). */
  private static void addAbove(
      String host, String zone, NameTable<Named> sites, Map<String, Named> named) {
    int dot = host.indexOf('.');
    while (dot >= 0 && isBelow(host.substring(dot + 1), zone)) {
      byte[] wire = Wire.name(host.substring(dot + 1));
      if (sites.find(wire, 0, wire.length) == null) {
        named.putIfAbsent(host.substring(dot + 1), Named.Bare.EMPTY);
      }
      dot = host.indexOf('.', dot + 1);
    }
  }

  /** Whether it is made of these. */
  boolean isOf(SteeringSnapshot snapshot, ZoneFacts known) {
    return source.equals(snapshot) && facts.equals(known);
  }

  /** The zone's serial (RFC 1982): the revision. */
  int serial() {
    return (int) source.revision();
  }

  NameTable<Named> sites() {
    return sites;
  }

  NameTable<Named> wildcards() {
    return wildcards;
  }

  /** The zone itself, its name servers and nodes, and what lies between. */
  NameTable<Named> others() {
    return others;
  }

  /** What signs it. */
  ZoneKeys keys() {
    return facts.keys();
  }

  /** TXT records, by name. */
  NameTable<Texts> texts() {
    return texts;
  }

  /** The addresses of a node that steering chose, by a snapshot that may be newer. */
  Addresses addresses(Node node) {
    Known known = nodes.get(node.name());
    return known != null && known.node().equals(node)
        ? known.addresses()
        : new Addresses(node.addresses());
  }
}

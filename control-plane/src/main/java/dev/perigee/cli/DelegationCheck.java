package dev.perigee.cli;

import dev.perigee.cli.Delegation.Finding;
import dev.perigee.cli.Delegation.Served;
import dev.perigee.cli.DnsAsker.Transport;
import dev.perigee.cli.DnsReply.Data;
import dev.perigee.contract.Bytes;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Asks the servers of a zone's parent, then the zone's own, as resolvers do, and says what does not
 * fit.
 *
 * @param zone normalised
 * @param resolver that finds the parent's servers, and addresses that the parent does not tell
 * @param parents the parent's servers where they are known
 * @param parentPort of those that the resolver finds
 * @param port of the zone's servers
 */
record DelegationCheck(
    String zone,
    Optional<InetSocketAddress> resolver,
    List<InetSocketAddress> parents,
    int parentPort,
    int port,
    DelegationPolicy policy,
    DnsAsker asker) {
  /** Servers of the parent that are asked, and addresses of each name server. */
  private static final int MOST = 8;

  /** Copies the collection. */
  DelegationCheck {
    parents = List.copyOf(parents);
  }

  /** All findings. */
  List<Finding> run() {
    List<Finding> found = new ArrayList<>();
    Optional<Delegation> delegation = delegation(found);
    if (delegation.isEmpty()) {
      return found;
    }
    List<Served> served = new ArrayList<>();
    for (String name : delegation.get().servers()) {
      NavigableSet<String> addresses = addresses(name, delegation.get());
      if (addresses.isEmpty()) {
        found.add(
            Finding.error(
                name,
                "has no address that anybody tells",
                "give the name addresses, or another name to the registrar"));
      }
      addresses.stream()
          .limit(MOST)
          .forEach(address -> served(name, address, found).ifPresent(served::add));
    }
    found.addAll(policy.judge(delegation.get(), served));
    return found;
  }

  /** What the parent's servers say; those that say something else are named. */
  private Optional<Delegation> delegation(List<Finding> found) {
    List<InetSocketAddress> servers = parents.isEmpty() ? parentServers() : parents;
    if (servers.isEmpty()) {
      found.add(
          Finding.error(
              "parent",
              "no name servers of a zone above %s are found".formatted(zone),
              "name a resolver that answers (--resolver HOST:PORT), or them (--parent HOST:PORT)"));
      return Optional.empty();
    }
    Optional<Delegation> first = Optional.empty();
    for (InetSocketAddress server : servers.stream().limit(MOST).toList()) {
      try {
        Delegation said = delegation(server);
        if (said.servers().isEmpty()) {
          found.add(
              Finding.error(
                  "parent " + text(server),
                  "does not delegate " + zone,
                  "give the registrar the zone's name servers"));
        } else if (first.isPresent() && !first.get().equals(said)) {
          found.add(
              Finding.warning(
                  "parent " + text(server),
                  "says something else than another server of the parent",
                  "ask again later: a change may be under way"));
        } else {
          first = Optional.of(said);
        }
      } catch (IOException e) {
        found.add(
            Finding.warning(
                "parent " + text(server),
                "does not answer: " + e.getMessage(),
                "see whether it is reached from here"));
      }
    }
    return first;
  }

  private Delegation delegation(InetSocketAddress server) throws IOException {
    DnsReply reply = asker.ask(server, zone, DnsReply.NS, false);
    NavigableSet<String> servers = new TreeSet<>();
    reply.all(zone, DnsReply.NS).map(Data::value).forEach(servers::add);
    NavigableMap<String, NavigableSet<String>> glue = new TreeMap<>();
    for (String name : servers) {
      NavigableSet<String> addresses = new TreeSet<>();
      for (int type : List.of(DnsReply.A, DnsReply.AAAA)) {
        reply.all(name, type).map(Data::value).forEach(addresses::add);
      }
      if (addresses.isEmpty()) {
        addresses.addAll(ask(server, name, false));
      }
      glue.put(name, addresses);
    }
    Set<Bytes> keys = new HashSet<>();
    asker.ask(server, zone, DnsReply.DS, false).answer().stream()
        .filter(one -> one.type() == DnsReply.DS && one.owner().equals(zone))
        .map(Data::octets)
        .forEach(keys::add);
    return new Delegation(servers, glue, keys);
  }

  /** The servers of the nearest zone above, as the resolver knows them. */
  private List<InetSocketAddress> parentServers() {
    if (resolver.isEmpty()) {
      return List.of();
    }
    String above = zone;
    while (!above.isEmpty()) {
      int dot = above.indexOf('.');
      above = dot < 0 ? "" : above.substring(dot + 1);
      try {
        DnsReply reply = asker.ask(resolver.get(), above, DnsReply.NS, true);
        List<InetSocketAddress> servers = new ArrayList<>();
        for (Data one : reply.all(above, DnsReply.NS).toList()) {
          for (String address : ask(resolver.get(), one.value(), true)) {
            servers.add(new InetSocketAddress(InetAddress.ofLiteral(address), parentPort));
          }
        }
        if (!servers.isEmpty()) {
          return servers;
        }
      } catch (IOException e) {
        return List.of();
      }
    }
    return List.of();
  }

  private NavigableSet<String> ask(InetSocketAddress server, String name, boolean recursive)
      throws IOException {
    NavigableSet<String> addresses = new TreeSet<>();
    for (int type : List.of(DnsReply.A, DnsReply.AAAA)) {
      asker.ask(server, name, type, recursive).answer().stream()
          .filter(one -> one.type() == type)
          .map(Data::value)
          .forEach(addresses::add);
    }
    return addresses;
  }

  /** Where to ask a name server: at the parent's word, at the resolver's, or at what is meant. */
  private NavigableSet<String> addresses(String name, Delegation delegation) {
    NavigableSet<String> glue = delegation.glue().getOrDefault(name, new TreeSet<>());
    if (!glue.isEmpty()) {
      return glue;
    }
    try {
      NavigableSet<String> told =
          resolver.isPresent() ? ask(resolver.get(), name, true) : new TreeSet<>();
      return told.isEmpty() ? policy.expected().getOrDefault(name, told) : told;
    } catch (IOException e) {
      return policy.expected().getOrDefault(name, new TreeSet<>());
    }
  }

  /** Asks one server over UDP and TCP; empty where it does not answer for the zone. */
  private Optional<Served> served(String name, String address, List<Finding> found) {
    InetSocketAddress server = new InetSocketAddress(InetAddress.ofLiteral(address), port);
    Optional<DnsReply> udp = soa(name, server, Transport.UDP, found);
    Optional<DnsReply> tcp = soa(name, server, Transport.TCP, found);
    Optional<DnsReply> any = udp.or(() -> tcp);
    if (any.isEmpty()) {
      return Optional.empty();
    }
    try {
      Served served = served(name, server, any.get());
      if (udp.isPresent() && tcp.isPresent()) {
        found.add(
            Finding.ok(
                name + " " + text(server), "answers for %s over UDP and TCP".formatted(zone)));
      }
      return Optional.of(served);
    } catch (IOException e) {
      found.add(
          Finding.error(
              name + " " + text(server),
              "does not say who the zone's servers are: " + e.getMessage(),
              "see its log"));
      return Optional.empty();
    }
  }

  private Optional<DnsReply> soa(
      String name, InetSocketAddress server, Transport transport, List<Finding> found) {
    String about = name + " " + text(server);
    try {
      DnsReply reply = asker.ask(server, transport, zone, DnsReply.SOA, false, true);
      boolean told = reply.answer().stream().anyMatch(one -> one.type() == DnsReply.SOA);
      if (reply.code() != 0 || !told || !reply.authoritative()) {
        found.add(
            Finding.error(
                about,
                "answers over %s, but not for %s (code %d)"
                    .formatted(transport, zone, reply.code()),
                "start it with --dns-zone " + zone + ", or take its name from the registrar"));
        return Optional.empty();
      }
      if (!reply.edns()) {
        found.add(
            Finding.error(
                about,
                "does not know EDNS(0) over " + transport,
                "see whether a firewall changes DNS: signatures and subnets need it"));
      }
      return Optional.of(reply);
    } catch (IOException e) {
      found.add(
          Finding.error(
              about,
              "does not answer over %s: %s".formatted(transport, e.getMessage()),
              "let port %d of %s through to it, and see that --dns-bind has the address"
                  .formatted(port, transport)));
      return Optional.empty();
    }
  }

  private Served served(String name, InetSocketAddress server, DnsReply soa) throws IOException {
    long serial =
        soa.answer().stream()
            .filter(one -> one.type() == DnsReply.SOA)
            .mapToLong(one -> Long.parseLong(one.value()))
            .findFirst()
            .orElse(0);
    NavigableSet<String> servers = new TreeSet<>();
    asker.ask(server, zone, DnsReply.NS, false).answer().stream()
        .filter(one -> one.type() == DnsReply.NS)
        .map(Data::value)
        .forEach(servers::add);
    NavigableMap<String, NavigableSet<String>> addresses = new TreeMap<>();
    for (String one : servers) {
      if (one.equals(zone) || one.endsWith("." + zone)) {
        addresses.put(one, ask(server, one, false));
      }
    }
    List<Bytes> keys =
        asker.ask(server, zone, DnsReply.DNSKEY, false).answer().stream()
            .filter(one -> one.type() == DnsReply.DNSKEY)
            .map(Data::octets)
            .toList();
    return new Served(name, text(server), serial, servers, addresses, keys);
  }

  private static String text(InetSocketAddress server) {
    String host = server.getAddress().getHostAddress();
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + server.getPort();
  }

  /** What is meant, from texts as {@code --dns-ns} has them. */
  static Map<String, NavigableSet<String>> expected(Map<String, List<InetAddress>> servers) {
    Map<String, NavigableSet<String>> all = new TreeMap<>();
    servers.forEach(
        (name, addresses) -> {
          NavigableSet<String> texts = new TreeSet<>();
          addresses.forEach(address -> texts.add(address.getHostAddress()));
          all.put(name, texts);
        });
    return all;
  }
}

package dev.perigee.control.dns;

import dev.perigee.contract.SiteConfig;
import dev.perigee.control.steer.NodeChoice;
import dev.perigee.control.steer.SteeringSnapshot;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.ClientSubnetOption;
import org.xbill.DNS.DClass;
import org.xbill.DNS.EDNSOption;
import org.xbill.DNS.ExtendedFlags;
import org.xbill.DNS.Flags;
import org.xbill.DNS.HINFORecord;
import org.xbill.DNS.Message;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/**
 * A query to its answer; pure but for the snapshot it reads. Names: {@code <site>.<zone>} and the
 * sites' own hosts are steered, {@code <node>.<zone>} and {@code <node>.<site>.<zone>} are that
 * node, the zone itself has SOA and NS.
 */
final class DnsAnswers {
  static final int UDP_BYTES = 1232;
  private static final int NEGATIVE_TTL = 30;
  private static final int ZONE_TTL = 3600;

  private final DnsConfig config;
  private final NodeChoice steering;
  private final Supplier<SteeringSnapshot> snapshot;
  private final Name zone;

  DnsAnswers(DnsConfig config, NodeChoice steering, Supplier<SteeringSnapshot> snapshot) {
    this.config = config;
    this.steering = steering;
    this.snapshot = snapshot;
    this.zone = name(config.zone());
  }

  /**
   * The answer.
   *
   * @param query one question, and at most one OPT
   * @param source who asks: the client itself, or its resolver
   */
  Message answer(Message query, InetAddress source) {
    Message response = new Message(query.getHeader().getID());
    response.getHeader().setFlag(Flags.QR);
    if (query.getHeader().getFlag(Flags.RD)) {
      response.getHeader().setFlag(Flags.RD);
    }
    Record question = query.getQuestion();
    response.addRecord(question, Section.QUESTION);
    OPTRecord edns = query.getOPT();
    if (edns != null && edns.getVersion() > 0) {
      return finished(response, Rcode.BADVERS, edns, Optional.empty());
    }
    Optional<ClientSubnetOption> subnet = subnet(edns);
    if (subnet.filter(s -> s.getScopePrefixLength() != 0).isPresent()) {
      return finished(response, Rcode.FORMERR, edns, Optional.empty());
    }
    if (question.getDClass() != DClass.IN || isTransfer(question.getType())) {
      return finished(response, Rcode.REFUSED, edns, Optional.empty());
    }
    if (isMeta(question.getType())) {
      return finished(response, Rcode.NOTIMP, edns, Optional.empty());
    }
    InetAddress client =
        subnet
            .filter(s -> s.getSourcePrefixLength() > 0)
            .map(ClientSubnetOption::getAddress)
            .orElse(source);
    return resolve(question, response, edns, client, subnet);
  }

  private static boolean isTransfer(int type) {
    return type == Type.AXFR || type == Type.IXFR;
  }

  /** Types that no data has (RFC 6895, section 3.1), but for ANY. */
  private static boolean isMeta(int type) {
    return type == Type.OPT || (type >= 128 && type < Type.ANY);
  }

  private Message resolve(
      Record question,
      Message response,
      @Nullable OPTRecord edns,
      InetAddress client,
      Optional<ClientSubnetOption> subnet) {
    Name name = question.getName();
    int type = question.getType();
    Found found = find(name, client);
    if (found instanceof Found.Elsewhere) {
      return finished(response, Rcode.REFUSED, edns, subnet.map(s -> scoped(s, 0)));
    }
    response.getHeader().setFlag(Flags.AA);
    Name apex = name.subdomain(zone) ? zone : name;
    int scope = 0;
    int rcode = Rcode.NOERROR;
    switch (found) {
      case Found.Nothing() -> rcode = Rcode.NXDOMAIN;
      case Found.Elsewhere() -> {}
      case Found.Apex() -> apex(type, response);
      case Found.Addresses(List<InetAddress> addresses, int bits) -> {
        addresses(name, type, addresses, response);
        boolean hasFamily = type == Type.A || type == Type.AAAA;
        scope = hasFamily ? bits : 0;
      }
    }
    if (response.getSection(Section.ANSWER).isEmpty()) {
      response.addRecord(soa(apex, NEGATIVE_TTL), Section.AUTHORITY);
    }
    int width = scope;
    return finished(response, rcode, edns, subnet.map(s -> scoped(s, width)));
  }

  /** What a name is. */
  private sealed interface Found {
    record Elsewhere() implements Found {}

    record Nothing() implements Found {}

    record Apex() implements Found {}

    record Addresses(List<InetAddress> addresses, int scope) implements Found {}
  }

  private Found find(Name name, InetAddress client) {
    SteeringSnapshot now = snapshot.get();
    String text = name.toString(true).toLowerCase(Locale.ROOT);
    if (name.equals(zone)) {
      return new Found.Apex();
    }
    if (!name.subdomain(zone)) {
      Optional<SiteConfig> site = config.siteHosts() ? now.siteOfHost(text) : Optional.empty();
      return site.<Found>map(s -> steered(client, s)).orElseGet(Found.Elsewhere::new);
    }
    InetAddress server = config.nameServers().get(text);
    if (server != null) {
      return new Found.Addresses(server.isAnyLocalAddress() ? List.of() : List.of(server), 0);
    }
    Found found = below(text, now, client);
    boolean serverBelow =
        config.nameServers().keySet().stream().anyMatch(host -> host.endsWith("." + text));
    // A name above another exists, though it has no data (RFC 8020).
    return found instanceof Found.Nothing && serverBelow
        ? new Found.Addresses(List.of(), 0)
        : found;
  }

  /** What is steered: names of one or two labels in the zone. */
  private Found below(String text, SteeringSnapshot now, InetAddress client) {
    String[] labels = text.substring(0, text.length() - config.zone().length() - 1).split("\\.");
    return switch (labels.length) {
      case 1 ->
          now.site(labels[0])
              .<Found>map(site -> steered(client, site))
              .orElseGet(() -> node(now, labels[0]));
      case 2 -> now.site(labels[1]).isPresent() ? node(now, labels[0]) : new Found.Nothing();
      default -> new Found.Nothing();
    };
  }

  private Found steered(InetAddress client, SiteConfig site) {
    byte[] address = client.getAddress();
    NodeChoice.Chosen chosen =
        steering.choose(address, 8 * address.length, site, site.id().hashCode());
    List<InetAddress> addresses =
        chosen.nodes().isEmpty() ? List.of() : chosen.nodes().getFirst().addresses();
    return new Found.Addresses(addresses, chosen.scopePrefix());
  }

  private static Found node(SteeringSnapshot now, String name) {
    return now.node(name)
        .<Found>map(node -> new Found.Addresses(node.addresses(), 0))
        .orElseGet(Found.Nothing::new);
  }

  private void apex(int type, Message response) {
    if (type == Type.SOA) {
      response.addRecord(soa(zone, ZONE_TTL), Section.ANSWER);
    } else if (type == Type.NS) {
      config
          .nameServers()
          .forEach(
              (server, address) -> {
                response.addRecord(
                    new NSRecord(zone, DClass.IN, ZONE_TTL, name(server)), Section.ANSWER);
                Record glue =
                    address instanceof Inet4Address
                        ? new ARecord(name(server), DClass.IN, ZONE_TTL, address)
                        : new AAAARecord(name(server), DClass.IN, ZONE_TTL, address);
                if (name(server).subdomain(zone) && !address.isAnyLocalAddress()) {
                  response.addRecord(glue, Section.ADDITIONAL);
                }
              });
    } else if (type == Type.ANY) {
      response.addRecord(any(zone), Section.ANSWER);
    }
  }

  private void addresses(Name name, int type, List<InetAddress> addresses, Message response) {
    if (type == Type.ANY) {
      response.addRecord(any(name), Section.ANSWER);
      return;
    }
    int ttl = config.ttlSeconds();
    for (InetAddress address : addresses) {
      if (type == Type.A && address instanceof Inet4Address) {
        response.addRecord(new ARecord(name, DClass.IN, ttl, address), Section.ANSWER);
      } else if (type == Type.AAAA && !(address instanceof Inet4Address)) {
        response.addRecord(new AAAARecord(name, DClass.IN, ttl, address), Section.ANSWER);
      }
    }
  }

  /** RFC 8482, section 4.2: one small record instead of everything. */
  private static Record any(Name name) {
    return new HINFORecord(name, DClass.IN, ZONE_TTL, "RFC8482", "");
  }

  private SOARecord soa(Name apex, int ttl) {
    String server = config.nameServers().keySet().iterator().next();
    long serial = snapshot.get().revision() & 0xffffffffL;
    Name contact = name("hostmaster." + config.zone());
    return new SOARecord(
        apex, DClass.IN, ttl, name(server), contact, serial, 3600, 600, 604800, NEGATIVE_TTL);
  }

  private static Optional<ClientSubnetOption> subnet(@Nullable OPTRecord edns) {
    if (edns == null) {
      return Optional.empty();
    }
    return edns.getOptions(EDNSOption.Code.CLIENT_SUBNET).stream()
        .filter(ClientSubnetOption.class::isInstance)
        .map(ClientSubnetOption.class::cast)
        .findFirst();
  }

  /**
   * The client's subnet as it came, with how much of it the answer depends on (RFC 7871, 7.2.1).
   */
  private static ClientSubnetOption scoped(ClientSubnetOption asked, int scope) {
    int width = asked.getSourcePrefixLength() == 0 ? 0 : scope;
    return new ClientSubnetOption(asked.getSourcePrefixLength(), width, asked.getAddress());
  }

  private static Message finished(
      Message response, int rcode, @Nullable OPTRecord edns, Optional<ClientSubnetOption> subnet) {
    response.getHeader().setRcode(rcode & 0xf);
    if (edns != null) {
      int flags = edns.getFlags() & ExtendedFlags.DO;
      List<EDNSOption> options = subnet.<List<EDNSOption>>map(List::of).orElse(List.of());
      response.addRecord(
          new OPTRecord(UDP_BYTES, rcode >> 4, 0, flags, options), Section.ADDITIONAL);
    }
    return response;
  }

  private static Name name(String text) {
    try {
      return Name.fromString(text, Name.root);
    } catch (TextParseException e) {
      throw new IllegalArgumentException("not a DNS name: " + text, e);
    }
  }
}

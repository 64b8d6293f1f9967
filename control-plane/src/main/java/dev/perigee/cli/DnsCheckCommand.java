package dev.perigee.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.perigee.cli.Delegation.Finding;
import dev.perigee.contract.HostName;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Whether the zone's parent sends resolvers to the zone's servers, and those answer. */
@Command(
    name = "check",
    description = {
      "Ask the parent's name servers and the zone's own, as resolvers do, and say what does not"
          + " fit",
      "and what to do. Ends with 1 where readers do not come through."
    })
final class DnsCheckCommand extends Commands {
  @Parameters(
      arity = "0..1",
      paramLabel = "ZONE",
      description = "the zone; the control plane's where none is given")
  @Nullable String zone;

  @Option(
      names = "--resolver",
      paramLabel = "HOST[:PORT]",
      description = "finds the parent's servers; that of /etc/resolv.conf by default")
  @Nullable String resolver;

  @Option(
      names = "--parent",
      paramLabel = "HOST[:PORT]",
      description = "a name server of the parent, to ask it and no other; repeatable")
  List<String> parents = new ArrayList<>();

  @Option(
      names = "--ns",
      paramLabel = "NAME=IP",
      description = "a name server as it is meant to be, as --dns-ns has it; repeatable")
  List<String> servers = new ArrayList<>();

  @Option(
      names = "--parent-port",
      defaultValue = "53",
      description = "of the parent's servers that the resolver finds, for tests; ${DEFAULT-VALUE}")
  int parentPort;

  @Option(
      names = "--port",
      defaultValue = "53",
      description = "of the zone's servers, for tests; ${DEFAULT-VALUE}")
  int port;

  @Option(
      names = "--serials",
      paramLabel = "N",
      defaultValue = "0",
      description = "changes by which servers may differ; ${DEFAULT-VALUE}")
  long tolerance;

  @Option(
      names = "--timeout",
      paramLabel = "MILLISECONDS",
      defaultValue = "3000",
      description = "for one answer, 1 to 60000; ${DEFAULT-VALUE}")
  int timeout;

  @Override
  public void run() {
    boolean hasPorts = DnsServers.isPort(port) && DnsServers.isPort(parentPort);
    if (timeout < 1 || timeout > 60_000 || tolerance < 0 || !hasPorts) {
      throw new Failure(
          Failure.USAGE,
          "--timeout is 1 to 60000, --port and --parent-port 1 to 65535, --serials at least 0");
    }
    String name = zone == null ? client().get("v1/dns/keys").path("zone").asText() : zone;
    String sound =
        HostName.normalise(name)
            .orElseThrow(() -> new Failure(Failure.USAGE, "no name of a zone: " + name));
    DelegationCheck check =
        new DelegationCheck(
            sound,
            resolver == null ? DnsServers.system() : Optional.of(DnsServers.server(resolver)),
            parents.stream().map(DnsServers::server).toList(),
            parentPort,
            port,
            new DelegationPolicy(sound, DelegationCheck.expected(expected()), tolerance),
            new DnsAsker(new SecureRandom(), timeout));
    List<Finding> findings = check.run();
    print(sound, findings);
    if (isBad(findings)) {
      throw new Failure(Failure.REFUSED, "readers do not come through to " + sound);
    }
  }

  private static boolean isBad(List<Finding> findings) {
    return findings.stream().anyMatch(one -> one.level() == Delegation.Level.ERROR);
  }

  private void print(String sound, List<Finding> findings) {
    if (json) {
      ObjectNode all = JsonNodeFactory.instance.objectNode();
      all.put("zone", sound).put("sound", !isBad(findings));
      ArrayNode items = all.putArray("findings");
      for (Finding one : findings) {
        items
            .addObject()
            .put("level", word(one))
            .put("about", one.about())
            .put("says", one.says())
            .put("todo", one.todo());
      }
      out().println(Json.pretty(all));
      return;
    }
    for (Finding one : findings) {
      out().printf("%-7s  %s: %s%n", word(one), one.about(), one.says());
      if (!one.todo().isEmpty()) {
        out().printf("         -> %s%n", one.todo());
      }
    }
  }

  private static String word(Finding one) {
    return one.level().name().toLowerCase(Locale.ROOT);
  }

  private Map<String, List<InetAddress>> expected() {
    Map<String, List<InetAddress>> all = new TreeMap<>();
    for (String text : servers) {
      String[] parts = text.split("=", 2);
      Optional<String> name = HostName.normalise(parts[0]);
      if (parts.length < 2 || name.isEmpty()) {
        throw new Failure(Failure.USAGE, "--ns is NAME=IP: " + text);
      }
      all.computeIfAbsent(name.get(), any -> new ArrayList<>()).add(DnsServers.address(parts[1]));
    }
    return all;
  }
}

package dev.perigee.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.perigee.contract.HostName;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Looks at a network through its control plane, and at the machine of a process. */
@Command(
    name = "doctor",
    description = {
      "Check the control plane, its nodes, clocks, certificates and the token, and say what to do.",
      "On the machine of a control plane or node also its options file with the certificates and",
      "keys that it names, its folders and its ports: --config, --state-dir, --listen; then, with",
      "--machine, nothing else. Ends with 1 where something fails."
    })
final class DoctorCommand extends Commands {
  private static final int DNS_PORT = 53;
  private static final int DNS_MILLIS = 3_000;
  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final Pattern OPEN_FILES =
      Pattern.compile("Max open files +(\\d+|unlimited)", Pattern.MULTILINE);
  private static final Pattern HOST_PORT =
      Pattern.compile("(?:\\[([0-9A-Fa-f:.]+)\\]|([^:]+)):([0-9]{1,5})");
  private static final Set<String> SECRETS = Set.of("token", "last-good-answers", "identity.pem");
  private static final Set<PosixFilePermission> OTHERS =
      Set.of(
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE,
          PosixFilePermission.GROUP_WRITE);

  @Option(
      names = "--state-dir",
      paramLabel = "DIR",
      description = "of a control plane or node on this machine: room and mode; repeatable")
  List<Path> stateDirs = new ArrayList<>();

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      description = "a TCP port that a process on this machine is to have: free, or in use?")
  List<String> ports = new ArrayList<>();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "options file of a control plane or node on this machine; repeatable")
  List<Path> settings = new ArrayList<>();

  @Option(
      names = "--resolver",
      paramLabel = "HOST[:PORT]",
      description = "finds the servers above the zone; that of /etc/resolv.conf by default")
  @Nullable String resolver;

  @Option(
      names = "--parent",
      paramLabel = "HOST[:PORT]",
      description = "a name server above the zone, to ask it and no other; repeatable")
  List<String> parents = new ArrayList<>();

  @Option(
      names = "--dns-port",
      defaultValue = "53",
      description = "of the zone's servers, for tests; ${DEFAULT-VALUE}")
  int dnsPort;

  @Option(names = "--machine", description = "this machine alone, no control plane")
  boolean machine;

  private final InstantSource clock = InstantSource.system();

  @Override
  public void run() {
    Servers servers = servers();
    List<Finding> findings = new ArrayList<>();
    if (!machine) {
      network(findings, servers);
    }
    if (machine || !settings.isEmpty() || !stateDirs.isEmpty() || !ports.isEmpty()) {
      machine(findings);
    }
    show(findings);
    long failed = findings.stream().filter(one -> one.level() == Finding.Level.FAIL).count();
    if (failed > 0) {
      out().flush();
      throw new Failure(Failure.REFUSED, failed + " of " + findings.size() + " checks failed");
    }
  }

  /**
   * Who is asked for the zone.
   *
   * @param isNamed whether an option says it
   * @param port of the zone's own servers
   */
  private record Servers(
      boolean isNamed,
      Optional<InetSocketAddress> resolver,
      List<InetSocketAddress> parents,
      int port) {}

  private Servers servers() {
    if (!DnsServers.isPort(dnsPort)) {
      throw new Failure(Failure.USAGE, "--dns-port is 1 to 65535: " + dnsPort);
    }
    return new Servers(
        resolver != null || !parents.isEmpty(),
        resolver == null ? DnsServers.system() : Optional.of(DnsServers.server(resolver)),
        parents.stream().map(DnsServers::server).toList(),
        dnsPort);
  }

  private void network(List<Finding> findings, Servers servers) {
    ApiClient client;
    ApiClient.Answer self;
    try {
      Target target = target();
      client = ApiClient.of(target, System.getenv());
      self = client.exchange("GET", "v1/self", Optional.empty(), Map.of());
      findings.add(
          Finding.ok("control plane", "answers at " + target.base() + ", " + target.apiFrom()));
      findings.add(DoctorPolicy.clock(self.field("Date"), clock.instant()));
      findings.add(DoctorPolicy.transport(target.base(), self.chain(), clock.instant()));
      if (self.status() != 200) {
        String next = Trouble.next(self.status(), Optional.empty(), target).strip();
        findings.add(Finding.fail("token", "refused with status " + self.status(), next));
        return;
      }
    } catch (Failure e) {
      findings.add(Finding.fail("control plane", "no answer", String.valueOf(e.getMessage())));
      return;
    }
    findings.add(DoctorPolicy.token(self.body(), clock.instant()));
    seen(findings, "GeoIP", () -> List.of(DoctorPolicy.geoip(client.get("v1/status"))));
    seen(findings, "nodes", () -> DoctorPolicy.nodes(client.list("v1/nodes")));
    seen(
        findings,
        "certificates of sites",
        () -> DoctorPolicy.certificates(client.list("v1/certificates"), clock.instant()));
    seen(
        findings,
        "versions",
        () -> VersionPolicy.judge(build(), client.get("v1/status"), client.list("v1/nodes")));
    seen(findings, "zone", () -> delegation(client, servers));
  }

  private static String build() {
    String version = DoctorCommand.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  /** What {@code perigee dns check} finds. */
  private static List<Finding> delegation(ApiClient client, Servers servers) {
    String zone = client.get("v1/dns/keys").path("zone").asText();
    if (HostName.normalise(zone).isEmpty()) {
      return List.of(Finding.warn("zone", "the control plane names none", "see its --dns-zone"));
    }
    if (!servers.isNamed() && DoctorPolicy.isForTrials(zone)) {
      return List.of(Finding.ok("zone " + zone, "a name for trials, which nobody delegates"));
    }
    if (servers.resolver().isEmpty() && servers.parents().isEmpty()) {
      return List.of(
          Finding.warn("zone " + zone, "not seen: no resolver is known", "give --resolver HOST"));
    }
    DelegationCheck check =
        new DelegationCheck(
            zone,
            servers.resolver(),
            servers.parents(),
            DNS_PORT,
            servers.port(),
            new DelegationPolicy(zone, Map.of(), 0),
            new DnsAsker(new SecureRandom(), DNS_MILLIS));
    try (Waiting _ = Waiting.of(() -> "the servers of %s are asked".formatted(zone))) {
      return check.run().stream().map(one -> DoctorPolicy.delegation(zone, one)).toList();
    }
  }

  /** What this token may not see, or the control plane cannot say now, is said to be so. */
  private static void seen(List<Finding> findings, String what, Supplier<List<Finding>> look) {
    try {
      findings.addAll(look.get());
    } catch (Failure e) {
      findings.add(Finding.warn(what, "not seen", String.valueOf(e.getMessage())));
    }
  }

  private void machine(List<Finding> findings) {
    int java = Runtime.version().feature();
    findings.add(
        java < 25
            ? Finding.fail("Java", String.valueOf(Runtime.version()), "install a JDK 25")
            : Finding.ok("Java", String.valueOf(Runtime.version())));
    openFiles().ifPresent(limit -> findings.add(DoctorPolicy.openFiles(limit)));
    Set<Path> folders = new LinkedHashSet<>(stateDirs);
    for (Path file : settings) {
      SettingsCheck check = new SettingsCheck(file, clock.instant(), new SecureRandom());
      findings.addAll(check.run());
      check.stateDir().ifPresent(folders::add);
    }
    for (Path folder : folders) {
      folder(findings, folder);
    }
    for (String port : ports) {
      findings.add(port(port));
    }
  }

  private static Optional<Long> openFiles() {
    try {
      Matcher found = OPEN_FILES.matcher(Files.readString(LIMITS));
      if (!found.find()) {
        return Optional.empty();
      }
      String text = found.group(1);
      return Optional.of(text.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(text));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static void folder(List<Finding> findings, Path folder) {
    if (!Files.isDirectory(folder)) {
      findings.add(
          Finding.warn(
              folder.toString(),
              "is not there",
              "it is made at the first start; is it spelled right?"));
      return;
    }
    try {
      FileStore store = Files.getFileStore(folder);
      findings.add(
          DoctorPolicy.space(folder.toString(), store.getUsableSpace(), store.getTotalSpace()));
      boolean writable = Files.isWritable(folder);
      findings.add(
          writable
              ? Finding.ok(folder + " for " + System.getProperty("user.name"), "writable")
              : Finding.fail(
                  folder + " for " + System.getProperty("user.name"),
                  "not writable",
                  "chown it to the user that the process runs as"));
      try (Stream<Path> files = Files.list(folder)) {
        for (Path secret : files.filter(DoctorCommand::isSecret).toList()) {
          findings.add(secret(secret));
        }
      }
    } catch (IOException e) {
      findings.add(
          Finding.fail(folder.toString(), "cannot be read", "run this as the user of the process"));
    }
  }

  private static boolean isSecret(Path file) {
    String name = file.getFileName().toString();
    return Files.isRegularFile(file) && (SECRETS.contains(name) || name.endsWith(".key"));
  }

  private static Finding secret(Path file) throws IOException {
    return Files.getPosixFilePermissions(file).stream().anyMatch(OTHERS::contains)
        ? Finding.fail(file.toString(), "can be read or changed by others", "chmod 600 " + file)
        : Finding.ok(file.toString(), "its owner's alone");
  }

  private static Finding port(String text) {
    Matcher matcher = HOST_PORT.matcher(text);
    int port = matcher.matches() ? Integer.parseInt(matcher.group(3)) : 0;
    if (port < 1 || port > 65_535) {
      throw new Failure(Failure.USAGE, "--listen is HOST:PORT: " + text);
    }
    String host = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName(host), port));
      return Finding.ok("port " + text, "free");
    } catch (UnknownHostException e) {
      return Finding.fail("port " + text, "no such address", "is the host spelled right?");
    } catch (IOException e) {
      return Finding.warn(
          "port " + text,
          "cannot be had (" + e.getMessage() + ")",
          "fine where your process runs already; else ss -ltnp shows who has it");
    }
  }

  private void show(List<Finding> findings) {
    ObjectNode all = Json.object();
    for (Finding one : findings) {
      ObjectNode item = all.withArray("items").addObject();
      item.put("level", one.level().name()).put("what", one.what()).put("says", one.says());
      item.put("todo", one.todo());
    }
    JsonNode answer = all;
    if (!asJson(answer)) {
      for (Finding one : findings) {
        out().printf("%-4s  %s: %s%n", one.level(), one.what(), one.says());
        if (!one.todo().isEmpty()) {
          one.todo().lines().forEach(line -> out().println("      " + line));
        }
      }
    }
  }
}

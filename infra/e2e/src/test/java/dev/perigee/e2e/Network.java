package dev.perigee.e2e;

import dev.perigee.testkit.Loopback;
import dev.perigee.testkit.RunningProcess;
import dev.perigee.testkit.RunningProcess.Finished;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A control plane and edges of a test, each started by the launcher script as an operator would, in
 * a loopback network and a folder of their own.
 */
final class Network implements AutoCloseable {
  static final int HTTP = 8080;
  static final int HTTPS = 8443;
  static final int ADMIN = 9090;
  static final int DNS = 7053;
  static final int STEER = 7080;
  static final String ZONE = "cdn.example";

  private static final int API = 7070;
  static final int GRPC = 7443;
  private static final int PEERS = 8444;
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Pattern JOIN_TOKEN = Pattern.compile("pj1\\.[A-Za-z0-9_.-]+");
  static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();

  /** The GeoIP file that comes with the project. */
  static final Path CITIES = ROOT.resolve("control-plane/geo/perigee-city.mmdb");

  private final Path folder;
  private final Loopback loopback =
      Loopback.fresh(API, GRPC, DNS, STEER, HTTP, HTTPS, PEERS, ADMIN);
  private final Map<String, RunningProcess> edges = new HashMap<>();
  private final Map<String, String> addresses = new HashMap<>();
  private final Map<String, String> further = new HashMap<>();
  private Optional<RunningProcess> control = Optional.empty();

  Network(Path folder) {
    this.folder = folder;
  }

  /** Where origins of the test may listen: no edge and no control plane has this address. */
  String originAddress() {
    return loopback.host(200);
  }

  /** Where a reader of the test may come from. */
  String readerAddress(int last) {
    return loopback.host(last);
  }

  String controlAddress() {
    return loopback.host(100);
  }

  /** Where the API and the console are. */
  String api() {
    return "http://" + controlAddress() + ":" + API;
  }

  /** One more variable for what is started from here on. */
  void with(String variable, String value) {
    further.put(variable, value);
  }

  String address(String edge) {
    return Optional.ofNullable(addresses.get(edge)).orElseThrow();
  }

  Path edgeState(String edge) {
    return folder.resolve("edges").resolve(edge);
  }

  void startControl() {
    startControl(CITIES);
  }

  /** Starts it with this GeoIP file, and more options. */
  void startControl(Path cities, String... options) {
    List<String> command = script("control");
    String host = controlAddress();
    command.addAll(List.of("--state-dir", folder.resolve("control").toString()));
    command.addAll(List.of("--operator-token-file", tokenFile().toString()));
    listen(command, "api", host, API);
    listen(command, "grpc", host, GRPC);
    listen(command, "dns", host, DNS);
    listen(command, "steer", host, STEER);
    listen(command, "admin", host, ADMIN);
    command.addAll(List.of("--dns-zone", ZONE, "--dns-site-hosts", "--allow-private-origins"));
    command.addAll(List.of("--geoip-database", cities.toString()));
    command.addAll(List.of(options));
    RunningProcess started = RunningProcess.start("control plane", folder, quiet(), command);
    control = Optional.of(started);
    started.awaitLine("control plane ready", SOON);
  }

  void stopControl() {
    RunningProcess running = control.orElseThrow();
    running.terminate();
    running.awaitExit(SOON);
  }

  /**
   * Provisions a node that the test stands in for, over the API.
   *
   * @return the answer, which has its join token
   */
  String provision(String name, String address) throws IOException, InterruptedException {
    String body =
        """
        {"name": "%s", "region": "here", "latitude": 50, "longitude": 8, "addresses": ["%s"]}
        """
            .formatted(name, address);
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + controlAddress() + ":" + API + "/v1/nodes"))
            .header("Authorization", "Bearer " + token())
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }
  }

  /** Provisions a node and starts it for the first time. */
  void addEdge(String name, int last, String region, String at, String... options) {
    addresses.put(name, loopback.host(last));
    Finished added =
        cli("node", "add", name, "--region", region, "--at", at, "--address", address(name));
    Matcher token = JOIN_TOKEN.matcher(added.output());
    if (added.exitCode() != 0 || !token.find()) {
      throw new AssertionError("no join token: " + added);
    }
    List<String> all = new ArrayList<>(Arrays.asList(options));
    all.addAll(List.of("--join", token.group()));
    startEdge(name, all.toArray(String[]::new));
  }

  /** The same for a node that stands between the edges and the origins. */
  void addShield(String name, int last, String region, String at, String... options) {
    addresses.put(name, loopback.host(last));
    Finished added =
        cli(
            "node",
            "add",
            name,
            "--shield",
            "--peer-port",
            PEERS + "",
            "--region",
            region,
            "--at",
            at,
            "--address",
            address(name));
    Matcher token = JOIN_TOKEN.matcher(added.output());
    if (added.exitCode() != 0 || !token.find()) {
      throw new AssertionError("no join token: " + added);
    }
    List<String> all = new ArrayList<>(Arrays.asList(options));
    all.addAll(List.of("--join", token.group(), "--peer-port", PEERS + ""));
    startEdge(name, all.toArray(String[]::new));
  }

  /** Starts an edge, as it is or again. */
  void startEdge(String name, String... options) {
    List<String> command = script("edge");
    String host = address(name);
    command.addAll(List.of("--name", name));
    if (!Arrays.asList(options).contains("--control")) {
      command.addAll(List.of("--control", controlAddress() + ":" + GRPC));
    }
    command.addAll(List.of("--state-dir", edgeState(name).toString(), "--bind", host));
    command.addAll(List.of("--http-port", HTTP + "", "--https-port", HTTPS + ""));
    command.addAll(List.of("--admin-bind", host, "--admin-port", ADMIN + ""));
    if (!Arrays.asList(options).contains("--cache-size")) {
      command.addAll(List.of("--cache-size", "64m"));
    }
    command.addAll(List.of("--memory-size", "16m", "--allow-private-origins"));
    command.addAll(Arrays.asList(options));
    RunningProcess edge = RunningProcess.start("edge " + name, folder, quiet(), command);
    edges.put(name, edge);
    edge.awaitLine("edge " + name + " ready", SOON);
  }

  /** The process of an edge; its script has become it. */
  long pid(String name) {
    return Optional.ofNullable(edges.get(name)).orElseThrow().pid();
  }

  /** {@code kill -9}. */
  void killEdge(String name) {
    RunningProcess edge = Optional.ofNullable(edges.get(name)).orElseThrow();
    edge.kill();
    edge.awaitExit(SOON);
  }

  /** Runs a client command as an operator would. */
  Finished cli(String... arguments) {
    List<String> command = script(arguments);
    return RunningProcess.run("perigee " + arguments[0], folder, quiet(), SOON, command);
  }

  Finished cliOk(String... arguments) {
    Finished finished = cli(arguments);
    if (finished.exitCode() != 0) {
      throw new AssertionError(String.join(" ", arguments) + " gave " + finished);
    }
    return finished;
  }

  Fetch.Answer get(String edge, String host, String target) {
    return Fetch.get(address(edge), HTTP, host, target);
  }

  Steered dns() {
    return new Steered(controlAddress(), DNS);
  }

  @Override
  public void close() {
    edges.values().forEach(RunningProcess::close);
    control.ifPresent(
        running -> {
          // Asked first, so that its PostgreSQL ends with it.
          running.terminate();
          running.awaitExit(SOON);
          running.close();
        });
  }

  /** The launcher script with arguments. */
  static List<String> script(String... arguments) {
    return scriptOf(ROOT, arguments);
  }

  /** The same of another build. */
  static List<String> scriptOf(Path build, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(build.resolve("perigee").toString());
    command.addAll(Arrays.asList(arguments));
    return command;
  }

  private Map<String, String> quiet() {
    Map<String, String> environment = new HashMap<>();
    environment.put("PERIGEE_NO_BUILD", "1");
    environment.put("PERIGEE_JAVA_OPTS", "-XX:+UseSerialGC -XX:-UseG1GC -Xmx512m");
    environment.putAll(further);
    environment.put("PERIGEE_API", api());
    environment.put("PERIGEE_TOKEN", token());
    return environment;
  }

  private Path tokenFile() {
    return folder.resolve("token");
  }

  /** Empty before the control plane wrote one. */
  private String token() {
    try {
      return Files.exists(tokenFile()) ? Files.readString(tokenFile()).strip() : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void listen(List<String> command, String what, String host, int port) {
    command.addAll(List.of("--" + what + "-bind", host, "--" + what + "-port", port + ""));
  }
}

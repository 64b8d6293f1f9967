package dev.perigee.e2e;

import dev.perigee.testkit.Loopback;
import dev.perigee.testkit.Relay;
import dev.perigee.testkit.RunningProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Several control planes on one PostgreSQL, and edges, each a process that the launcher script
 * started. Between each control plane and the rest lies a link that can be broken: to the database
 * one for all, to edges and other control planes one of each.
 */
final class ReplicaNetwork implements AutoCloseable {
  static final int HTTP = 8080;

  private static final int API = 7070;
  private static final int GRPC = 7443;
  private static final int LINK = 7444;
  static final int DNS = 7053;
  static final int STEER = 7080;
  private static final int METRICS = 9090;
  private static final int FRONT = 8081;
  private static final Duration SOON = Duration.ofSeconds(90);
  private static final Duration REQUEST = Duration.ofSeconds(20);
  private static final String TOKEN = "the-operator-s-token-of-this-test-alone";
  private static final Pattern JOIN_TOKEN = Pattern.compile("pj1\\.[A-Za-z0-9_.-]+");

  private final Path folder;
  private final Loopback loopback =
      Loopback.fresh(API, GRPC, LINK, DNS, STEER, HTTP, FRONT, 8443, 9090);
  private final HttpClient client = HttpClient.newHttpClient();
  private final Map<Integer, RunningProcess> controls = new ConcurrentHashMap<>();
  private final Map<Integer, Relay> links = new ConcurrentHashMap<>();
  private final Map<String, RunningProcess> edges = new ConcurrentHashMap<>();
  private final Map<String, String> addresses = new ConcurrentHashMap<>();
  private final Map<String, String> homes = new ConcurrentHashMap<>();
  private final Map<String, Path> builds = new ConcurrentHashMap<>();
  private final Map<String, String> clocks = new ConcurrentHashMap<>();
  private final Relay toDatabase;
  private PostgresProcess postgres;

  /** A database and nothing else. */
  ReplicaNetwork(Path folder) throws IOException {
    this(folder, PostgresProcess.start(folder.resolve("postgres")));
  }

  /** The same with a database that has so much room and no more. */
  static ReplicaNetwork onSmallDisk(Path folder, int megabytes) throws IOException {
    return new ReplicaNetwork(
        folder, PostgresProcess.startOnSmallDisk(folder.resolve("postgres"), megabytes));
  }

  private ReplicaNetwork(Path folder, PostgresProcess postgres) throws IOException {
    this.folder = folder;
    this.postgres = postgres;
    Files.writeString(folder.resolve("token"), TOKEN);
    toDatabase = Relay.open(loopback.host(250), 0, databaseAddress());
  }

  private InetSocketAddress databaseAddress() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), postgres.port());
  }

  String originAddress() {
    return loopback.host(200);
  }

  String address(String edge) {
    return Optional.ofNullable(addresses.get(edge)).orElseThrow();
  }

  /** What lies between a control plane and those that it does not know as the database. */
  Relay link(int number) {
    return Optional.ofNullable(links.get(number)).orElseThrow();
  }

  Relay toDatabase() {
    return toDatabase;
  }

  /** A connection beside all control planes. */
  Connection database() throws SQLException {
    return DriverManager.getConnection(postgres.jdbcUrl(), postgres.user(), postgres.password());
  }

  PostgresProcess postgres() {
    return postgres;
  }

  /** Ends PostgreSQL. */
  void stopDatabase() {
    toDatabase.cut();
    postgres.close();
  }

  /** Starts it again, with what it had. */
  void startDatabase() throws IOException {
    postgres = PostgresProcess.start(folder.resolve("postgres"));
    toDatabase.to(databaseAddress());
    toDatabase.mend();
  }

  /** From its next start on a control plane is of this build. */
  void build(int control, Path build) {
    builds.put("control-" + control, build);
  }

  /** The same of an edge. */
  void build(String edge, Path build) {
    builds.put(edge, build);
  }

  /** From its next start on an edge's clock is off by so much, as {@link FalseClock} says it. */
  void clock(String edge, String off) {
    clocks.put(edge, off);
  }

  private List<String> script(String who, String command) {
    return Network.scriptOf(builds.getOrDefault(who, Network.ROOT), command);
  }

  private String host(int control) {
    return loopback.host(100 + control);
  }

  /** Where its files lie. */
  Path stateOf(int control) {
    return folder.resolve("control-" + control);
  }

  String controlAddress(int control) {
    return host(control);
  }

  /** Starts a control plane, for the first time or again, and waits until it is ready. */
  void startControl(int number, String... more) {
    launchControl(number, more).awaitLine("control plane ready", SOON);
  }

  /** The same without waiting. */
  RunningProcess launchControl(int number, String... more) {
    String host = host(number);
    links.computeIfAbsent(number, any -> Relay.open(host, LINK, new InetSocketAddress(host, GRPC)));
    List<String> command = script("control-" + number, "control");
    command.addAll(List.of("--state-dir", folder.resolve("control-" + number).toString()));
    command.addAll(List.of("--operator-token-file", folder.resolve("token").toString()));
    command.addAll(
        List.of(
            "--database-url",
            "jdbc:postgresql://%s:%d/postgres?user=%s"
                .formatted(loopback.host(250), toDatabase.port(), postgres.user())));
    for (String port : List.of("api:" + API, "grpc:" + GRPC, "dns:" + DNS, "steer:" + STEER)) {
      String[] parts = port.split(":", 2);
      command.addAll(List.of("--" + parts[0] + "-bind", host));
      command.addAll(List.of("--" + parts[0] + "-port", parts[1]));
    }
    if (builds.getOrDefault("control-" + number, Network.ROOT).equals(Network.ROOT)) {
      // An earlier build has no such port.
      command.addAll(List.of("--admin-bind", host, "--admin-port", METRICS + ""));
    }
    command.addAll(List.of("--grpc-advertise", host + ":" + LINK, "--allow-private-origins"));
    // The test's PostgreSQL takes a few dozen in all, those of killed ones for a while among them.
    command.addAll(List.of("--database-connections", "6"));
    command.addAll(List.of(more));
    RunningProcess started =
        RunningProcess.start("control plane " + number, folder, environment(), command);
    controls.put(number, started);
    return started;
  }

  RunningProcess control(int number) {
    return Optional.ofNullable(controls.get(number)).orElseThrow();
  }

  /** Ends it as an operator does. */
  void stopControl(int number) {
    control(number).terminate();
    control(number).awaitExit(SOON);
  }

  /** {@code kill -9}. */
  void killControl(int number) {
    control(number).kill();
    control(number).awaitExit(SOON);
  }

  RunningProcess edge(String name) {
    return Optional.ofNullable(edges.get(name)).orElseThrow();
  }

  /** Provisions a node by way of a control plane and starts it, told of that one alone. */
  void addEdge(String name, int last, int control) throws Exception {
    addEdge(name, last, control, HTTP);
  }

  /** The same of one whose readers, and who probes it, come over a link. */
  Relay addEdgeBehindLink(String name, int last, int control) throws Exception {
    String host = loopback.host(last);
    Relay front = Relay.open(host, FRONT, new InetSocketAddress(host, HTTP));
    addEdge(name, last, control, FRONT);
    return front;
  }

  private void addEdge(String name, int last, int control, int port) throws Exception {
    addresses.put(name, loopback.host(last));
    Answer added = ask(control, "POST", "/v1/nodes", node(name, "eu", port), "");
    Answer joining = ask(control, "POST", "/v1/nodes/" + name + "/join-token", "", "");
    Matcher token = JOIN_TOKEN.matcher(joining.body());
    if (!added.isDone() || !token.find()) {
      throw new AssertionError("no join token: " + added + " " + joining);
    }
    homes.put(name, host(control) + ":" + LINK);
    startEdge(name, "--join", token.group());
  }

  /** The same node in another region, for a control plane that is asked. */
  Answer moveEdge(int control, String name, String region)
      throws IOException, InterruptedException {
    return ask(control, "PUT", "/v1/nodes/" + name, node(name, region, HTTP), "");
  }

  private String node(String name, String region, int port) {
    return """
    {"name":"%s","region":"%s","latitude":50.1,"longitude":8.7,"addresses":["%s"],\
    "httpPort":%d}\
    """
        .formatted(name, region, address(name), port);
  }

  /** Starts an edge that was added, again. */
  void startEdge(String name, String... more) {
    List<String> command = script(name, "edge");
    String home = Optional.ofNullable(homes.get(name)).orElseThrow();
    command.addAll(List.of("--name", name, "--control", home));
    command.addAll(List.of("--state-dir", folder.resolve(name).toString()));
    command.addAll(List.of("--bind", address(name), "--admin-bind", address(name)));
    command.addAll(List.of("--http-port", HTTP + ""));
    command.addAll(List.of("--cache-size", "64m", "--memory-size", "16m"));
    command.add("--allow-private-origins");
    if (builds.getOrDefault(name, Network.ROOT).equals(Network.ROOT)) {
      // The load is that of the machine, which the test itself makes: nobody is full here. An
      // earlier build has no such option.
      command.addAll(List.of("--full-load-average", "1000"));
    }
    command.addAll(List.of(more));
    Map<String, String> environment = new HashMap<>(environment());
    Optional.ofNullable(clocks.get(name)).map(FalseClock::off).ifPresent(environment::putAll);
    RunningProcess edge = RunningProcess.start("edge " + name, folder, environment, command);
    edges.put(name, edge);
    edge.awaitLine("edge " + name + " ready", SOON);
  }

  /** Ends it as an operator does. */
  void stopEdge(String name) {
    edge(name).terminate();
    edge(name).awaitExit(SOON);
  }

  /** Whether edges have noted where a control plane is, as they are told by another. */
  boolean isToldOf(List<String> edges, int control) throws IOException {
    for (String edge : edges) {
      String known = Files.readString(folder.resolve(edge).resolve("control-planes"));
      if (!known.contains(host(control) + ":" + LINK)) {
        return false;
      }
    }
    return true;
  }

  /** {@code kill -9}. */
  void killEdge(String name) {
    edge(name).kill();
    edge(name).awaitExit(SOON);
  }

  /** What the API said. */
  record Answer(int status, String body) {
    boolean isDone() {
      return status / 100 == 2;
    }
  }

  /** One request to the API of one control plane; no answer is an exception. */
  Answer ask(int control, String method, String path, String body, String idempotencyKey)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://" + host(control) + ":" + API + path))
            .timeout(REQUEST)
            .header("Authorization", "Bearer " + TOKEN)
            .header("Content-Type", "application/json")
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (!idempotencyKey.isEmpty()) {
      request.header("Idempotency-Key", idempotencyKey);
    }
    HttpResponse<String> response =
        client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    return new Answer(response.statusCode(), response.body());
  }

  Fetch.Answer get(String edge, String host, String target) {
    return Fetch.get(address(edge), HTTP, host, target);
  }

  private Map<String, String> environment() {
    return Map.of(
        "PERIGEE_NO_BUILD",
        "1",
        "PERIGEE_JAVA_OPTS",
        "-XX:+UseSerialGC -XX:-UseG1GC -XX:TieredStopAtLevel=1 -Xmx384m",
        "PERIGEE_DATABASE_PASSWORD",
        postgres.password());
  }

  @Override
  public void close() {
    List<RunningProcess> all = new ArrayList<>(edges.values());
    all.addAll(controls.values());
    all.forEach(RunningProcess::close);
    links.values().forEach(Relay::close);
    toDatabase.close();
    postgres.close();
  }
}

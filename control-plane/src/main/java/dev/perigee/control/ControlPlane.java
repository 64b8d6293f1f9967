package dev.perigee.control;

import dev.perigee.contract.GeoFile;
import dev.perigee.contract.HostName;
import dev.perigee.control.api.ApiConfig;
import dev.perigee.control.api.ApiPorts;
import dev.perigee.control.api.ApiServer;
import dev.perigee.control.changelog.ChangeLog;
import dev.perigee.control.console.ConsoleFiles;
import dev.perigee.control.dns.DnsConfig;
import dev.perigee.control.dns.DnsServer;
import dev.perigee.control.fleet.Fleet;
import dev.perigee.control.fleet.WarmUps;
import dev.perigee.control.pki.EdgeAuthority;
import dev.perigee.control.pki.Enrolments;
import dev.perigee.control.pki.FileOperatorToken;
import dev.perigee.control.rollout.Rollouts;
import dev.perigee.control.steer.AsnDatabase;
import dev.perigee.control.steer.GeoDatabase;
import dev.perigee.control.steer.GeoLocator;
import dev.perigee.control.steer.HttpSteering;
import dev.perigee.control.steer.NearestSteering;
import dev.perigee.control.steer.SnapshotFeed;
import dev.perigee.control.steer.Steering;
import dev.perigee.control.store.ChangeStore;
import dev.perigee.control.store.Database;
import dev.perigee.control.store.EmbeddedDatabase;
import dev.perigee.control.store.EnrolmentStore;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.PostgresCertificateStore;
import dev.perigee.control.store.PostgresNodeStore;
import dev.perigee.control.store.PostgresPurgeStore;
import dev.perigee.control.store.PostgresRolloutStore;
import dev.perigee.control.store.PostgresSiteStore;
import dev.perigee.control.store.PurgeAcks;
import dev.perigee.control.store.PurgeReceipts;
import dev.perigee.control.store.SettingStore;
import dev.perigee.control.store.SiteHistory;
import dev.perigee.control.stream.EnrolmentService;
import dev.perigee.control.stream.SyncServer;
import dev.perigee.control.stream.SyncService;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** The control plane's process: the composition root. */
public final class ControlPlane implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlPlane.class);
  private static final long SWEEP_MILLIS = 250;

  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private final InstantSource clock = InstantSource.system();
  private final SecureRandom random = new SecureRandom();
  private final CountDownLatch stopping = new CountDownLatch(1);

  private ControlPlane() {}

  /** Starts it and runs until the process is told to end. */
  public static void main(String[] args) {
    Options options = new Options();
    options.databasePassword = System.getenv().getOrDefault("PERIGEE_DATABASE_PASSWORD", "");
    CommandLine command =
        new CommandLine(options).setCommandName("perigee control").setUsageHelpWidth(100);
    try {
      Settings.read(command, args);
      Settings.parse(command, args);
    } catch (CommandLine.ParameterException | IOException e) {
      System.err.println("control plane: " + e.getMessage());
      System.exit(2);
    }
    if (options.help) {
      command.usage(System.out);
      return;
    }
    ControlPlane plane = new ControlPlane();
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("stop")
                .unstarted(
                    () -> {
                      plane.close();
                      ended.countDown();
                    }));
    try {
      LOG.info("settings: {}", options.effective());
      System.out.println(plane.start(options));
      ended.await();
    } catch (IOException | RuntimeException e) {
      LOG.debug("not started", e);
      System.err.println("control plane: " + reason(e));
      System.exit(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String reason(Exception problem) {
    for (Throwable at = problem; at != null; at = at.getCause()) {
      if (at instanceof BindException) {
        return "a port is in use: " + problem.getMessage();
      }
    }
    return String.valueOf(problem.getMessage());
  }

  private String start(Options options) throws IOException {
    Path state = Files.createDirectories(options.stateDir);
    String zone =
        HostName.normalise(options.dnsZone)
            .orElseThrow(() -> new IOException("--dns-zone is no name: " + options.dnsZone));
    Database database = database(options, state);
    LogNumbers numbers = new LogNumbers(database);
    SiteHistory history = new SiteHistory(database, options.siteHistory());
    PostgresSiteStore sites =
        new PostgresSiteStore(database, numbers, zone, options.originAddresses(), history);
    PostgresNodeStore nodes = new PostgresNodeStore(database, numbers);
    PostgresCertificateStore certificates = new PostgresCertificateStore(database, numbers, clock);
    PostgresPurgeStore purges = new PostgresPurgeStore(database, numbers, options.purgeLimits());
    PostgresRolloutStore rolloutStore = new PostgresRolloutStore(database, numbers, sites);
    Rollouts rollouts = keep(new Rollouts(rolloutStore));
    rollouts.start();
    PurgeAcks acks = keep(new PurgeAcks(database, clock));
    acks.start();
    EdgeAuthority authority = EdgeAuthority.open(new SettingStore(database), clock, random);
    Enrolments enrolments = new Enrolments(new EnrolmentStore(database), authority, clock, random);

    Fleet fleet = new Fleet(clock, () -> nodes.all().stream().map(Node::name).toList());
    Optional<GeoDatabase> geo = geo(options);
    NearestSteering steering =
        new NearestSteering(
            geo.<GeoLocator>map(g -> g).orElseGet(GeoLocator::unknown),
            position(options.steerDefault));
    SnapshotFeed feed =
        keep(new SnapshotFeed(sites, nodes, fleet, () -> numbers.head().revision(), steering));
    feed.start();

    ChangeLog changes = new ChangeLog(new ChangeStore(database), sites, certificates, nodes, zone);
    WarmUps warmUps = new WarmUps(clock);
    Supplier<List<GeoFile>> geoFiles = geoFiles(geo, asn(options));
    SyncService sync =
        new SyncService(
            numbers, changes, purges, nodes, fleet, acks, rollouts, warmUps, geoFiles, clock);
    SyncServer grpc =
        keep(
            new SyncServer(
                new InetSocketAddress(options.grpcBind, options.grpcPort),
                names(options),
                authority,
                sync,
                new EnrolmentService(enrolments, authority)));
    named("gRPC " + options.grpcBind + ":" + options.grpcPort, grpc::start);
    DnsServer dns = keep(dns(options, zone, steering));
    named("DNS " + options.dnsBind + ":" + options.dnsPort, dns::start);
    HttpSteering redirects =
        keep(
            new HttpSteering(
                InetAddress.getByName(options.steerBind), options.steerPort, zone, steering));
    named("steering " + options.steerBind + ":" + options.steerPort, redirects::start);
    Path tokenFile =
        options.operatorTokenFile == null ? state.resolve("token") : options.operatorTokenFile;
    FileOperatorToken token = FileOperatorToken.open(tokenFile, random);
    ApiPorts ports =
        new ApiPorts(
            sites,
            history,
            rolloutStore,
            nodes,
            certificates,
            purges,
            new PurgeReceipts(database, acks, clock),
            fleet,
            warmUps,
            steering,
            enrolments,
            () -> numbers.head().revision(),
            () -> geo.map(GeoDatabase::age).map(age -> age.isNegative() ? Duration.ZERO : age),
            geoFiles,
            fleet::changed,
            random);
    ApiServer api =
        keep(
            new ApiServer(
                new ApiConfig(InetAddress.getByName(options.apiBind), options.apiPort),
                ports,
                token,
                ConsoleFiles.all()));
    named("API " + options.apiBind + ":" + options.apiPort, api::start);
    follow(numbers, fleet, feed);
    return "control plane ready api=http://%s:%d grpc=%s:%d dns=%s:%d steer=http://%s:%d"
        .formatted(
            options.apiBind,
            api.port(),
            options.grpcBind,
            grpc.port(),
            options.dnsBind,
            dns.port(),
            options.steerBind,
            redirects.port());
  }

  /** Something that may fail to bind. */
  private interface Start {
    void run() throws IOException;
  }

  /** Starts a listener; a failure says which. */
  private static void named(String what, Start start) throws IOException {
    try {
      start.run();
    } catch (IOException | RuntimeException e) {
      throw new IOException(what + " cannot be opened: " + e.getMessage(), e);
    }
  }

  private Database database(Options options, Path state) throws IOException {
    if (options.databaseUrl != null) {
      return keep(Database.open(options.databaseUrl, "", options.databasePassword));
    }
    EmbeddedDatabase embedded = keep(EmbeddedDatabase.start(state.resolve("postgres"), random));
    return keep(Database.open(embedded.jdbcUrl(), embedded.user(), embedded.password()));
  }

  private Optional<GeoDatabase> geo(Options options) throws IOException {
    if (options.geoipDatabase == null) {
      LOG.warn("no --geoip-database: every client counts as being at the default position");
      return Optional.empty();
    }
    return Optional.of(keep(new GeoDatabase(options.geoipDatabase, clock)));
  }

  private Optional<AsnDatabase> asn(Options options) throws IOException {
    return options.geoipAsnDatabase == null
        ? Optional.empty()
        : Optional.of(keep(new AsnDatabase(options.geoipAsnDatabase)));
  }

  /** What edges may be given now. */
  private static Supplier<List<GeoFile>> geoFiles(
      Optional<GeoDatabase> cities, Optional<AsnDatabase> systems) {
    return () ->
        Stream.concat(
                cities.flatMap(GeoDatabase::file).stream(),
                systems.flatMap(AsnDatabase::file).stream())
            .toList();
  }

  private static DnsServer dns(Options options, String zone, NearestSteering steering)
      throws IOException {
    InetAddress bind = InetAddress.getByName(options.dnsBind);
    Map<String, InetAddress> servers = new LinkedHashMap<>();
    for (Map.Entry<String, String> server : options.nameServers.entrySet()) {
      servers.put(server.getKey(), InetAddress.getByName(server.getValue()));
    }
    if (servers.isEmpty()) {
      servers.put("ns1." + zone, bind);
    }
    DnsConfig config =
        new DnsConfig(
            List.of(bind),
            options.dnsPort,
            zone,
            options.dnsSiteHosts,
            servers,
            options.dnsTtl,
            options.dnsTcpConnections,
            Duration.ofSeconds(options.dnsTcpIdle));
    return new DnsServer(config, steering, steering::snapshot, System::nanoTime);
  }

  private static List<String> names(Options options) {
    List<String> names = new ArrayList<>(List.of("localhost", "127.0.0.1"));
    if (!options.grpcBind.equals("127.0.0.1") && !options.grpcBind.equals("0.0.0.0")) {
      names.add(options.grpcBind);
    }
    names.addAll(options.grpcNames);
    return names;
  }

  private static Steering.Position position(String text) throws IOException {
    String[] parts = text.split(",", -1);
    try {
      return new Steering.Position(Double.parseDouble(parts[0]), Double.parseDouble(parts[1]));
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new IOException("--steer-default must be LAT,LON: " + text, e);
    }
  }

  /** Keeps steering in step with the log, and notices nodes that fall silent. */
  private void follow(LogNumbers numbers, Fleet fleet, SnapshotFeed feed) {
    Thread sweeper =
        Thread.ofVirtual()
            .name("sweep-fleet")
            .start(
                () -> {
                  try {
                    while (!stopping.await(SWEEP_MILLIS, TimeUnit.MILLISECONDS)) {
                      fleet.sweep();
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    keep(sweeper::interrupt);
    Thread follower =
        Thread.ofVirtual()
            .name("follow-log")
            .start(
                () -> {
                  long seen = numbers.generation();
                  try {
                    while (!Thread.currentThread().isInterrupted()) {
                      numbers.await(seen, TimeUnit.SECONDS.toMillis(1));
                      seen = numbers.generation();
                      feed.changed();
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    keep(follower::interrupt);
  }

  private <T extends AutoCloseable> T keep(T part) {
    running.push(part);
    return part;
  }

  /** Stops everything, the last started first. */
  @Override
  public void close() {
    stopping.countDown();
    while (!running.isEmpty()) {
      try {
        running.pop().close();
      } catch (Exception e) {
        LOG.warn("on stopping", e);
      }
    }
  }
}

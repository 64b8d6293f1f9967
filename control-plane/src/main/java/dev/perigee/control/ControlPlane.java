package dev.perigee.control;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.GeoFile;
import dev.perigee.control.api.ApiConfig;
import dev.perigee.control.api.ApiPorts;
import dev.perigee.control.api.ApiServer;
import dev.perigee.control.changelog.LogReader;
import dev.perigee.control.console.ConsoleFiles;
import dev.perigee.control.dns.DnsFacts;
import dev.perigee.control.dns.DnsServer;
import dev.perigee.control.fleet.Fleet;
import dev.perigee.control.limit.FleetLimits;
import dev.perigee.control.pki.EdgeAuthority;
import dev.perigee.control.pki.Enrolments;
import dev.perigee.control.pki.FileOperatorToken;
import dev.perigee.control.probe.ProbeConfig;
import dev.perigee.control.probe.Prober;
import dev.perigee.control.rollout.Rollouts;
import dev.perigee.control.steer.AsnDatabase;
import dev.perigee.control.steer.CourseFeed;
import dev.perigee.control.steer.GeoDatabase;
import dev.perigee.control.steer.GeoOverride;
import dev.perigee.control.steer.HttpSteering;
import dev.perigee.control.steer.NearestSteering;
import dev.perigee.control.steer.SnapshotFeed;
import dev.perigee.control.steer.Steering;
import dev.perigee.control.store.ChangeStore;
import dev.perigee.control.store.Database;
import dev.perigee.control.store.EmbeddedDatabase;
import dev.perigee.control.store.EnrolmentStore;
import dev.perigee.control.store.LogCompaction;
import dev.perigee.control.store.LogNews;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.PurgeReceipts;
import dev.perigee.control.store.Replica;
import dev.perigee.control.store.ReplicaStore;
import dev.perigee.control.store.SettingStore;
import dev.perigee.control.store.StoreException;
import dev.perigee.control.stream.EnrolmentService;
import dev.perigee.control.stream.ReplicaLinks;
import dev.perigee.control.stream.ReplicaRegistry;
import dev.perigee.control.stream.ReplicaService;
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
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** The control plane's process: the composition root. */
public final class ControlPlane implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlPlane.class);
  private static final long SWEEP_MILLIS = 250;
  private static final long LOOK_MILLIS = 1_000;

  private static final long LOOK_MILLIS_PER_NODE = 1;
  private static final long FOLLOW_PAUSE_MILLIS = 50;
  private static final int SECRET_BYTES = 32;

  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private final InstantSource clock = InstantSource.system();
  private final SecureRandom random = new SecureRandom();
  private final CountDownLatch stopping = new CountDownLatch(1);

  /** Which control plane this is, among those on one database. */
  private final String id = UUID.randomUUID().toString();

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
    String zone = options.dns.zone();
    Stores stores = Stores.over(database(options, state), zone, options, clock, random);
    LogNews news = keep(new LogNews(stores.database(), stores.numbers(), id));
    news.start();
    keep(stores.acks()).start();
    Rollouts rollouts = keep(new Rollouts(stores.rollouts()));
    rollouts.start();
    keep(new LogCompaction(stores.database(), options.logKeep, options.logCompactEvery)).start();
    EdgeAuthority authority = EdgeAuthority.open(stores.settings(), clock, random);
    Enrolments enrolments =
        new Enrolments(new EnrolmentStore(stores.database()), authority, clock, random);
    Fleet fleet = new Fleet(clock, () -> stores.nodes().all().stream().map(Node::name).toList());
    Optional<GeoDatabase> geo = geo(options);
    GeoLayers layers = new GeoLayers(override(options, geo), geo);
    Supplier<List<GeoFile>> geoFiles = layers.forEdges(asn(options));
    Supplier<List<GeoFile>> brought = layers.orNone(geoFiles);
    NearestSteering steering =
        new NearestSteering(layers.locator(), position(options.steerDefault));
    SnapshotFeed feed =
        keep(
            new SnapshotFeed(
                new SnapshotFeed.Ports(
                    stores.sites(),
                    stores.nodes(),
                    stores.zones()::all,
                    fleet,
                    new ChangeStore(stores.database())::after,
                    stores::revision,
                    clock),
                steering));
    feed.start();
    probes(options, steering, fleet);
    keep(new CourseFeed(steering, layers.files(), System::nanoTime)).start();

    FleetLimits limits = new FleetLimits(limitKey(stores.settings()), System::nanoTime);
    int grpc =
        edges(options, stores, fleet, rollouts, limits, authority, enrolments, zone, brought);
    DnsFacts facts =
        keep(
            DnsFacts.of(
                stores.challenges(),
                stores.certificates(),
                stores.keys(),
                stores::revision,
                clock));
    facts.start(stores.numbers());
    DnsServer dns = keep(dns(options, steering, facts, stores.settings()));
    named("DNS " + String.join(",", options.dns.bind) + ":" + options.dns.port, dns::start);
    HttpSteering redirects =
        keep(
            new HttpSteering(
                InetAddress.getByName(options.steerBind), options.steerPort, zone, steering));
    named("steering " + options.steerBind + ":" + options.steerPort, redirects::start);
    ApiPorts ports =
        new ApiPorts(
            stores.sites(),
            stores.history(),
            stores.rollouts(),
            stores.nodes(),
            stores.zones(),
            stores.certificates(),
            stores.challenges(),
            stores.keys(),
            stores.purges(),
            new PurgeReceipts(stores.database(), stores.acks(), clock),
            fleet,
            stores.warmUps(),
            steering,
            enrolments,
            stores::revision,
            () -> geo.map(GeoDatabase::age).map(age -> age.isNegative() ? Duration.ZERO : age),
            geoFiles,
            fleet::changed,
            random);
    int api = api(options, ports, token(options, state, stores.settings()));
    follow(stores, fleet, limits, feed);
    return "control plane ready api=http://%s:%d grpc=%s:%d dns=%s:%d steer=http://%s:%d"
        .formatted(
            options.apiBind,
            api,
            options.grpcBind,
            grpc,
            options.dns.bind.getFirst(),
            dns.port(),
            options.steerBind,
            redirects.port());
  }

  /** Opens the port for edges and other control planes, and enters this one; gives the port. */
  private int edges(
      Options options,
      Stores stores,
      Fleet fleet,
      Rollouts rollouts,
      FleetLimits limits,
      EdgeAuthority authority,
      Enrolments enrolments,
      String zone,
      Supplier<List<GeoFile>> geoFiles)
      throws IOException {
    EdgeAuthority.Identity identity = authority.controlIdentity(names(options));
    LogReader reader = keep(stores.reader(options, clock));
    reader.start();
    // The port is known, and with it the registry, once the streams can begin.
    AtomicReference<Supplier<List<String>>> replicas = new AtomicReference<>(List::of);
    SyncService sync =
        new SyncService(
            stores.logs(zone, options, reader),
            fleet,
            stores.acks(),
            rollouts,
            limits,
            geoFiles,
            () -> replicas.get().get(),
            options.pulse(),
            clock);
    SyncServer grpc =
        keep(
            new SyncServer(
                new InetSocketAddress(options.grpcBind, options.grpcPort),
                identity,
                authority,
                sync,
                new EnrolmentService(enrolments, authority),
                new ReplicaService(fleet, limits, clock)));
    named("gRPC " + options.grpcBind + ":" + options.grpcPort, grpc::start);
    ReplicaLinks links = keep(new ReplicaLinks(id, authority, identity, fleet, limits, clock));
    fleet.others(links::origins);
    fleet.quorumSince(links::hearsQuorumSince);
    Replica own = new Replica(id, options.reachable(grpc.port()), build());
    ReplicaRegistry registry =
        keep(
            new ReplicaRegistry(
                new ReplicaStore(stores.database()),
                own,
                clock,
                living -> {
                  links.follow(living);
                  stores.numbers().stir();
                }));
    replicas.set(registry::addresses);
    registry.start();
    return grpc.port();
  }

  private static String build() {
    String version = ControlPlane.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  /** The operator's token: in a file here, and for control planes that come later the same. */
  private FileOperatorToken token(Options options, Path state, SettingStore settings)
      throws IOException {
    Path file =
        options.operatorTokenFile == null ? state.resolve("token") : options.operatorTokenFile;
    return FileOperatorToken.open(file, FileOperatorToken.shared(settings), random);
  }

  private int api(Options options, ApiPorts ports, FileOperatorToken token) throws IOException {
    ApiServer api =
        keep(
            new ApiServer(
                new ApiConfig(InetAddress.getByName(options.apiBind), options.apiPort),
                ports,
                token,
                ConsoleFiles.all()));
    named("API " + options.apiBind + ":" + options.apiPort, api::start);
    return api.port();
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
      return keep(
          Database.open(
              options.database.config(options.databaseUrl, "", options.databasePassword)));
    }
    EmbeddedDatabase embedded = keep(EmbeddedDatabase.start(state.resolve("postgres"), random));
    return keep(
        Database.open(
            options.database.config(embedded.jdbcUrl(), embedded.user(), embedded.password())));
  }

  private Optional<GeoDatabase> geo(Options options) throws IOException {
    if (options.geoipDatabase == null) {
      LOG.warn("no --geoip-database: every client counts as being at the default position");
      return Optional.empty();
    }
    return Optional.of(keep(new GeoDatabase(options.geoipDatabase, clock)));
  }

  private Optional<GeoOverride> override(Options options, Optional<GeoDatabase> geo)
      throws IOException {
    return options.geoipOverride == null
        ? Optional.empty()
        : Optional.of(keep(new GeoOverride(options.geoipOverride, GeoLayers.usual(geo))));
  }

  private Optional<AsnDatabase> asn(Options options) throws IOException {
    return options.geoipAsnDatabase == null
        ? Optional.empty()
        : Optional.of(keep(new AsnDatabase(options.geoipAsnDatabase)));
  }

  private DnsServer dns(
      Options options, NearestSteering steering, DnsFacts facts, SettingStore settings)
      throws IOException {
    return new DnsServer(
        options.dns.config(),
        steering,
        steering::snapshot,
        facts,
        settings.getOrMake("dns-cookie-secret", this::secret),
        random,
        clock,
        System::nanoTime);
  }

  /** Probes the nodes that steering knows, unless they are not to be probed. */
  private void probes(Options options, NearestSteering steering, Fleet fleet) throws IOException {
    Optional<ProbeConfig> config = options.probes.config();
    if (config.isPresent()) {
      Supplier<List<Node>> nodes =
          () -> steering.snapshot().nodes().stream().map(one -> one.node()).toList();
      keep(new Prober(config.get(), nodes, fleet.probes()::found, random, System::nanoTime))
          .start();
    }
  }

  private byte[] secret() {
    return secret(SECRET_BYTES);
  }

  private byte[] secret(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /** By which the nodes hash what they count for limits that they share. */
  private Bytes limitKey(SettingStore settings) {
    int length = FromControl.Welcome.LIMIT_KEY_BYTES;
    return Bytes.copyOf(settings.getOrMake("limit-key", () -> secret(length)));
  }

  private static List<String> names(Options options) {
    List<String> names = new ArrayList<>(List.of("localhost", "127.0.0.1"));
    if (!options.grpcBind.equals("127.0.0.1") && !options.grpcBind.equals("0.0.0.0")) {
      names.add(options.grpcBind);
    }
    names.addAll(options.grpcNames);
    options.advertisedHost().filter(host -> !names.contains(host)).ifPresent(names::add);
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
  private void follow(Stores stores, Fleet fleet, FleetLimits limits, SnapshotFeed feed) {
    Thread sweeper =
        Thread.ofVirtual()
            .name("sweep-fleet")
            .start(
                () -> {
                  try {
                    while (!stopping.await(SWEEP_MILLIS, TimeUnit.MILLISECONDS)) {
                      fleet.sweep();
                      limits.sweep(fleet.connected());
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    keep(sweeper::interrupt);
    Thread follower = Thread.ofVirtual().name("follow-log").start(() -> followLog(stores, feed));
    keep(follower::interrupt);
  }

  /**
   * Reads nodes and sites again with each change; and what is not logged, such as that a node was
   * enrolled, once a second, or of thousands of nodes so much more seldom. A purge is no change.
   */
  private void followLog(Stores stores, SnapshotFeed feed) {
    LogNumbers numbers = stores.numbers();
    long seen = numbers.generation();
    long revision = -1;
    long readMillis = clock.millis();
    long lookedMillis = readMillis;
    try {
      do {
        numbers.await(seen, LOOK_MILLIS);
        seen = numbers.generation();
        long now = newest(stores, revision);
        long period = Math.max(LOOK_MILLIS, feed.nodes() * LOOK_MILLIS_PER_NODE);
        if (now != revision || Math.abs(clock.millis() - readMillis) >= period) {
          revision = now;
          readMillis = clock.millis();
          lookedMillis = readMillis;
          feed.changed();
        } else if (Math.abs(clock.millis() - lookedMillis) >= LOOK_MILLIS) {
          lookedMillis = clock.millis();
          feed.look();
        }
      } while (!stopping.await(FOLLOW_PAUSE_MILLIS, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The newest revision, or the one before where the database does not say. */
  private static long newest(Stores stores, long before) {
    try {
      return stores.revision();
    } catch (StoreException e) {
      LOG.debug("the log is looked at again in a second", e);
      return before;
    }
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

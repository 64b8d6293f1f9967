package dev.perigee.control;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.GeoFile;
import dev.perigee.control.acme.Acme;
import dev.perigee.control.acme.AcmeConfig;
import dev.perigee.control.acme.LiveTokens;
import dev.perigee.control.acme.TokenReach;
import dev.perigee.control.api.ApiConfig;
import dev.perigee.control.api.ApiPorts;
import dev.perigee.control.api.ApiServer;
import dev.perigee.control.changelog.LogReader;
import dev.perigee.control.console.ConsoleFiles;
import dev.perigee.control.dns.DnsFacts;
import dev.perigee.control.fleet.Fleet;
import dev.perigee.control.limit.FleetLimits;
import dev.perigee.control.pki.AuthorityRotation;
import dev.perigee.control.pki.EdgeAuthority;
import dev.perigee.control.pki.Enrolments;
import dev.perigee.control.pki.FileOperatorToken;
import dev.perigee.control.pki.FleetAuthority;
import dev.perigee.control.pki.TicketKeys;
import dev.perigee.control.rollout.Rollouts;
import dev.perigee.control.steer.GeoDatabase;
import dev.perigee.control.store.AcmeSites;
import dev.perigee.control.store.AcmeStore;
import dev.perigee.control.store.CertificateCounts;
import dev.perigee.control.store.Database;
import dev.perigee.control.store.DnsReaders;
import dev.perigee.control.store.EmbeddedDatabase;
import dev.perigee.control.store.EnrolmentStore;
import dev.perigee.control.store.KeyRing;
import dev.perigee.control.store.LogCompaction;
import dev.perigee.control.store.LogNews;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.OutageLog;
import dev.perigee.control.store.PurgeReceipts;
import dev.perigee.control.store.Replica;
import dev.perigee.control.store.ReplicaStore;
import dev.perigee.control.store.Sealing;
import dev.perigee.control.store.SettingStore;
import dev.perigee.control.store.StoreException;
import dev.perigee.control.stream.EnrolmentService;
import dev.perigee.control.stream.ReplicaLinks;
import dev.perigee.control.stream.ReplicaRegistry;
import dev.perigee.control.stream.ReplicaService;
import dev.perigee.control.stream.SyncServer;
import dev.perigee.control.stream.SyncService;
import dev.perigee.control.tls.ServerTls;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** The control plane's process: the composition root, with what it shares with others by duty. */
public final class ControlPlane implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlPlane.class);
  private static final long SWEEP_MILLIS = 250;
  private static final long TICKET_LOOK_MILLIS = 10_000;
  private static final long AUTHORITY_LOOK_MILLIS = 1_000;
  private static final long SEALING_LOOK_MILLIS = 10_000;
  private static final OutageLog UNSEALED = new OutageLog(LOG, "secrets are sealed later");

  private final Running running =
      new Running(InstantSource.system(), new SecureRandom(), System::nanoTime);

  /** Which control plane this is, among those on one database. */
  private final String id = UUID.randomUUID().toString();

  private ControlPlane() {}

  /** Starts it and runs until the process is told to end. */
  public static void main(String[] args) {
    Options options = new Options();
    options.keyText = Optional.ofNullable(System.getenv(KeyRing.VARIABLE));
    options.databasePassword = System.getenv().getOrDefault("PERIGEE_DATABASE_PASSWORD", "");
    options.signIn.secret = Optional.ofNullable(System.getenv(SignInOptions.SECRET));
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
    options.tls.check(options);
    return options.has(Duty.API)
        ? startWhole(options)
        : new DnsReplica(id, options, running).start();
  }

  private String startWhole(Options options) throws IOException {
    InstantSource clock = running.clock();
    Path state = Files.createDirectories(options.stateDir);
    String zone = options.dns.zone();
    Database database = database(options, state);
    KeyRing keys = options.keys(running.random());
    Sealing sealing = new Sealing(database, keys);
    seal(sealing.run(), keys);
    running.every("sealing", SEALING_LOOK_MILLIS, () -> look(sealing, keys));
    Stores stores = Stores.over(database, keys, zone, options, clock, running.random());
    LogNews news = running.keep(new LogNews(stores.database(), stores.numbers(), id));
    news.start();
    running.keep(stores.acks()).start();
    Rollouts rollouts = running.keep(new Rollouts(stores.rollouts()));
    rollouts.start();
    running
        .keep(new LogCompaction(stores.database(), options.logKeep, options.logCompactEvery))
        .start();
    EdgeAuthority authority = EdgeAuthority.open(stores.authorities(), clock, running.random());
    FleetAuthority fleetAuthority = authority(options, stores, authority);
    Enrolments enrolments =
        new Enrolments(new EnrolmentStore(stores.database()), authority, clock, running.random());
    Fleet fleet = new Fleet(clock, () -> stores.nodes().all().stream().map(Node::name).toList());
    SteeringParts parts = SteeringParts.of(options, stores, fleet, running, clock.instant());
    parts.feed().start();
    parts.start(Set.of());
    FleetLimits limits = new FleetLimits(limitKey(stores.settings()), running.nanos());
    TicketKeys tickets = tickets(stores);
    int grpc =
        edges(
            options,
            stores,
            fleet,
            rollouts,
            limits,
            tickets,
            authority,
            fleetAuthority,
            enrolments,
            keys,
            parts.layers().orNone(parts.geoFiles()));
    acme(options, stores, fleet);
    OwnCertificateParts own = OwnCertificateParts.start(options, stores, running);
    DnsFacts facts = running.keep(stores.facts(clock));
    if (options.has(Duty.DNS)) {
      facts.tell(new DnsReaders(stores.database()), id);
    }
    facts.start(stores.numbers());
    Metering metering = metering(options, stores, fleet, parts);
    Answering answering = new Answering(options, parts, facts, own, running, metering);
    String answers = answering.start(stores.cookieSecret(running)) + own.openPlain();
    ApiPorts.Tenancy tenancy =
        stores.tenancy(options, token(options, state, stores.settings()), running);
    AuthorityRotation rotation =
        new AuthorityRotation(stores.authorities(), clock, running.random(), fleetAuthority::look);
    ApiPorts.Acme acme = stores.acmePort(options, clock);
    Optional<ServerTls> tls = options.tls.api(own, running, metering);
    int api = api(options, tls, ports(stores, fleet, parts, enrolments, rotation, tenancy, acme));
    sweep(fleet, limits);
    parts.follow();
    own.order();
    return "control plane ready api=%s://%s:%d grpc=%s:%d%s%s"
        .formatted(
            tls.isPresent() ? "https" : "http",
            options.apiBind,
            api,
            options.grpcBind,
            grpc,
            answers,
            metering.start());
  }

  private Metering metering(Options options, Stores stores, Fleet fleet, SteeringParts parts)
      throws IOException {
    Metering metering = Metering.of(options, running);
    metering.steering(parts);
    metering.streams(fleet, parts.position());
    metering.certificates(new CertificateCounts(stores.database()));
    return metering;
  }

  private void sweep(Fleet fleet, FleetLimits limits) {
    running.every(
        "sweep-fleet",
        SWEEP_MILLIS,
        () -> {
          fleet.sweep();
          limits.sweep(fleet.connected());
        });
  }

  private ApiPorts ports(
      Stores stores,
      Fleet fleet,
      SteeringParts parts,
      Enrolments enrolments,
      AuthorityRotation rotation,
      ApiPorts.Tenancy tenancy,
      ApiPorts.Acme acme) {
    return new ApiPorts(
        stores.sites(),
        stores.history(),
        stores.rollouts(),
        stores.nodes(),
        stores.zones(),
        stores.certificates(),
        stores.challenges(),
        stores.keys(),
        stores.purges(),
        new PurgeReceipts(stores.database(), stores.acks(), running.clock()),
        fleet,
        stores.warmUps(),
        parts.steering(),
        enrolments,
        rotation,
        stores::revision,
        () -> parts.geo().map(GeoDatabase::age).map(age -> age.isNegative() ? Duration.ZERO : age),
        parts.geoFiles(),
        fleet::changed,
        running.random(),
        tenancy,
        acme,
        new ApiPorts.Builds(build(), new ReplicaStore(stores.database())::living));
  }

  /** Opens the port for edges and other control planes, and enters this one; gives the port. */
  private int edges(
      Options options,
      Stores stores,
      Fleet fleet,
      Rollouts rollouts,
      FleetLimits limits,
      TicketKeys tickets,
      EdgeAuthority authority,
      FleetAuthority fleetAuthority,
      Enrolments enrolments,
      KeyRing keys,
      Supplier<List<GeoFile>> geoFiles)
      throws IOException {
    InstantSource clock = running.clock();
    String zone = options.dns.zone();
    LogReader reader = running.keep(stores.reader(options, clock));
    reader.start();
    LiveTokens tokens = running.keep(new LiveTokens(stores.acme(), stores.numbers()));
    tokens.start();
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
            tickets::keys,
            fleetAuthority::told,
            tokens::get,
            options.pulse(),
            clock);
    SyncServer grpc =
        running.keep(
            new SyncServer(
                new InetSocketAddress(options.grpcBind, options.grpcPort),
                fleetAuthority.identity(),
                authority,
                fleetAuthority.trust(),
                sync,
                new EnrolmentService(enrolments, authority),
                new ReplicaService(fleet, limits, clock)));
    Running.named("gRPC " + options.grpcBind + ":" + options.grpcPort, grpc::start);
    ReplicaLinks links =
        running.keep(
            new ReplicaLinks(
                id,
                fleetAuthority.identity(),
                fleetAuthority.trust(),
                fleet,
                limits::heard,
                clock));
    fleet.others(links::origins);
    fleet.quorumSince(links::hearsQuorumSince);
    ReplicaStore others = new ReplicaStore(stores.database(), keys.ids(), fleetAuthority::trusts);
    Replica own = new Replica(id, options.reachable(grpc.port()), build());
    replicas.set(registry(others, own, links, stores.numbers()));
    return grpc.port();
  }

  /** Enters this one among the others, and follows them; gives the addresses of all. */
  private Supplier<List<String>> registry(
      ReplicaStore others, Replica own, ReplicaLinks links, LogNumbers numbers) {
    ReplicaRegistry registry =
        running.keep(
            new ReplicaRegistry(
                others,
                own,
                running.clock(),
                living -> {
                  links.follow(living);
                  numbers.stir();
                }));
    registry.start();
    return registry::addresses;
  }

  /** Has certificates got of an authority, where the operator agreed to its terms. */
  private void acme(Options options, Stores stores, Fleet fleet) throws IOException {
    Optional<AcmeConfig> config = options.acme.config();
    if (config.isPresent()) {
      running
          .keep(
              Acme.ofSites(
                  config.get(),
                  stores.ordering(AcmeStore.Book.SITES),
                  new AcmeSites(stores.database()),
                  stores.certificates(),
                  new TokenReach(stores.nodes(), fleet),
                  running.random(),
                  running.clock()))
          .start();
    }
  }

  private static void seal(int sealed, KeyRing keys) {
    if (sealed > 0) {
      LOG.info("{} secrets were sealed with the key {}", sealed, keys.current().orElseThrow());
    }
  }

  private static void look(Sealing sealing, KeyRing keys) {
    try {
      seal(sealing.look(), keys);
    } catch (StoreException e) {
      UNSEALED.failed(e);
    }
  }

  /** What this one shows, and whom all are to trust. */
  private FleetAuthority authority(Options options, Stores stores, EdgeAuthority authority) {
    FleetAuthority fleet =
        new FleetAuthority(
            authority,
            stores.authorities(),
            names(options),
            running.clock(),
            () -> stores.numbers().stir());
    fleet.look();
    running.every("edge-authority", AUTHORITY_LOOK_MILLIS, fleet::look);
    return fleet;
  }

  /** What the nodes seal session tickets with. */
  private TicketKeys tickets(Stores stores) {
    TicketKeys tickets =
        new TicketKeys(
            stores.ticketKeys(), running.clock(), running.random(), () -> stores.numbers().stir());
    tickets.look();
    running.every("ticket-keys", TICKET_LOOK_MILLIS, tickets::look);
    return tickets;
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
    return FileOperatorToken.open(file, FileOperatorToken.shared(settings), running.random());
  }

  private int api(Options options, Optional<ServerTls> tls, ApiPorts ports) throws IOException {
    ApiServer api =
        running.keep(
            new ApiServer(
                new ApiConfig(InetAddress.getByName(options.apiBind), options.apiPort, tls),
                ports,
                ConsoleFiles.all()));
    Running.named("API " + options.apiBind + ":" + options.apiPort, api::start);
    return api.port();
  }

  private Database database(Options options, Path state) throws IOException {
    if (options.databaseUrl != null) {
      return running.keep(
          Database.open(
              options.database.config(options.databaseUrl, "", options.databasePassword)));
    }
    EmbeddedDatabase embedded =
        running.keep(EmbeddedDatabase.start(state.resolve("postgres"), running.random()));
    return running.keep(
        Database.open(
            options.database.config(embedded.jdbcUrl(), embedded.user(), embedded.password())));
  }

  /** By which the nodes hash what they count for limits that they share. */
  private Bytes limitKey(SettingStore settings) {
    int length = FromControl.Welcome.LIMIT_KEY_BYTES;
    return Bytes.copyOf(settings.getOrMake("limit-key", () -> running.secret(length)));
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

  @Override
  public void close() {
    running.close();
  }
}

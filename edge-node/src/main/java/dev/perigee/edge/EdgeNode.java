package dev.perigee.edge;

import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.JoinToken;
import dev.perigee.contract.OriginHealth;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.SiteTraffic;
import dev.perigee.edge.config.ActiveConfig;
import dev.perigee.edge.config.ConfigState;
import dev.perigee.edge.config.Enrolment;
import dev.perigee.edge.config.EnrolmentException;
import dev.perigee.edge.config.Identity;
import dev.perigee.edge.config.LastGoodStore;
import dev.perigee.edge.config.NodeLoad;
import dev.perigee.edge.config.Serving;
import dev.perigee.edge.config.ServingState;
import dev.perigee.edge.config.StateKeys;
import dev.perigee.edge.config.SyncClient;
import dev.perigee.edge.config.SyncConfig;
import dev.perigee.edge.config.TicketKeeper;
import dev.perigee.edge.geo.GeoLocator;
import dev.perigee.edge.geo.GeoReceiver;
import dev.perigee.edge.limit.LimitMetrics;
import dev.perigee.edge.limit.RateLimits;
import dev.perigee.edge.listener.AdminListener;
import dev.perigee.edge.listener.EdgeListener;
import dev.perigee.edge.listener.tls.ServerTls;
import dev.perigee.edge.origin.HealthChecks;
import dev.perigee.edge.origin.OriginClient;
import dev.perigee.edge.origin.OriginResolver;
import dev.perigee.edge.origin.OriginTls;
import dev.perigee.edge.origin.pool.OriginMetrics;
import dev.perigee.edge.origin.pool.OriginReport;
import dev.perigee.edge.origin.pool.OriginTable;
import dev.perigee.edge.pipeline.ChallengeAnswers;
import dev.perigee.edge.pipeline.Peering;
import dev.perigee.edge.pipeline.Pipeline;
import dev.perigee.edge.pipeline.Warming;
import dev.perigee.edge.respond.TunnelTable;
import dev.perigee.edge.store.ChronicleResponseStore;
import dev.perigee.edge.store.StoreConfig;
import dev.perigee.edge.table.HashTrie;
import dev.perigee.edge.telemetry.AccessLog;
import dev.perigee.edge.telemetry.EdgeMetrics;
import dev.perigee.edge.telemetry.RequestObserver;
import dev.perigee.keys.SealingKeys;
import io.undertow.server.DefaultByteBufferPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** The edge node's process: the composition root. */
public final class EdgeNode implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EdgeNode.class);
  private static final long SWEEP_MILLIS = 1_000;
  private static final long DRAIN_MILLIS = 2_000;

  /** How long a start waits for the cache. */
  private static final Duration STORE_PATIENCE = Duration.ofSeconds(1);

  private static final int FETCH_BUFFER = 16 * 1024;

  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private final InstantSource clock = InstantSource.system();
  private final CountDownLatch stopping = new CountDownLatch(1);

  EdgeNode() {}

  /** Starts it and runs until the process is told to end. */
  public static void main(String[] args) {
    EdgeOptions options = new EdgeOptions();
    options.keyText =
        Optional.ofNullable(System.getenv(SealingKeys.VARIABLE)).filter(text -> !text.isBlank());
    CommandLine command =
        new CommandLine(options).setCommandName("perigee edge").setUsageHelpWidth(100);
    try {
      Optional<Path> file = SettingsFile.namedBy(args);
      if (file.isPresent()) {
        command.setDefaultValueProvider(SettingsFile.read(file.get(), command.getCommandSpec()));
      }
      parse(command, args);
      if (!options.help && options.problem().isPresent()) {
        throw new StartException(options.problem().get());
      }
    } catch (CommandLine.ParameterException | StartException e) {
      System.err.println("edge: " + e.getMessage());
      System.exit(2);
    }
    if (options.help) {
      command.usage(System.out);
      return;
    }
    EdgeNode node = new EdgeNode();
    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("stop").unstarted(node::close));
    try {
      LOG.info("settings: {}", options.effective());
      System.out.println(node.start(options));
      new CountDownLatch(1).await();
    } catch (StartException | IOException | GeneralSecurityException | RuntimeException e) {
      LOG.debug("not started", e);
      System.err.println("edge " + options.name + ": " + e.getMessage());
      System.exit(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Of several errors an unknown option is named first. */
  private static void parse(CommandLine command, String[] args) throws StartException {
    command.getCommandSpec().parser().collectErrors(true);
    List<Exception> errors = command.parseArgs(args).errors();
    for (Exception error : errors) {
      if (error instanceof CommandLine.UnmatchedArgumentException) {
        throw new StartException(String.valueOf(error.getMessage()));
      }
    }
    if (!errors.isEmpty()) {
      throw new StartException(String.valueOf(errors.getFirst().getMessage()));
    }
  }

  /** Gives the line that says where it listens. */
  String start(EdgeOptions options)
      throws StartException, IOException, GeneralSecurityException, InterruptedException {
    // Before the join token is spent.
    FreePorts.require(options);
    Path state = Files.createDirectories(options.stateDir);
    SecureRandom random = new SecureRandom();
    StateKeys keys = options.keys(random);
    Path file = state.resolve("identity.pem");
    Enrolment enrolment = new Enrolment(options.control, file, keys, clock);
    Identity identity = identity(options, enrolment);
    ChronicleResponseStore store = store(options, state);
    ServingState serving = serving(options, store, state);
    EdgeTls readers = new EdgeTls(options, clock);
    ServerTls tls = readers.server();
    TicketKeeper tickets =
        new TicketKeeper(state.resolve("ticket-keys"), keys, clock, random, tls::tickets);
    tickets.start();
    LastGoodStore lastGood = keep(new LastGoodStore(state.resolve("last-good"), keys));
    Origins origins = origins(options);
    RateLimits limits = new RateLimits(options.limits.limitCounters, System::nanoTime, random);
    ActiveConfig active = active(options, lastGood, tls, store, origins, limits);
    readers.follow(active);
    EdgeMetrics metrics = new EdgeMetrics();
    EdgeGauges gauges = new EdgeGauges(metrics, clock);
    GeoLocator geo = new GeoLocator();
    GeoReceiver databases =
        keep(GeoReceiver.open(state.resolve("geoip"), geo, options.limits.geoIpMaxSize.bytes()));
    gauges.geo(geo, databases);
    OriginClient origin = client(options, origins);
    gauges.origins(origin, origins.table);
    gauges.limits(limits);
    EdgePeers peers = new EdgePeers(options, enrolment, active, store, serving, clock);
    gauges.peers(peers);
    Pipeline pipeline =
        pipeline(options, store, serving, active, origin, geo, peers.peering(), limits, metrics);
    ChallengeAnswers answers =
        new ChallengeAnswers(
            active::challenges,
            pipeline::handle,
            geo,
            System::nanoTime,
            observer(options, metrics));
    EdgeListener listener =
        new EdgeListener(
            options.limits.listener(options), answers::handle, Optional.of(tls.context()), random);
    gauges.door(listener);
    Warming warming =
        new Warming(pipeline::handle, listener::nextThread, listener.ids(), System::nanoTime);
    gauges.warming(warming);
    LoadMeter meter =
        new LoadMeter(metrics::requestsEnded, System::nanoTime, options.fullLoadAverage());
    OriginReport report = new OriginReport(origins.table);
    SyncClient sync =
        keep(
            new SyncClient(
                syncConfig(options, state),
                identity,
                enrolment,
                new StoreSink(store, peers::purged),
                serving,
                active,
                lastGood,
                warming,
                databases,
                limits.fleet(),
                tickets,
                () ->
                    load(
                        meter,
                        listener,
                        serving,
                        store,
                        report.next(clock.millis()),
                        metrics.sites().next()),
                clock,
                System::nanoTime,
                RandomGenerator.getDefault()));
    start(sync, options);
    peers.listen(pipeline);
    keep(peers);
    listener.start();
    warming.start();
    keep(() -> drain(listener, pipeline.tunnels(), peers));
    gauges.node(store, serving, active, pipeline, tls);
    gauges.coding(pipeline.representations());
    OriginMetrics servers = new OriginMetrics(origins.table);
    LimitMetrics counts = new LimitMetrics(limits);
    Supplier<String> scrape =
        () -> metrics.scrape() + servers.scrape(clock.millis()) + counts.scrape();
    AdminListener admin = keep(admin(options, store, serving, active, scrape));
    admin.start();
    sweep(pipeline, origins.table, tickets);
    return "edge %s ready http=%d https=%d admin=%d"
        .formatted(
            options.name, listener.port("http"), listener.port("https"), admin.bound().getPort());
  }

  private ServingState serving(EdgeOptions options, ChronicleResponseStore store, Path state) {
    return new ServingState(
        options.serveUnsynced.duration(),
        store::lastPurge,
        clock,
        System::nanoTime,
        state.resolve("contact"));
  }

  private static SyncConfig syncConfig(EdgeOptions options, Path state) {
    return new SyncConfig(options.name, build(), options.control, state.resolve("control-planes"));
  }

  private static void start(SyncClient sync, EdgeOptions options) throws InterruptedException {
    sync.start();
    if (!sync.awaitFirstSync(options.syncWait.duration())) {
      LOG.warn("no control plane yet: starting from the last good configuration");
    }
  }

  /** Who is asked for what is not cached. */
  private record Origins(OriginTable table, OriginTls tls, HealthChecks checks) {
    void swap(HashTrie<SiteConfig> sites) {
      tls.swap(sites);
      table.swap(sites);
      checks.update();
    }
  }

  private Origins origins(EdgeOptions options) throws GeneralSecurityException {
    SSLContext usual = SSLContext.getDefault();
    OriginTls tls = new OriginTls(usual);
    OriginTable table = new OriginTable(RandomGenerator.getDefault());
    HealthChecks checks =
        new HealthChecks(
            table,
            options.limits.origin(options.layers.originAddresses()),
            tls::forChecks,
            clock,
            System::nanoTime,
            RandomGenerator.getDefault());
    return new Origins(table, tls, keep(checks));
  }

  private static Identity identity(EdgeOptions options, Enrolment enrolment) throws StartException {
    Optional<JoinToken> token = Optional.empty();
    if (options.join != null) {
      token = JoinToken.parse(options.join);
      if (token.isEmpty()) {
        throw new StartException("--join is no join token: it begins with pj1.");
      }
    }
    try {
      return enrolment.identity(options.name, token);
    } catch (EnrolmentException e) {
      throw new StartException(String.valueOf(e.getMessage()));
    }
  }

  private ChronicleResponseStore store(EdgeOptions options, Path state)
      throws StartException, IOException, InterruptedException {
    ChronicleResponseStore store =
        keep(ChronicleResponseStore.openOrWithout(storeConfig(options, state), clock));
    if (!store.awaitOpen(STORE_PATIENCE)) {
      LOG.info("the cache goes on opening in the background; the origins answer for the rest");
    }
    return store;
  }

  private static StoreConfig storeConfig(EdgeOptions options, Path state) throws StartException {
    try {
      StoreConfig config =
          StoreConfig.of(
              state.resolve("cache"), options.cacheSize.bytes(), options.memorySize.bytes());
      return options.maxObjectSize == null
          ? config
          : config.withMaxObjectBytes(options.maxObjectSize.bytes());
    } catch (IllegalArgumentException e) {
      throw new StartException(String.valueOf(e.getMessage()));
    }
  }

  private static ActiveConfig active(
      EdgeOptions options,
      LastGoodStore lastGood,
      ServerTls tls,
      ChronicleResponseStore store,
      Origins origins,
      RateLimits limits)
      throws IOException {
    return new ActiveConfig(
        options.name,
        lastGood.recover().orElseGet(ConfigState::empty),
        all -> certificates(tls, all),
        sites -> {
          store.limit(sites);
          limits.swap(sites);
          origins.swap(sites);
        });
  }

  private static void certificates(ServerTls tls, HashTrie<CertificateConfig> all) {
    try {
      tls.swap(all);
    } catch (GeneralSecurityException e) {
      LOG.error("certificates cannot be used, the ones before stay in force", e);
    }
  }

  private OriginClient client(EdgeOptions options, Origins origins) {
    return new OriginClient(
        options.limits.origin(options.layers.originAddresses()),
        origins.table,
        new OriginResolver(Executors.newVirtualThreadPerTaskExecutor(), clock),
        origins.tls,
        new DefaultByteBufferPool(true, FETCH_BUFFER),
        clock,
        System::nanoTime);
  }

  private Pipeline pipeline(
      EdgeOptions options,
      ChronicleResponseStore store,
      ServingState serving,
      ActiveConfig active,
      OriginClient origin,
      GeoLocator geo,
      Peering peering,
      RateLimits limits,
      EdgeMetrics metrics) {
    return new Pipeline(
        options.limits.pipeline(options.layers.pseudonym),
        active,
        serving,
        store,
        origin,
        geo,
        Optional.of(peering),
        limits,
        clock,
        System::nanoTime,
        observer(options, metrics));
  }

  private static RequestObserver observer(EdgeOptions options, EdgeMetrics metrics) {
    RequestObserver log = options.accessLog ? new AccessLog() : request -> {};
    return request -> {
      metrics.ended(request);
      log.ended(request);
    };
  }

  private static NodeLoad load(
      LoadMeter meter,
      EdgeListener listener,
      ServingState serving,
      ChronicleResponseStore store,
      List<OriginHealth> origins,
      List<SiteTraffic> traffic) {
    Serving now = serving.get();
    boolean healthy = now != Serving.NOTHING;
    return new NodeLoad(
        meter.requestsPerSecond(),
        listener.openRequests(),
        meter.load(),
        healthy,
        healthy ? store.problem().map(why -> "no cache: " + why).orElse("") : now.sentence(),
        origins,
        traffic);
  }

  private static AdminListener admin(
      EdgeOptions options,
      ChronicleResponseStore store,
      ServingState serving,
      ActiveConfig active,
      Supplier<String> scrape) {
    return new AdminListener(
        options.adminAddress(),
        options.adminPort,
        Map.of(
            "/metrics",
            () -> new AdminListener.Page(200, "text/plain; version=0.0.4", scrape.get()),
            "/health",
            () -> HealthPage.of(options, serving, active, store)));
  }

  private void sweep(Pipeline pipeline, OriginTable origins, TicketKeeper tickets) {
    Thread.ofVirtual()
        .name("sweep")
        .start(
            () -> {
              try {
                while (!stopping.await(SWEEP_MILLIS, TimeUnit.MILLISECONDS)) {
                  pipeline.sweep();
                  origins.sweep(clock.millis());
                  tickets.look();
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  /** Lets requests that are being answered finish, for a while. */
  private void drain(EdgeListener listener, TunnelTable tunnels, EdgePeers peers)
      throws InterruptedException {
    listener.drain();
    peers.drain();
    Duration step = Duration.ofMillis(20);
    CountDownLatch never = new CountDownLatch(1);
    LongSupplier open = () -> listener.openRequests() + peers.openRequests() + tunnels.open();
    for (long waited = 0; open.getAsLong() > 0 && waited < DRAIN_MILLIS; ) {
      if (never.await(step.toMillis(), TimeUnit.MILLISECONDS)) {
        return;
      }
      waited += step.toMillis();
    }
    tunnels.endAll();
    listener.close();
  }

  private static String build() {
    return Optional.ofNullable(EdgeNode.class.getPackage().getImplementationVersion())
        .orElse("development");
  }

  private <T extends AutoCloseable> T keep(T part) {
    running.push(part);
    return part;
  }

  /** Stops everything, the last started first, so that the store is closed in order at the end. */
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

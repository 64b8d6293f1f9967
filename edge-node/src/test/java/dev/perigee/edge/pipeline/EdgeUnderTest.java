package dev.perigee.edge.pipeline;

import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.ClientCertificates;
import dev.perigee.contract.CompressionPolicy;
import dev.perigee.contract.GeoKind;
import dev.perigee.contract.HidingPolicy;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.OriginPools;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.RateRule;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.cache.StoreReason;
import dev.perigee.edge.config.EdgeSnapshot;
import dev.perigee.edge.config.Serving;
import dev.perigee.edge.geo.GeoLocator;
import dev.perigee.edge.geo.TestGeo;
import dev.perigee.edge.limit.RateLimits;
import dev.perigee.edge.listener.ClientPolicy;
import dev.perigee.edge.listener.DoorLimits;
import dev.perigee.edge.listener.DoorReason;
import dev.perigee.edge.listener.EdgeListener;
import dev.perigee.edge.listener.ListenerConfig;
import dev.perigee.edge.origin.OriginClient;
import dev.perigee.edge.origin.OriginConfig;
import dev.perigee.edge.origin.OriginResolver;
import dev.perigee.edge.origin.pool.OriginTable;
import dev.perigee.edge.origin.pool.SitePools;
import dev.perigee.edge.policy.LoadConfig;
import dev.perigee.edge.respond.TunnelConfig;
import dev.perigee.edge.respond.coding.CodingConfig;
import dev.perigee.edge.routing.RouteTable;
import dev.perigee.edge.store.ChronicleResponseStore;
import dev.perigee.edge.store.StoreConfig;
import dev.perigee.edge.table.HashTrie;
import dev.perigee.edge.telemetry.RequestRecord;
import io.undertow.server.DefaultByteBufferPool;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import org.awaitility.Awaitility;

/** A listener, a pipeline, an origin client and a real store, for one site on loopback. */
final class EdgeUnderTest implements AutoCloseable {
  static final String HOST = "www.shop.example";
  static final int SLICE_BYTES = 256 * 1024;
  private static final long CAPACITY = 32L << 20;

  private final AtomicLong skew = new AtomicLong();
  private final ChronicleResponseStore store;
  private final AtomicReference<Optional<StoreReason>> refusal =
      new AtomicReference<>(Optional.empty());
  private final EdgeListener listener;
  private final Pipeline pipeline;
  private final ScheduledExecutorService sweeper = Executors.newSingleThreadScheduledExecutor();
  private final AtomicReference<EdgeSnapshot> snapshot = new AtomicReference<>();
  private final OriginTable origins = new OriginTable(RandomGenerator.getDefault());
  private final SiteConfig site;
  private final GeoLocator geo = new GeoLocator();
  private final RateLimits limits =
      new RateLimits(1024, () -> System.nanoTime() + skewNanos(), RandomGenerator.getDefault());
  private final Queue<RequestRecord> ended = new ConcurrentLinkedQueue<>();
  private long purges;

  EdgeUnderTest(Path directory, int... originPorts) throws Exception {
    this(directory, true, Executors.newVirtualThreadPerTaskExecutor(), originPorts);
  }

  /** One behind proxies. */
  EdgeUnderTest(Path directory, ClientPolicy clients, int... originPorts) throws Exception {
    this(directory, true, Executors.newVirtualThreadPerTaskExecutor(), clients, originPorts);
  }

  /** One with other limits of its sites. */
  EdgeUnderTest(Path directory, LoadConfig load, int... originPorts) throws Exception {
    this(
        directory,
        true,
        Executors.newVirtualThreadPerTaskExecutor(),
        ClientPolicy.DIRECT,
        DoorLimits.DEFAULT,
        load,
        originPorts);
  }

  /** One with other limits of its clients. */
  EdgeUnderTest(Path directory, ClientPolicy clients, DoorLimits door, int... originPorts)
      throws Exception {
    this(
        directory,
        true,
        Executors.newVirtualThreadPerTaskExecutor(),
        clients,
        door,
        LoadConfig.DEFAULT,
        originPorts);
  }

  /** One that speaks TLS, too, with other limits of its clients. */
  EdgeUnderTest(Path directory, DoorLimits door, SSLContext tls, int... originPorts)
      throws Exception {
    this(
        directory,
        true,
        Executors.newVirtualThreadPerTaskExecutor(),
        ClientPolicy.DIRECT,
        door,
        LoadConfig.DEFAULT,
        Optional.of(tls),
        originPorts);
  }

  /**
   * @param lookups where names are resolved
   */
  EdgeUnderTest(Path directory, boolean allowPrivate, Executor lookups, int... originPorts)
      throws Exception {
    this(directory, allowPrivate, lookups, ClientPolicy.DIRECT, originPorts);
  }

  private EdgeUnderTest(
      Path directory,
      boolean allowPrivate,
      Executor lookups,
      ClientPolicy clients,
      int... originPorts)
      throws Exception {
    this(
        directory,
        allowPrivate,
        lookups,
        clients,
        DoorLimits.DEFAULT,
        LoadConfig.DEFAULT,
        originPorts);
  }

  private EdgeUnderTest(
      Path directory,
      boolean allowPrivate,
      Executor lookups,
      ClientPolicy clients,
      DoorLimits door,
      LoadConfig load,
      int... originPorts)
      throws Exception {
    this(directory, allowPrivate, lookups, clients, door, load, Optional.empty(), originPorts);
  }

  private EdgeUnderTest(
      Path directory,
      boolean allowPrivate,
      Executor lookups,
      ClientPolicy clients,
      DoorLimits door,
      LoadConfig load,
      Optional<SSLContext> tls,
      int... originPorts)
      throws Exception {
    InstantSource now = () -> Instant.now().plusMillis(skew.get());
    store =
        ChronicleResponseStore.openOrWithout(StoreConfig.of(directory, CAPACITY, 4L << 20), now);
    if (!store.awaitOpen(Duration.ofSeconds(20))) {
      throw new AssertionError("the store does not open");
    }
    SiteConfig site =
        new SiteConfig(
            "shop",
            List.of(HOST, "*.wild.example"),
            IntStream.of(originPorts)
                .mapToObj(port -> new OriginUrl("http", "127.0.0.1", port))
                .toList(),
            Set.of(),
            false,
            false);
    this.site = site;
    route(site);
    OriginConfig origin =
        new OriginConfig(
            Duration.ofSeconds(1),
            Duration.ofSeconds(2),
            Duration.ofSeconds(2),
            Duration.ofSeconds(30),
            OriginConfig.IDLE_PER_SERVER,
            1000,
            new OriginAddressPolicy(List.of(), allowPrivate));
    OriginClient client =
        new OriginClient(
            origin,
            origins,
            new OriginResolver(lookups, now),
            SSLContext.getDefault(),
            new DefaultByteBufferPool(true, 16 * 1024),
            now,
            System::nanoTime);
    PipelineConfig config =
        new PipelineConfig(
            "perigee",
            1 << 20,
            64L << 20,
            1000,
            8L << 20,
            SLICE_BYTES,
            2_000,
            TunnelConfig.DEFAULT,
            load,
            CodingConfig.DEFAULT);
    pipeline =
        new Pipeline(
            config,
            snapshot::get,
            () -> Serving.EVERYTHING,
            new RefusingStore(store, refusal::get),
            client,
            geo,
            Optional.empty(),
            limits,
            now,
            System::nanoTime,
            ended::add);
    listener =
        new EdgeListener(
            ListenerConfig.of(List.of("127.0.0.1"), 0, 0).behind(clients).with(door),
            pipeline::handle,
            tls,
            RandomGenerator.getDefault());
    listener.start();
    var sweeping = sweeper.scheduleAtFixedRate(pipeline::sweep, 200, 200, TimeUnit.MILLISECONDS);
    if (sweeping.isDone()) {
      throw new IllegalStateException("the sweeper did not start");
    }
  }

  private long skewNanos() {
    return skew.get() * 1_000_000;
  }

  private void route(SiteConfig... sites) {
    HashTrie<SiteConfig> all = HashTrie.of(List.of(sites), SiteConfig::id);
    limits.swap(all);
    origins.swap(all);
    snapshot.set(new EdgeSnapshot(1, RouteTable.of("cdn.example", List.of(sites))));
  }

  /** The site's owner decides whose certificates are asked for; another site asks for none. */
  void ask(ClientCertificates asked, String otherHost) {
    SiteConfig other =
        new SiteConfig("other", List.of(otherHost), site.origins(), Set.of(), false, false);
    route(site.withClientCertificates(asked), other);
  }

  /** The routes in force. */
  RouteTable routes() {
    return snapshot.get().routes();
  }

  /** The site's owner decides something about caching. */
  void decide(CachePolicy policy) {
    route(new SiteConfig(site.id(), site.hosts(), site.origins(), Set.of(), false, false, policy));
  }

  /** The store takes nothing from now on. */
  void refuse(StoreReason reason) {
    refusal.set(Optional.of(reason));
  }

  /** Where clients are, from now on. */
  void locate(Path folder, byte[] cities) throws IOException {
    TestGeo.take(folder, geo, GeoKind.CITY, cities);
  }

  /** The site's owner decides something about origins. */
  void pools(OriginPools pools) {
    route(
        new SiteConfig(
            site.id(),
            site.hosts(),
            List.of(),
            Set.of(),
            false,
            false,
            CachePolicy.DEFAULT,
            pools));
  }

  /** The pools in force. */
  SitePools pools() {
    return origins.all().iterator().next();
  }

  int port() {
    return listener.port("http");
  }

  int tlsPort() {
    return listener.port("https");
  }

  /** Lets the node's clock be so much later. */
  void later(Duration time) {
    skew.addAndGet(time.toMillis());
  }

  void purge(String target) throws IOException {
    purges++;
    store.applyPurges(
        List.of(new Purge(purges, Optional.of("shop"), new PurgeScope.Url(HOST, target), false)));
  }

  /** The same by any scope. */
  void purge(PurgeScope scope, boolean soft) throws IOException {
    purges++;
    store.applyPurges(List.of(new Purge(purges, Optional.of("shop"), scope, soft)));
  }

  /** The site's owner decides something about compression. */
  void compress(CompressionPolicy compression) {
    route(site.withCompression(compression));
  }

  /** The bodies in other codings. */
  Representations representations() {
    return pipeline.representations();
  }

  /** Fetches of its own; not started. */
  Warming warming() {
    return new Warming(pipeline::handle, listener::nextThread, listener.ids(), System::nanoTime);
  }

  /** The site's owner decides what is hidden. */
  void hide(HidingPolicy hiding) {
    route(site.withHiding(hiding));
  }

  /** The site's owner decides how many requests are let in. */
  void limit(RateRule... rules) {
    route(site.withLimits(List.of(rules)));
  }

  /** What is known of the requests that have ended. */
  List<RequestRecord> ended() {
    return List.copyOf(ended);
  }

  int openFetches() {
    return pipeline.openFetches();
  }

  long openRequests() {
    return listener.openRequests();
  }

  /** Fetches that were not begun. */
  long shed() {
    return pipeline.load().shedFetches();
  }

  /** Parts of responses that waited for their turn. */
  long heldBack() {
    return pipeline.load().heldBack();
  }

  /** How often the door did something for a reason. */
  long refused(DoorReason reason) {
    return listener.refused(reason);
  }

  /** Addresses that have something open. */
  int visitors() {
    return listener.visitors();
  }

  void drain() {
    listener.drain();
  }

  @Override
  public void close() throws IOException {
    Awaitility.await().until(() -> openRequests() == 0 && openFetches() == 0);
    sweeper.shutdownNow();
    listener.close();
    store.close();
  }
}

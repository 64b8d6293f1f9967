package dev.perigee.edge.pipeline;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.ClientCertificates;
import dev.perigee.contract.GeoKind;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.OriginPool;
import dev.perigee.contract.OriginPools;
import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PeerConfig;
import dev.perigee.contract.PoolServer;
import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.TierPolicy;
import dev.perigee.edge.cache.HotSketch;
import dev.perigee.edge.config.EdgeSnapshot;
import dev.perigee.edge.config.Identity;
import dev.perigee.edge.config.PeerTls;
import dev.perigee.edge.config.Serving;
import dev.perigee.edge.config.TestAuthority;
import dev.perigee.edge.config.Trust;
import dev.perigee.edge.geo.GeoLocator;
import dev.perigee.edge.geo.TestGeo;
import dev.perigee.edge.limit.RateLimits;
import dev.perigee.edge.listener.ClientPolicy;
import dev.perigee.edge.listener.EdgeListener;
import dev.perigee.edge.listener.ListenerConfig;
import dev.perigee.edge.listener.PeerListener;
import dev.perigee.edge.origin.OriginClient;
import dev.perigee.edge.origin.OriginConfig;
import dev.perigee.edge.origin.OriginResolver;
import dev.perigee.edge.origin.PeerClient;
import dev.perigee.edge.origin.PeerPatience;
import dev.perigee.edge.origin.pool.OriginTable;
import dev.perigee.edge.routing.PeerTable;
import dev.perigee.edge.routing.RouteTable;
import dev.perigee.edge.store.ChronicleResponseStore;
import dev.perigee.edge.store.StoreConfig;
import dev.perigee.edge.table.HashTrie;
import io.undertow.server.DefaultByteBufferPool;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLContext;
import org.awaitility.Awaitility;

/**
 * Nodes of one network in this process, each with a store, a port for readers and one for the other
 * nodes, over real mutual TLS on loopback; one site, whose purges reach each node when the test
 * says so.
 */
final class NetworkUnderTest implements AutoCloseable {
  static final String HOST = "www.shop.example";
  static final int SLICE_BYTES = 64 * 1024;
  static final String LOG = "log-of-the-test";
  private static final long CAPACITY = 16L << 20;

  /** A proxy in front of every node. */
  static final String PROXY = "127.0.0.2";

  private static final ClientPolicy TRUSTING =
      new ClientPolicy(
          List.of(AddressRange.of(PROXY + "/32")), ClientPolicy.ProxyField.X_FORWARDED_FOR);

  private final Path folder;
  private final long purgeWaitMillis;
  private final AtomicLong skew = new AtomicLong();
  private final InstantSource clock = () -> Instant.now().plusMillis(skew.get());
  private final TestAuthority authority = new TestAuthority();
  private final Trust trust = Trust.unsaid();
  private final Map<String, Node> nodes = new LinkedHashMap<>();
  private final List<Purge> purges = new ArrayList<>();
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private OriginPools pools = OriginPools.NONE;
  private TierPolicy tiers = TierPolicy.DEFAULT;
  private CachePolicy policy = CachePolicy.DEFAULT;
  private ClientCertificates asked = ClientCertificates.OFF;

  /**
   * A network without nodes.
   *
   * @param purgeWaitMillis how long a node's request waits for purges
   */
  NetworkUnderTest(Path folder, int originPort, long purgeWaitMillis) {
    this.folder = folder;
    origin(new OriginUrl("http", "127.0.0.1", originPort), OriginTransport.DEFAULT);
    this.purgeWaitMillis = purgeWaitMillis;
    var sweeping =
        timer.scheduleAtFixedRate(
            () -> nodes.values().forEach(node -> node.pipeline.sweep()),
            200,
            200,
            TimeUnit.MILLISECONDS);
    if (sweeping.isDone()) {
      throw new IllegalStateException("the sweeper did not start");
    }
  }

  TestAuthority authority() {
    return authority;
  }

  /** Whom all nodes trust. */
  Trust trust() {
    return trust;
  }

  /** Adds a node; all know of it from {@link #configure} on. */
  Node add(String name, String region, boolean shield) throws Exception {
    Node node = new Node(name, region, shield);
    nodes.put(name, node);
    return node;
  }

  Node node(String name) {
    Node node = nodes.get(name);
    if (node == null) {
      throw new IllegalArgumentException(name);
    }
    return node;
  }

  /** Where the site's content is, from the next {@link #configure} on. */
  void origin(OriginUrl url, OriginTransport transport) {
    OriginPool usual = OriginPool.of(OriginPool.NAME, List.of(PoolServer.of(url)));
    OriginPool pool =
        new OriginPool(
            usual.name(),
            usual.servers(),
            usual.balance(),
            usual.check(),
            usual.ejection(),
            usual.slowStartMillis(),
            usual.retries(),
            usual.timeouts(),
            usual.breakers(),
            transport);
    pools = new OriginPools(List.of(pool), List.of(), "");
  }

  /** Whose certificates the site takes, from the next {@link #configure} on. */
  void ask(ClientCertificates of) {
    asked = of;
  }

  /** Tells every node of the others and of the site. */
  void configure(TierPolicy how, CachePolicy what) {
    tiers = how;
    policy = what;
    nodes.values().forEach(Node::configure);
  }

  void configure() {
    configure(tiers, policy);
  }

  private SiteConfig site() {
    return new SiteConfig("shop", List.of(HOST), List.of(), Set.of(), false, false, policy, pools)
        .withTiers(tiers)
        .withClientCertificates(asked);
  }

  /** Lets the clock of all nodes be so much later. */
  void later(Duration time) {
    skew.addAndGet(time.toMillis());
  }

  /** Issues a purge, which comes to the nodes named now and to the others with their next one. */
  void purge(PurgeScope scope, boolean soft, String... reached) throws IOException {
    purges.add(new Purge(purges.size() + 1, Optional.of("shop"), scope, soft));
    for (String name : reached) {
      node(name).catchUp();
    }
  }

  @Override
  public void close() throws IOException {
    for (Node node : nodes.values()) {
      Awaitility.await(node.name).until(node::isIdle);
    }
    timer.shutdownNow();
    for (Node node : nodes.values()) {
      node.close();
    }
  }

  /** One node. */
  final class Node {
    final String name;
    private final String region;
    private final boolean shield;
    private final ChronicleResponseStore store;
    private final OriginClient toOrigins;
    private final Pipeline pipeline;
    private final EdgeListener listener;
    private final PeerListener peers;
    private final PurgeGate gate;
    private final PeerClient peerClient;
    private final PeerTls tls;
    private final GeoLocator geo = new GeoLocator();
    private final Warming warming;
    private final OriginTable origins = new OriginTable(RandomGenerator.getDefault());
    private final int peerPort;
    private volatile EdgeSnapshot snapshot =
        new EdgeSnapshot(1, RouteTable.of("cdn.example", List.of()));
    private volatile Serving serving = Serving.EVERYTHING;
    private volatile boolean isDead;
    private List<String> addresses = List.of("127.0.0.1");

    /** Its bodies in other codings. */
    Representations representations() {
      return pipeline.representations();
    }

    private Node(String name, String region, boolean shield) throws Exception {
      this.name = name;
      this.region = region;
      this.shield = shield;
      store =
          ChronicleResponseStore.open(
              StoreConfig.of(folder.resolve(name), CAPACITY, 1L << 20), clock);
      if (!store.awaitOpen(Duration.ofSeconds(20))) {
        throw new AssertionError("the store does not open");
      }
      store.adopt(LOG, 0);
      TestAuthority.Issued own = authority.node(name);
      Identity identity = new Identity(own.key(), own.certificate(), authority.certificate());
      tls = new PeerTls(() -> identity, trust, () -> snapshot.peers(), clock);
      gate = new PurgeGate(store::position, timer, purgeWaitMillis, () -> true);
      peerClient = peerClient();
      Peering peering = new Peering(peerClient, gate, new HotSketch());
      toOrigins = client(origins, SSLContext.getDefault());
      pipeline =
          new Pipeline(
              new PipelineConfig("perigee", 1 << 20, 64L << 20, 1000, 8L << 20, SLICE_BYTES, 2_000),
              () -> snapshot,
              () -> serving,
              store,
              toOrigins,
              geo,
              Optional.of(peering),
              new RateLimits(1024, System::nanoTime, RandomGenerator.getDefault()),
              clock,
              System::nanoTime,
              request -> {});
      ListenerConfig config = ListenerConfig.of(List.of("127.0.0.1"), 0, 0);
      listener =
          new EdgeListener(
              config.behind(TRUSTING),
              pipeline::handle,
              Optional.empty(),
              RandomGenerator.getDefault());
      listener.start();
      warming =
          new Warming(pipeline::handle, listener::nextThread, listener.ids(), System::nanoTime);
      warming.start();
      peers =
          new PeerListener(
              config,
              pipeline::handle,
              tls.context(),
              PeerTls.PROTOCOL,
              tls::node,
              RandomGenerator.getDefault());
      peers.start();
      peerPort = peers.port();
    }

    private PeerClient peerClient() {
      OriginTable table = new OriginTable(RandomGenerator.getDefault());
      Duration seconds = Duration.ofSeconds(10);
      return new PeerClient(
          client(table, tls.context()),
          table,
          new PeerPatience(seconds, seconds, Duration.ofSeconds(1)),
          clock);
    }

    private OriginClient client(OriginTable table, SSLContext context) {
      OriginConfig config =
          new OriginConfig(
              Duration.ofSeconds(2),
              Duration.ofSeconds(10),
              Duration.ofSeconds(10),
              Duration.ofSeconds(30),
              8,
              1000,
              new OriginAddressPolicy(List.of(), true));
      return new OriginClient(
          config,
          table,
          new OriginResolver(Executors.newVirtualThreadPerTaskExecutor(), clock),
          context,
          new DefaultByteBufferPool(true, 20 * 1024),
          clock,
          System::nanoTime);
    }

    private PeerConfig config() {
      return new PeerConfig(name, region, addresses, peerPort, shield);
    }

    private void configure() {
      List<PeerConfig> all = nodes.values().stream().map(Node::config).toList();
      origins.swap(HashTrie.of(List.of(site()), SiteConfig::id));
      snapshot =
          new EdgeSnapshot(
              2, RouteTable.of("cdn.example", List.of(site())), PeerTable.of(name, all));
    }

    /** For readers. */
    int port() {
      return listener.port("http");
    }

    /** For other nodes. */
    int peerPort() {
      return peerPort;
    }

    void serving(Serving how) {
      serving = how;
    }

    PeerTable table() {
      return snapshot.peers();
    }

    RawClient.Response get(String target, String... fields) throws IOException {
      List<String> all = new ArrayList<>(List.of(fields));
      return RawClient.get(port(), target, all.toArray(String[]::new));
    }

    /** Applies every purge so far. */
    void catchUp() throws IOException {
      store.applyPurges(purges);
      gate.applied();
    }

    /** Begins to count in another log, with nothing in its store. */
    void adopt(String log) throws IOException {
      store.adopt(log, 0);
    }

    /** Where clients are, from now on. */
    void locate(byte[] cities) throws IOException {
      TestGeo.take(folder.resolve(name), geo, GeoKind.CITY, cities);
    }

    Warming warming() {
      return warming;
    }

    /** Connections to origins. */
    int originConnections() {
      return toOrigins.openConnections();
    }

    long waiting() {
      return gate.waiting();
    }

    /** Objects in its store. */
    int stored() {
      return store.statistics().objects();
    }

    /** Where others look for it, from the next configuration on. */
    void at(String... places) {
      addresses = List.of(places);
    }

    int peersInTrouble() {
      return peerClient.inTrouble();
    }

    /** What was answered is stored a moment later. */
    void awaitStored(int objects) {
      Awaitility.await(name + " stores " + objects).until(() -> stored() == objects);
    }

    /** Other nodes cannot reach it any more. */
    void die() {
      isDead = true;
      peers.close();
    }

    boolean isIdle() {
      return listener.openRequests() == 0
          && pipeline.openFetches() == 0
          && (isDead || peers.openRequests() == 0);
    }

    private void close() throws IOException {
      listener.close();
      if (!isDead) {
        peers.close();
      }
      store.close();
    }
  }
}

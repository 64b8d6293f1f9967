package dev.perigee.edge.pipeline;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.OriginPool;
import dev.perigee.contract.OriginPools;
import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.OriginTransport.MinimumTls;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PoolServer;
import dev.perigee.contract.SiteConfig;
import dev.perigee.edge.config.EdgeSnapshot;
import dev.perigee.edge.config.Serving;
import dev.perigee.edge.config.TestAuthority;
import dev.perigee.edge.geo.GeoLocator;
import dev.perigee.edge.limit.RateLimits;
import dev.perigee.edge.listener.EdgeListener;
import dev.perigee.edge.listener.ListenerConfig;
import dev.perigee.edge.listener.tls.ServerTls;
import dev.perigee.edge.listener.tls.TlsEngine;
import dev.perigee.edge.origin.OriginClient;
import dev.perigee.edge.origin.OriginConfig;
import dev.perigee.edge.origin.OriginResolver;
import dev.perigee.edge.origin.OriginTls;
import dev.perigee.edge.origin.pool.OriginTable;
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
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.awaitility.Awaitility;

/** An edge that speaks HTTP and HTTPS, for one site on loopback whose origins may do so too. */
final class TransportEdge implements AutoCloseable {
  /** Both the name in its certificate and a host of its site. */
  static final String HOST = "localhost";

  final Queue<RequestRecord> ended = new ConcurrentLinkedQueue<>();
  private final ChronicleResponseStore store;
  private final EdgeListener listener;
  private final Pipeline pipeline;
  private final OriginClient client;
  private final ScheduledExecutorService sweeper = Executors.newSingleThreadScheduledExecutor();

  TransportEdge(Path directory, TestAuthority authority, TunnelConfig tunnels, OriginUrl... origins)
      throws Exception {
    this(directory, authority, tunnels, trusting(authority, OriginTransport.DEFAULT), origins);
  }

  TransportEdge(
      Path directory, TestAuthority authority, OriginTransport transport, OriginUrl... origins)
      throws Exception {
    this(directory, authority, TunnelConfig.DEFAULT, transport, origins);
  }

  private TransportEdge(
      Path directory,
      TestAuthority authority,
      TunnelConfig tunnels,
      OriginTransport transport,
      OriginUrl... origins)
      throws Exception {
    InstantSource now = InstantSource.system();
    store = ChronicleResponseStore.open(StoreConfig.of(directory, 32L << 20, 4L << 20), now);
    if (!store.awaitOpen(Duration.ofSeconds(20))) {
      throw new AssertionError("the store does not open");
    }
    OriginPool usual = OriginPool.of("default", servers(origins));
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
    SiteConfig site =
        new SiteConfig(
            "shop",
            List.of(HOST, EdgeUnderTest.HOST),
            List.of(origins),
            Set.of(),
            false,
            false,
            CachePolicy.DEFAULT,
            new OriginPools(List.of(pool), List.of(), ""));
    OriginTls originTls = new OriginTls(SSLContext.getDefault());
    HashTrie<SiteConfig> sites = HashTrie.of(List.of(site), SiteConfig::id);
    originTls.swap(sites);
    EdgeSnapshot snapshot = new EdgeSnapshot(1, RouteTable.of("cdn.example", List.of(site)));
    OriginConfig config =
        new OriginConfig(
            Duration.ofSeconds(5),
            Duration.ofSeconds(10),
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            8,
            1000,
            new OriginAddressPolicy(List.of(), true));
    OriginTable table = new OriginTable(RandomGenerator.getDefault());
    table.swap(sites);
    client =
        new OriginClient(
            config,
            table,
            new OriginResolver(Executors.newVirtualThreadPerTaskExecutor(), now),
            originTls,
            new DefaultByteBufferPool(true, 16 * 1024),
            now,
            System::nanoTime);
    pipeline =
        new Pipeline(
            new PipelineConfig(
                "perigee",
                1 << 20,
                64L << 20,
                1000,
                8L << 20,
                256 * 1024,
                2_000,
                tunnels,
                LoadConfig.DEFAULT,
                CodingConfig.DEFAULT),
            () -> snapshot,
            () -> Serving.EVERYTHING,
            store,
            client,
            new GeoLocator(),
            Optional.empty(),
            new RateLimits(1024, System::nanoTime, RandomGenerator.getDefault()),
            now,
            System::nanoTime,
            ended::add);
    ServerTls tls = new ServerTls(TlsEngine.AUTO);
    tls.swap(
        HashTrie.of(
            List.of(
                authority.server("EC", HOST).config(HOST),
                authority.server("EC", EdgeUnderTest.HOST).config(EdgeUnderTest.HOST)),
            CertificateConfig::id));
    listener =
        new EdgeListener(
            onOneThread(),
            pipeline::handle,
            Optional.of(tls.context()),
            RandomGenerator.getDefault());
    listener.start();
    var sweeping = sweeper.scheduleAtFixedRate(pipeline::sweep, 100, 100, TimeUnit.MILLISECONDS);
    if (sweeping.isDone()) {
      throw new IllegalStateException("the sweeper did not start");
    }
  }

  TransportEdge(Path directory, TestAuthority authority, OriginUrl... origins) throws Exception {
    this(directory, authority, TunnelConfig.DEFAULT, origins);
  }

  /** So that what can share a connection does. */
  private static ListenerConfig onOneThread() {
    ListenerConfig usual = ListenerConfig.of(List.of("127.0.0.1"), 0, 0);
    return new ListenerConfig(
        usual.addresses(),
        0,
        0,
        1,
        usual.maxHeaderBytes(),
        usual.maxHeaders(),
        usual.headTimeout(),
        usual.idleTimeout(),
        usual.maxConnections(),
        usual.maxRequests(),
        usual.clients());
  }

  private static List<PoolServer> servers(OriginUrl... origins) {
    return List.of(origins).stream().map(PoolServer::of).toList();
  }

  /** The same with a pool that believes the authority. */
  static OriginTransport trusting(TestAuthority authority, OriginTransport transport)
      throws GeneralSecurityException {
    return new OriginTransport(
        transport.serverName(),
        transport.host(),
        List.of(Bytes.copyOf(authority.certificate().getEncoded())),
        transport.clientChain(),
        transport.clientKey(),
        transport.minimumTls(),
        transport.http2(),
        transport.proxyProtocol());
  }

  /** The usual transport, by HTTP/2 where the server offers it. */
  static OriginTransport http2(TestAuthority authority) throws GeneralSecurityException {
    OriginTransport http2 =
        new OriginTransport(
            "", "", List.of(), List.of(), Optional.empty(), MinimumTls.TLS_1_2, true, 0);
    return trusting(authority, http2);
  }

  /** A context that believes the authority and nobody else. */
  static SSLContext trusting(TestAuthority authority) throws GeneralSecurityException, IOException {
    KeyStore keys = KeyStore.getInstance(KeyStore.getDefaultType());
    keys.load(null, null);
    keys.setCertificateEntry("ca", authority.certificate());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(keys);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  /** A server's context. */
  static SSLContext serving(TestAuthority.Issued issued)
      throws GeneralSecurityException, IOException {
    KeyStore keys = KeyStore.getInstance(KeyStore.getDefaultType());
    keys.load(null, null);
    keys.setKeyEntry("server", issued.key(), new char[0], new Certificate[] {issued.certificate()});
    KeyManagerFactory manager =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    manager.init(keys, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(manager.getKeyManagers(), null, null);
    return context;
  }

  int port() {
    return listener.port("http");
  }

  int tlsPort() {
    return listener.port("https");
  }

  Pipeline pipeline() {
    return pipeline;
  }

  int originConnections() {
    return client.openConnections();
  }

  /** The record of the one request for the target, once it has ended. */
  RequestRecord record(String target) {
    Awaitility.await()
        .until(() -> ended.stream().anyMatch(request -> request.target().equals(target)));
    return ended.stream().filter(request -> request.target().equals(target)).findFirst().get();
  }

  @Override
  public void close() throws IOException {
    Awaitility.await()
        .until(
            () ->
                listener.openRequests() == 0
                    && pipeline.openFetches() == 0
                    && pipeline.tunnels().open() == 0);
    sweeper.shutdownNow();
    listener.close();
    store.close();
  }
}

package dev.perigee.control.stream;

import com.google.protobuf.ByteString;
import dev.perigee.contract.Bytes;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.GeoFile;
import dev.perigee.contract.JoinToken;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.TicketKey;
import dev.perigee.contract.replica.v1.FleetExchangeGrpc;
import dev.perigee.contract.replica.v1.WatchRequest;
import dev.perigee.contract.sync.v1.EnrolRequest;
import dev.perigee.contract.sync.v1.EnrolResponse;
import dev.perigee.contract.sync.v1.EnrolmentGrpc;
import dev.perigee.contract.sync.v1.RenewRequest;
import dev.perigee.control.MovableClock;
import dev.perigee.control.changelog.ChangeLog;
import dev.perigee.control.changelog.LogReader;
import dev.perigee.control.fleet.Fleet;
import dev.perigee.control.limit.FleetLimits;
import dev.perigee.control.pki.AuthorityRotation;
import dev.perigee.control.pki.EdgeAuthority;
import dev.perigee.control.pki.Enrolments;
import dev.perigee.control.pki.FleetAuthority;
import dev.perigee.control.rollout.Rollouts;
import dev.perigee.control.store.AuthorityStore;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.ChangeStore;
import dev.perigee.control.store.Database;
import dev.perigee.control.store.EnrolmentStore;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.PostgresCertificateStore;
import dev.perigee.control.store.PostgresNodeStore;
import dev.perigee.control.store.PostgresPurgeStore;
import dev.perigee.control.store.PostgresRolloutStore;
import dev.perigee.control.store.PostgresSiteStore;
import dev.perigee.control.store.PostgresWarmUpStore;
import dev.perigee.control.store.PurgeAcks;
import dev.perigee.control.store.PurgeLimits;
import dev.perigee.control.store.PurgeReceipts;
import dev.perigee.control.store.Replica;
import dev.perigee.control.store.SettingStore;
import dev.perigee.control.store.SiteHistory;
import dev.perigee.control.store.TestPostgres;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** The stores, the authority and the gRPC port of a control plane over a database of its own. */
final class TestControl implements AutoCloseable {
  /** As edges have it. */
  private static final int MAX_MESSAGE = 1 << 20;

  static final int SLOW_WINDOW = 1 << 16;

  final TestPostgres postgres;
  final MovableClock clock = new MovableClock(Instant.now());
  final LogNumbers numbers;
  final PostgresSiteStore sites;
  final PostgresRolloutStore rolloutStore;
  final Rollouts rollouts;
  final PostgresNodeStore nodes;
  final PostgresPurgeStore purges;
  final PostgresCertificateStore certificates;
  final PurgeAcks acks;
  final PurgeReceipts receipts;
  final PostgresWarmUpStore warmUps;
  final FleetLimits limits = new FleetLimits(Bytes.copyOf(new byte[16]), System::nanoTime);
  final Fleet fleet;
  final ReplicaLinks links;
  final Replica replica;
  final AtomicReference<List<String>> replicas = new AtomicReference<>(List.of());
  final AtomicReference<List<TicketKey>> ticketKeys = new AtomicReference<>(List.of());
  final AtomicReference<FromControl.AcmeTokens> acmeTokens =
      new AtomicReference<>(new FromControl.AcmeTokens(List.of(), 0));
  final AtomicReference<List<GeoFile>> geoFiles = new AtomicReference<>(List.of());
  final EdgeAuthority authority;
  final AuthorityStore authorities;
  final FleetAuthority fleetAuthority;
  final AuthorityRotation rotation;
  final Enrolments enrolments;
  final LogReader reader;
  final SyncService sync;
  private final SyncServer server;

  /** One over a database of its own. */
  TestControl() throws IOException {
    this(TestPostgres.fresh());
  }

  /** One of several over a database. */
  TestControl(TestPostgres postgres) throws IOException {
    this(postgres, 16 << 20);
  }

  /** One whose streams share so many bytes of the newest purges. */
  TestControl(TestPostgres postgres, long windowBytes) throws IOException {
    this.postgres = postgres;
    Database database = postgres.database();
    numbers = new LogNumbers(database);
    sites =
        new PostgresSiteStore(
            database,
            numbers,
            "cdn.example",
            new OriginAddressPolicy(List.of(), true),
            new SiteHistory(database, SiteHistory.USUAL_KEPT));
    rolloutStore = new PostgresRolloutStore(database, numbers, sites);
    rollouts = new Rollouts(rolloutStore);
    nodes = new PostgresNodeStore(database, numbers);
    purges = new PostgresPurgeStore(database, numbers, PurgeLimits.DEFAULT);
    acks = new PurgeAcks(database, clock);
    receipts = new PurgeReceipts(database, acks, clock);
    certificates = new PostgresCertificateStore(database, numbers, clock);
    warmUps = new PostgresWarmUpStore(database, numbers);
    fleet = new Fleet(clock, () -> nodes.all().stream().map(Node::name).toList());
    SecureRandom random = new SecureRandom();
    authorities = new AuthorityStore(database, new SettingStore(database));
    authority = EdgeAuthority.open(authorities, clock, random);
    fleetAuthority =
        new FleetAuthority(
            authority, authorities, List.of("127.0.0.1"), clock, () -> numbers.stir());
    fleetAuthority.look();
    rotation = new AuthorityRotation(authorities, clock, random, fleetAuthority::look);
    enrolments = new Enrolments(new EnrolmentStore(database), authority, clock, random);
    ChangeLog changes =
        new ChangeLog(new ChangeStore(database), sites, certificates, nodes, "cdn.example");
    reader =
        new LogReader(
            new LogReader.Sources(numbers, purges, nodes, rolloutStore, warmUps),
            windowBytes,
            clock);
    sync =
        new SyncService(
            new SyncService.Logs(numbers, reader, 4, changes, purges, nodes, warmUps),
            fleet,
            acks,
            rollouts,
            limits,
            geoFiles::get,
            replicas::get,
            ticketKeys::get,
            fleetAuthority::told,
            acmeTokens::get,
            Duration.ofMillis(500),
            clock);
    server =
        new SyncServer(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            fleetAuthority.identity(),
            authority,
            fleetAuthority.trust(),
            sync,
            new EnrolmentService(enrolments, authority),
            new ReplicaService(fleet, limits, clock));
    acks.start();
    rollouts.start();
    reader.start();
    server.start();
    replica = new Replica(UUID.randomUUID().toString(), "127.0.0.1:" + server.port(), "test");
    links =
        new ReplicaLinks(
            replica.id(),
            fleetAuthority.identity(),
            fleetAuthority.trust(),
            fleet,
            limits::heard,
            clock);
    fleet.others(links::origins);
  }

  /** What a change came to, which must be committed. */
  static <T> T committed(Change<T> change) {
    return switch (change) {
      case Change.Committed<T>(T value, long revision) -> value;
      case Change.Invalid<T> no -> throw new AssertionError(no);
      case Change.Conflict<T> no -> throw new AssertionError(no);
      case Change.Unknown<T> no -> throw new AssertionError(no);
      case Change.Limited<T> no -> throw new AssertionError(no);
      case Change.Stale<T> no -> throw new AssertionError(no);
    };
  }

  /** How the question ends that only control planes may ask. */
  Status watch(Optional<Identity> identity) throws IOException {
    ManagedChannel channel = channel(identity);
    try {
      FleetExchangeGrpc.newBlockingStub(channel)
          .withDeadlineAfter(20, TimeUnit.SECONDS)
          .watch(WatchRequest.getDefaultInstance())
          .forEachRemaining(reports -> {});
      return Status.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus();
    } finally {
      channel.shutdownNow();
    }
  }

  /** What an edge holds once it is enrolled. */
  record Identity(String node, PrivateKey key, X509Certificate certificate) {}

  /** A site without an id of its own. */
  static SiteConfig site(String host, String... regions) {
    return new SiteConfig(
        "",
        List.of(host),
        List.of(OriginUrl.parse("http://127.0.0.1:9000").orElseThrow()),
        Set.of(regions),
        false,
        false);
  }

  static Node node(String name, String region) {
    InetAddress address = InetAddress.ofLiteral("127.0.0.1");
    return new Node(name, region, 50.1, 8.7, List.of(address), 8080, 8443, false, false);
  }

  /** Adds a node and enrols it over gRPC. */
  Identity enrolled(String name, String region) throws Exception {
    nodes.add(node(name, region));
    return enrol(enrolments.issue(name));
  }

  Identity enrol(JoinToken token) throws Exception {
    KeyPair pair = newKey();
    EnrolRequest request =
        EnrolRequest.newBuilder()
            .setNode(token.node())
            .setJoinSecret(token.secret())
            .setCertificateRequestDer(ByteString.copyFrom(request(token.node(), pair)))
            .build();
    return call(Optional.empty(), token.node(), pair, stub -> stub.enrol(request));
  }

  Identity renew(Identity old) throws Exception {
    KeyPair pair = newKey();
    RenewRequest request =
        RenewRequest.newBuilder()
            .setCertificateRequestDer(ByteString.copyFrom(request(old.node(), pair)))
            .build();
    return call(Optional.of(old), old.node(), pair, stub -> stub.renew(request));
  }

  private interface Call {
    EnrolResponse on(EnrolmentGrpc.EnrolmentBlockingStub stub);
  }

  private Identity call(Optional<Identity> as, String node, KeyPair pair, Call call)
      throws Exception {
    ManagedChannel channel = channel(as);
    try {
      EnrolResponse response =
          call.on(EnrolmentGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS));
      byte[] der = response.getCertificateChainDer(0).toByteArray();
      X509Certificate certificate =
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(der));
      return new Identity(node, pair.getPrivate(), certificate);
    } finally {
      channel.shutdownNow();
    }
  }

  static KeyPair newKey() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  static byte[] request(String name, KeyPair pair) throws IOException, OperatorCreationException {
    return new JcaPKCS10CertificationRequestBuilder(new X500Name("CN=" + name), pair.getPublic())
        .build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate()))
        .getEncoded();
  }

  /** A stream that said nothing yet, over TLS with this node's certificate, or none. */
  TestEdge stream(Optional<Identity> identity) throws IOException {
    return new TestEdge(channel(identity));
  }

  /** A stream over which the node said Hello with nothing. */
  TestEdge connect(Identity identity) throws IOException {
    return stream(Optional.of(identity)).hello(identity.node(), 0, 0, "");
  }

  /**
   * A stream that said nothing yet and reads only what it is told to; {@link #SLOW_WINDOW} bytes
   * may be on their way to it.
   */
  TestEdge slow(Identity identity) throws IOException {
    return new TestEdge(
        builder(Optional.of(identity)).flowControlWindow(SLOW_WINDOW).build(), true);
  }

  private ManagedChannel channel(Optional<Identity> identity) throws IOException {
    return builder(identity).build();
  }

  private NettyChannelBuilder builder(Optional<Identity> identity) throws IOException {
    SslContextBuilder tls =
        GrpcSslContexts.forClient()
            .trustManager(authority.trusted().toArray(X509Certificate[]::new));
    identity.ifPresent(own -> tls.keyManager(own.key(), own.certificate()));
    return NettyChannelBuilder.forAddress("127.0.0.1", server.port())
        .sslContext(tls.build())
        .maxInboundMessageSize(MAX_MESSAGE);
  }

  @Override
  public void close() {
    links.close();
    server.close();
    reader.close();
    acks.close();
    rollouts.close();
    postgres.close();
  }
}

package dev.perigee.control.api;

import dev.perigee.contract.AddressRange;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoKind;
import dev.perigee.contract.OriginAddressPolicy;
import dev.perigee.contract.OriginHealth;
import dev.perigee.control.acme.NextOrder;
import dev.perigee.control.claim.HostProver;
import dev.perigee.control.console.ConsoleFiles;
import dev.perigee.control.fleet.Fleet;
import dev.perigee.control.pki.ApiTokens;
import dev.perigee.control.pki.AuthorityRotation;
import dev.perigee.control.pki.EdgeAuthority;
import dev.perigee.control.pki.Enrolments;
import dev.perigee.control.pki.GuessLimits;
import dev.perigee.control.steer.Simulation;
import dev.perigee.control.steer.Steering;
import dev.perigee.control.store.AcmeSites;
import dev.perigee.control.store.AcmeStore;
import dev.perigee.control.store.AuditLog;
import dev.perigee.control.store.AuthorityStore;
import dev.perigee.control.store.CertificateCounts;
import dev.perigee.control.store.ChangeStore;
import dev.perigee.control.store.DnsChallengeStore;
import dev.perigee.control.store.DnsKeyPolicy;
import dev.perigee.control.store.DnsKeyStore;
import dev.perigee.control.store.EnrolmentStore;
import dev.perigee.control.store.HostClaims;
import dev.perigee.control.store.KeyRing;
import dev.perigee.control.store.LogNumbers;
import dev.perigee.control.store.Node;
import dev.perigee.control.store.OrganisationStore;
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
import dev.perigee.control.store.SignInStore;
import dev.perigee.control.store.SiteHistory;
import dev.perigee.control.store.SitesTogether;
import dev.perigee.control.store.TestPostgres;
import dev.perigee.control.store.TokenStore;
import dev.perigee.control.store.VisibleSites;
import dev.perigee.control.store.ZoneStore;
import dev.perigee.control.tls.ServerTls;
import java.net.InetAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

/** A real API over a database of its own; its steering sends everybody to one place. */
public final class TestApi implements AutoCloseable {
  /** The operator's token. */
  public static final String TOKEN = "a-token-of-the-operator-of-this-test";

  /** What it says that its build is. */
  public static final String VERSION = "development";

  final TestPostgres postgres = TestPostgres.fresh();
  private final LogNumbers numbers = new LogNumbers(postgres.database());
  final PostgresSiteStore sites =
      new PostgresSiteStore(
          postgres.database(),
          numbers,
          "cdn.example",
          OriginAddressPolicy.PUBLIC,
          new SiteHistory(postgres.database(), SiteHistory.USUAL_KEPT));
  final Fleet fleet;

  /** How much later than now it is for the keys of the DNS. */
  final AtomicReference<Duration> later = new AtomicReference<>(Duration.ZERO);

  /** Where proofs of hosts are looked for. */
  final ProvingHosts hosts = new ProvingHosts();

  private final GuessLimits guesses;
  private final String scheme;
  private final ApiServer server;

  public TestApi() {
    this(new GuessLimits(100_000, Duration.ofSeconds(1), 100));
  }

  /** One with a limit of wrong tokens. */
  TestApi(GuessLimits guesses) {
    this(guesses, Optional.empty());
  }

  /** One that speaks TLS, for "localhost". */
  public static TestApi over(ServerTls tls) {
    return new TestApi(new GuessLimits(100_000, Duration.ofSeconds(1), 100), Optional.of(tls));
  }

  private TestApi(GuessLimits guesses, Optional<ServerTls> tls) {
    this.guesses = guesses;
    this.scheme = tls.isPresent() ? "https://localhost:" : "http://127.0.0.1:";
    InstantSource clock = InstantSource.system();
    SecureRandom random = new SecureRandom();
    PostgresNodeStore nodes = new PostgresNodeStore(postgres.database(), numbers);
    fleet = new Fleet(clock, () -> nodes.all().stream().map(Node::name).toList());
    AuthorityStore authorities =
        new AuthorityStore(postgres.database(), new SettingStore(postgres.database()));
    EdgeAuthority authority = EdgeAuthority.open(authorities, clock, random);
    ApiPorts ports =
        new ApiPorts(
            sites,
            new SiteHistory(postgres.database(), SiteHistory.USUAL_KEPT),
            new PostgresRolloutStore(postgres.database(), numbers, sites),
            nodes,
            new ZoneStore(postgres.database(), numbers),
            new PostgresCertificateStore(postgres.database(), numbers, clock),
            new DnsChallengeStore(postgres.database(), numbers, "cdn.example", true),
            new DnsKeyStore(
                postgres.database(),
                numbers,
                "cdn.example",
                new DnsKeyPolicy(Duration.ofHours(1)),
                () -> clock.instant().plus(later.get()),
                random,
                KeyRing.none()),
            new PostgresPurgeStore(postgres.database(), numbers, PurgeLimits.DEFAULT),
            new PurgeReceipts(
                postgres.database(), new PurgeAcks(postgres.database(), clock), clock),
            fleet,
            new PostgresWarmUpStore(postgres.database(), numbers),
            new OnePlace(),
            new Enrolments(new EnrolmentStore(postgres.database()), authority, clock, random),
            new AuthorityRotation(authorities, clock, random, () -> {}),
            () -> numbers.head().revision(),
            () -> Optional.of(Duration.ofDays(12)),
            () -> List.of(GeoFile.of(GeoKind.CITY, new byte[] {1})),
            fleet::changed,
            random,
            tenancy(random),
            new ApiPorts.Acme(
                new AcmeSites(postgres.database()),
                new AcmeStore(postgres.database(), numbers, AcmeStore.Book.SITES),
                new CertificateCounts(postgres.database()),
                new NextOrder(Duration.ofMinutes(5)),
                true,
                clock),
            new ApiPorts.Builds(
                VERSION, () -> List.of(new Replica("a", "control-1.example:7443", VERSION))));
    server =
        new ApiServer(
            new ApiConfig(InetAddress.getLoopbackAddress(), 0, tls), ports, ConsoleFiles.all());
    server.start();
  }

  private ApiPorts.Tenancy tenancy(SecureRandom random) {
    TokenStore tokens = new TokenStore(postgres.database());
    return new ApiPorts.Tenancy(
        new OrganisationStore(postgres.database()),
        tokens,
        new ApiTokens(TOKEN::equals, tokens, guesses, random, System::nanoTime),
        new VisibleSites(postgres.database()),
        new SitesTogether(postgres.database(), numbers),
        new HostClaims(postgres.database(), numbers, "cdn.example"),
        new HostProver(
            "dns://127.0.0.1:" + hosts.dnsPort(),
            host -> List.of(InetAddress.ofLiteral("127.0.0.1")),
            new OriginAddressPolicy(List.of(AddressRange.of("127.0.0.0/8")), false),
            hosts.httpPort(),
            System::nanoTime),
        new AuditLog(postgres.database(), 0),
        new SignInStore(postgres.database()),
        Optional.empty());
  }

  /** Sends everybody to one node, and nobody to it once it fails. */
  private static final class OnePlace implements Steering {
    @Override
    public Explanation explain(InetAddress client, Optional<String> siteId) {
      return explanation(client);
    }

    @Override
    public Simulation simulate(
        List<InetAddress> clients, Optional<String> siteId, Set<String> failing) {
      int all = clients.size();
      return new Simulation(
          all,
          new Simulation.Distances(12, 12, 0),
          new Simulation.Distances(-1, -1, all),
          List.of(new Simulation.Share("fra-1", "eu", all, 0)));
    }

    @Override
    public Set<String> unknownOf(Set<String> names) {
      return names.stream().filter(name -> !name.equals("eu")).collect(Collectors.toSet());
    }
  }

  private static Steering.Explanation explanation(InetAddress client) {
    InetAddress address = InetAddress.ofLiteral("127.0.0.1");
    return new Steering.Explanation(
        client,
        Optional.of("127.0.0.0/8: eu"),
        Optional.of(new Steering.Position(50.1, 8.7)),
        Optional.of("DE"),
        "geoip",
        Optional.empty(),
        List.of(
            new Steering.Candidate(
                "fra-1",
                "eu",
                Optional.of(12.0),
                true,
                "is serving",
                0.25,
                75,
                "Nearest.",
                List.of(address),
                8080,
                8443)),
        "127.0.0.0/8",
        24,
        false);
  }

  /** A node connects and says how a site's only origin is doing. */
  void reports(String node, String site) {
    fleet.connected(this, new FromEdge.Hello(node, "1", 0, 0, "", Set.of(), List.of()));
    OriginHealth.Server server =
        new OriginHealth.Server("default", "http://a", "check-failed", "status", 1, 2, 3, 4);
    List<OriginHealth> origins = List.of(new OriginHealth(site, List.of(server)));
    fleet.heartbeat(node, new FromEdge.Heartbeat(0, 0, 0, 0, 0, true, "", List.of(), origins));
  }

  /** All that the database holds. */
  String everything() throws SQLException {
    StringBuilder all = new StringBuilder();
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      List<String> tables = new ArrayList<>();
      try (ResultSet row =
          statement.executeQuery(
              "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
                  + " AND table_type = 'BASE TABLE' ORDER BY 1")) {
        while (row.next()) {
          tables.add(row.getString(1));
        }
      }
      for (String table : tables) {
        try (ResultSet row =
            statement.executeQuery(
                "SELECT coalesce(string_agg(t::text, ' ' ORDER BY t::text), '') FROM %s t"
                    .formatted(table))) {
          row.next();
          all.append(table).append(": ").append(row.getString(1)).append('\n');
        }
      }
    }
    return all.toString();
  }

  /** The kinds of what the change log says of a resource, in order. */
  List<String> logged(String resource) {
    return new ChangeStore(postgres.database())
        .after(0, 10_000).stream()
            .filter(change -> change.resource().equals(resource))
            .map(ChangeStore.LoggedChange::kind)
            .toList();
  }

  /** Where it answers. */
  public URI url() {
    return URI.create(scheme + server.port());
  }

  @Override
  public void close() {
    server.close();
    hosts.close();
    postgres.close();
  }
}

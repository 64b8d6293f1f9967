package dev.perigee.edge.config;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.contract.Bytes;
import dev.perigee.contract.CertificateConfig;
import dev.perigee.contract.FromControl;
import dev.perigee.contract.FromControl.GeoChunk;
import dev.perigee.contract.FromControl.Purges;
import dev.perigee.contract.FromControl.Update;
import dev.perigee.contract.FromControl.Welcome;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.GeoFile;
import dev.perigee.contract.GeoHolding;
import dev.perigee.contract.GeoKind;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.Purge;
import dev.perigee.contract.PurgeScope;
import dev.perigee.contract.RateRule;
import dev.perigee.contract.SiteConfig;
import dev.perigee.contract.TicketKey;
import dev.perigee.contract.WarmUrl;
import dev.perigee.contract.sync.v1.ControlMessage;
import dev.perigee.edge.geo.GeoLocator;
import dev.perigee.edge.limit.RateLimits;
import dev.perigee.edge.limit.Rules;
import dev.perigee.edge.limit.Ruling;
import dev.perigee.edge.request.FieldList;
import dev.perigee.edge.request.RequestHead;
import dev.perigee.edge.routing.Routed;
import dev.perigee.edge.table.HashTrie;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The sync stream against a scripted control plane over real mutual TLS. */
class SyncClientIT {
  private static final Duration DAY = Duration.ofHours(24);
  private static final Set<String> FEATURES =
      Set.of(
          FromEdge.Hello.WARM_UP,
          FromEdge.Hello.REPLICAS,
          FromEdge.Hello.GEO_NONE,
          FromEdge.Hello.TICKETS,
          FromEdge.Hello.TRUST,
          FromEdge.Hello.ACME,
          FromEdge.Hello.CLIENT_CERTIFICATES);

  @TempDir Path folder = Path.of("");

  private final AtomicReference<List<TicketKey>> ticketKeys = new AtomicReference<>(List.of());
  private final TestAuthority authority = new TestAuthority();
  private final ScriptedControl control = new ScriptedControl(authority);
  private final MemorySink sink = new MemorySink();
  private final OneGeo geo = new OneGeo();
  private final List<AutoCloseable> open = new ArrayList<>();
  private InstantSource clock = InstantSource.system();
  private final RateLimits limits = new RateLimits(1024, System::nanoTime, new Random(1));

  SyncClientIT() throws IOException {}

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable one : open) {
      one.close();
    }
    control.close();
  }

  @Test
  void aSnapshotAndThenADeltaComeIntoForceAndAreAcknowledged() throws Exception {
    Node node = start(DAY);
    FromEdge.Hello hello = control.next(FromEdge.Hello.class);
    assertEquals(new FromEdge.Hello("fra-1", "test", 0, 0, "", FEATURES, geo.holdings()), hello);
    control.say(new Welcome("log-a", 5, 0, 0));
    control.say(update(5, 0, site("one", "one.example")));
    assertEquals(List.of(), control.next(FromEdge.Ack.class).refusals());
    assertTrue(node.client.awaitFirstSync(Duration.ofSeconds(10)));
    assertTrue(node.serves("one.example"));
    control.say(update(6, 5, site("two", "two.example")));
    assertEquals(6, control.next(FromEdge.Ack.class).revision());
    assertTrue(node.serves("one.example") && node.serves("two.example"));
    assertEquals(6, node.active.get().revision());
  }

  @Test
  void anUpdateInPartsComesIntoForceWithItsLastPart() throws Exception {
    Node node = start(DAY);
    control.next(FromEdge.Hello.class);
    control.say(new Welcome("log-a", 5, 0, 0));
    control.say(part(0, false, site("one", "one.example")));
    control.say(part(1, true, site("two", "two.example")));
    control.next(FromEdge.Ack.class);
    assertTrue(node.serves("one.example") && node.serves("two.example"));
  }

  @Test
  void aBadSiteOrCertificateIsRefusedKeepsItsLastGoodAndIsNeverOnDisk() throws Exception {
    Node node = start(DAY);
    control.next(FromEdge.Hello.class);
    control.say(new Welcome("log-a", 5, 0, 0));
    control.say(update(5, 0, site("one", "one.example")));
    control.next(FromEdge.Ack.class);
    CertificateConfig foreignKey = authority.server("EC", "one.example").config("one.example");
    CertificateConfig broken =
        new CertificateConfig(
            foreignKey.id(),
            foreignKey.hosts(),
            foreignKey.chain(),
            Bytes.copyOf(authority.server("EC", "x.example").key().getEncoded()));
    SiteConfig without =
        new SiteConfig("one", List.of("moved.example"), List.of(), Set.of(), false, false);
    control.say(
        new Update(
            "n6",
            6,
            5,
            0,
            true,
            List.of(without, site("two", "two.example")),
            List.of(),
            List.of(broken),
            List.of(),
            "cdn.example"));
    FromEdge.Ack ack = control.next(FromEdge.Ack.class);
    assertEquals(
        Set.of("one", broken.id()),
        ack.refusals().stream().map(FromEdge.Refusal::resource).collect(Collectors.toSet()));
    assertTrue(node.serves("one.example") && node.serves("two.example"));
    assertFalse(node.serves("moved.example"));
    ConfigState onDisk = new LastGoodStore(folder.resolve("last-good")).load().orElseThrow();
    assertEquals(
        List.of("one.example", "two.example"),
        onDisk.sites().values().stream().flatMap(s -> s.hosts().stream()).sorted().toList());
    assertTrue(onDisk.certificates().isEmpty());
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("last-good"))));
  }

  /** The story: with the next good change a node that still refused a site seemed to be well. */
  @Test
  void whatIsRefusedIsNamedUntilItIsMendedToEveryControlPlaneAndAfterARestart() throws Exception {
    Node node = start(DAY);
    control.next(FromEdge.Hello.class);
    control.say(new Welcome("log-a", 5, 0, 0));
    SiteConfig bad =
        new SiteConfig("one", List.of("one.example"), List.of(), Set.of(), false, false);
    control.say(update(5, 0, bad));
    List<FromEdge.Refusal> refused = control.next(FromEdge.Ack.class).refusals();
    assertEquals("one", refused.getFirst().resource());
    control.say(update(6, 5, site("two", "two.example")));
    assertEquals(refused, control.next(FromEdge.Ack.class).refusals());
    assertTrue(node.serves("two.example"));

    control.cut();
    assertEquals(6, control.next(FromEdge.Hello.class).lastRevision());
    control.say(new Welcome("log-a", 6, 0, 0));
    assertEquals(
        new FromEdge.Ack("", 6, refused), control.next(FromEdge.Ack.class), "to a stranger too");

    node.client.close();
    start(DAY);
    assertEquals(0, control.next(FromEdge.Hello.class).lastRevision(), "it asks for everything");
    control.say(new Welcome("log-a", 6, 0, 0));
    control.say(update(6, 0, bad));
    assertEquals(refused, control.next(FromEdge.Ack.class).refusals());
    control.say(update(7, 6, site("one", "one.example")));
    assertEquals(List.of(), control.next(FromEdge.Ack.class).refusals());
  }

  @ParameterizedTest
  @ValueSource(longs = {-24, 24})
  void aNodeWhoseClockIsOffByADayIsInStepAllTheSame(long hours) throws Exception {
    clock = () -> InstantSource.system().instant().plus(Duration.ofHours(hours));
    Node node = start(DAY);
    control.next(FromEdge.Hello.class);
    control.say(new Welcome("log-a", 5, 1, 0));
    control.say(update(5, 0, site("one", "one.example")));
    control.next(FromEdge.Ack.class);
    control.say(new Purges(List.of(purge(1))));
    assertEquals(1, control.next(FromEdge.PurgeAck.class).through());
    assertEquals(Serving.EVERYTHING, node.serving.get());
    control.cut();
    control.next(FromEdge.Hello.class);
    assertEquals(Serving.EVERYTHING, node.serving.get());
  }

  @Test
  void aDeltaFromAnotherRevisionOrAnUnknownMessageIsNackedAndChangesNothing() throws Exception {
    Node node = start(DAY);
    control.next(FromEdge.Hello.class);
    control.say(new Welcome("log-a", 5, 0, 0));
    control.say(update(5, 0, site("one", "one.example")));
    control.next(FromEdge.Ack.class);
    control.say(update(9, 8, site("two", "two.example")));
    assertEquals(9, control.next(FromEdge.Nack.class).revision());
    control.say(ControlMessage.getDefaultInstance());
    control.next(FromEdge.Nack.class);
    assertFalse(node.serves("two.example"));
    assertEquals(5, node.active.get().revision());
  }

  @Test
  void hitsWaitUntilMissedPurgesAreInForce() throws Exception {
    Node node = start(DAY);
    control.next(FromEdge.Hello.class);
    control.say(new Welcome("log-a", 0, 2, 0));
    await().until(() -> node.serving.get() == Serving.NO_HITS);
    assertFalse(node.client.awaitFirstSync(Duration.ofMillis(1)));
    control.say(new Purges(List.of(purge(1))));
    assertEquals(1, control.next(FromEdge.PurgeAck.class).through());
    assertEquals(Serving.NO_HITS, node.serving.get());
    control.say(new Purges(List.of(purge(2))));
    assertEquals(2, control.next(FromEdge.PurgeAck.class).through());
    assertEquals(Serving.EVERYTHING, node.serving.get());
    assertTrue(node.client.awaitFirstSync(Duration.ofSeconds(10)));
  }

  @Test
  void aGapInThePurgesIsNeverAcknowledgedAndTheNodeAsksAgain() throws Exception {
    Node node = start(DAY);
    control.next(FromEdge.Hello.class);
    control.say(new Welcome("log-a", 0, 1, 0));
    control.say(new Purges(List.of(purge(1))));
    control.next(FromEdge.PurgeAck.class);
    control.say(new Purges(List.of(purge(3))));
    assertEquals(1, control.next(FromEdge.Hello.class).lastPurge());
    assertEquals(Serving.NO_HITS, node.serving.get());
  }

  @Test
  void aLogThatNoLongerReachesBackIsAdopted() throws Exception {
    Node node = start(DAY);
    control.next(FromEdge.Hello.class);
    control.say(new Welcome("log-b", 0, 40, 40));
    await().until(() -> sink.lastPurge() == 40);
    assertEquals("log-b", sink.logId());
    assertTrue(node.client.awaitFirstSync(Duration.ofSeconds(10)));
    assertEquals(Serving.EVERYTHING, node.serving.get());
  }

  @Test
  void aCutStreamIsOpenedAgainWhereItEnded() throws Exception {
    Node node = start(DAY);
    control.next(FromEdge.Hello.class);
    control.say(new Welcome("log-a", 5, 1, 0));
    control.say(update(5, 0, site("one", "one.example")));
    control.next(FromEdge.Ack.class);
    control.say(new Purges(List.of(purge(1))));
    control.next(FromEdge.PurgeAck.class);
    control.cut();
    assertEquals(
        new FromEdge.Hello("fra-1", "test", 5, 1, "log-a", FEATURES, geo.holdings()),
        control.next(FromEdge.Hello.class));
    assertTrue(node.serves("one.example"));
  }

  @Test
  void theLastGoodServesAfterARestartWithTheControlPlaneDown() throws Exception {
    Node first = start(DAY);
    control.next(FromEdge.Hello.class);
    control.say(new Welcome("log-a", 5, 0, 0));
    control.say(update(5, 0, site("one", "one.example")));
    control.next(FromEdge.Ack.class);
    assertTrue(first.client.awaitFirstSync(Duration.ofSeconds(10)));
    first.client.close();
    control.close();
    Node again = start(DAY);
    assertFalse(again.client.awaitFirstSync(Duration.ofMillis(300)));
    assertTrue(again.serves("one.example"));
    assertEquals(Serving.EVERYTHING, again.serving.get());
    assertEquals(Serving.NOTHING, start(Duration.ZERO).serving.get());
  }

  @Test
  void aControlPlaneOfAnotherAuthorityIsNeverSpokenTo() throws Exception {
    TestAuthority other = new TestAuthority();
    TestAuthority.Issued own = other.node("fra-1");
    Identity identity = new Identity(own.key(), own.certificate(), other.certificate());
    Node node = start(DAY, identity);
    assertFalse(node.client.awaitFirstSync(Duration.ofMillis(500)));
    assertFalse(node.serving.isConnected());
  }

  @Test
  void aWarmUpIsAnsweredOnTheStreamOnWhichItCame() throws Exception {
    var _ = start(Duration.ofHours(1));
    control.next(FromEdge.Hello.class);
    control.say(new FromControl.Welcome("log-a", 0, 0, 0));
    WarmUrl url = new WarmUrl("https", "shop.example", "/");
    control.say(new FromControl.WarmUp("job", "shop", 4, List.of(url), Map.of(), 10));
    assertEquals(
        new FromEdge.Warmed("job", 5, 0, 1, 0, 0, List.of()), control.next(FromEdge.Warmed.class));
  }

  @Test
  void partsOfADatabaseAreReportedByWhoeverTakesThem() throws Exception {
    start(DAY);
    assertEquals(geo.holdings(), control.next(FromEdge.Hello.class).geo());
    control.say(new Welcome("log-a", 0, 0, 0));
    GeoFile file = GeoFile.of(GeoKind.CITY, new byte[] {1, 2, 3});
    control.say(file.chunk(0));
    FromEdge.GeoReport report = control.next(FromEdge.GeoReport.class);
    assertEquals(FromEdge.GeoOutcome.TAKEN, report.outcome());
    assertEquals(file.version(), report.version());
    control.say(new Purges(List.of(purge(1))));
    control.next(FromEdge.PurgeAck.class);
  }

  /** The story: an edge stayed for twenty seconds with a control plane that had been cut off. */
  @Test
  void aNodeMovesInLessThanTwoSecondsFromAControlPlaneThatSaysNothingAnyMore() throws Exception {
    try (ScriptedControl other = new ScriptedControl(authority)) {
      Node node = start(DAY);
      control.next(FromEdge.Hello.class);
      control.say(new Welcome("log-a", 0, 0, 0, Duration.ofMillis(500)));
      String told = other.address().toString();
      control.say(new FromControl.Replicas(List.of(control.address().toString(), told)));
      for (int i = 0; i < 4; i++) {
        control.next(FromEdge.Ping.class);
        control.say(new FromControl.Pong());
      }
      long silent = System.nanoTime();
      other.next(FromEdge.Hello.class); // which is waited for no longer than ten seconds
      System.out.println("moved after " + (System.nanoTime() - silent) / 1_000_000 + " ms");
      other.say(new Welcome("log-a", 0, 0, 0));
      await().atMost(Duration.ofSeconds(10)).until(node.serving::isConnected);
    }
  }

  @Test
  void aNodeMovesAtOnceFromAControlPlaneThatEndsItsStream() throws Exception {
    try (ScriptedControl other = new ScriptedControl(authority)) {
      start(DAY);
      control.next(FromEdge.Hello.class);
      control.say(new Welcome("log-a", 0, 0, 0));
      control.say(new FromControl.Replicas(List.of(other.address().toString())));
      control.say(new Purges(List.of(purge(1))));
      control.next(FromEdge.PurgeAck.class);
      control.cut();
      assertEquals(1, other.next(FromEdge.Hello.class).lastPurge());
    }
  }

  @Test
  void keysOfSessionTicketsAreInForceWhenTheyCome() throws Exception {
    start(DAY);
    assertTrue(control.next(FromEdge.Hello.class).features().contains(FromEdge.Hello.TICKETS));
    control.say(new Welcome("log-a", 0, 0, 0));
    TicketKey key =
        new TicketKey(
            Bytes.copyOf(new byte[TicketKey.NAME_BYTES]),
            Bytes.copyOf(new byte[TicketKey.SECRET_BYTES]),
            Instant.EPOCH,
            Instant.parse("2999-01-01T00:00:00Z"));
    control.say(new FromControl.TicketKeys(List.of(key)));
    await().atMost(Duration.ofSeconds(10)).until(() -> ticketKeys.get().contains(key));
    assertEquals(key, ticketKeys.get().getFirst());
  }

  @Test
  void aControlPlaneOfAnEarlierBuildIsNotAskedWhetherItLives() throws Exception {
    start(DAY);
    control.next(FromEdge.Hello.class);
    control.say(new Welcome("log-a", 0, 0, 0));
    control.hearsNothing(Duration.ofMillis(1_500));
  }

  @Test
  void whatIsWantedOfSharedLimitsIsToldWhereTheControlPlaneDividesThem() throws Exception {
    RateRule rule = Rules.ofFleet(Rules.bucket("shared", 5, 1, RateRule.By.ALL));
    SiteConfig site = site("one", "one.example").withLimits(List.of(rule));
    limits.swap(HashTrie.of(List.of(site), SiteConfig::id));
    start(DAY);
    control.next(FromEdge.Hello.class);
    Bytes key = Bytes.copyOf(new byte[Welcome.LIMIT_KEY_BYTES]);
    control.say(new Welcome("log-a", 0, 0, 0, Duration.ZERO, key));
    RequestHead request =
        new RequestHead(
            "GET", "http", "one.example", 80, "/", "HTTP/1.1", FieldList.empty(), "::1", false);
    FromEdge.Demands demands = control.next(FromEdge.Demands.class);
    while (demands.demands().isEmpty()) {
      limits.rule(site, request, new GeoLocator().place("::1"), false);
      demands = control.next(FromEdge.Demands.class);
    }
    FromEdge.Demand demand = demands.demands().getFirst();
    assertEquals(5, demand.rate());
    control.say(new FromControl.Shares(2, List.of(new FromControl.Share(demand.key(), 1e-6, 1))));
    Awaitility.await("the share holds")
        .until(
            () ->
                limits.rule(site, request, new GeoLocator().place("::1"), false)
                        instanceof Ruling.Refused refused
                    && refused.retrySeconds() > 1_000);
  }

  private Node start(Duration serveUnsynced) throws IOException {
    TestAuthority.Issued own = authority.node("fra-1");
    return start(
        serveUnsynced, new Identity(own.key(), own.certificate(), authority.certificate()));
  }

  private Node start(Duration serveUnsynced, Identity identity) throws IOException {
    LastGoodStore lastGood = new LastGoodStore(folder.resolve("last-good"));
    ServingState serving =
        new ServingState(
            serveUnsynced, sink::lastPurge, clock, System::nanoTime, folder.resolve("contact"));
    ActiveConfig active =
        new ActiveConfig(
            "fra-1",
            lastGood.recover().orElseGet(ConfigState::empty),
            certificates -> {},
            sites -> {});
    SyncClient client =
        new SyncClient(
            new SyncConfig("fra-1", "test", List.of(control.address()), folder.resolve("planes")),
            identity,
            new Enrolment(
                List.of(control.address()), folder.resolve("identity"), StateKeys.none(), clock),
            sink,
            serving,
            active,
            lastGood,
            (order, done) ->
                done.accept(
                    new FromEdge.Warmed(
                        order.job(), order.from() + order.urls().size(), 0, 1, 0, 0, List.of())),
            geo,
            limits.fleet(),
            new TicketKeeper(
                folder.resolve("ticket-keys"),
                StateKeys.none(),
                clock,
                new SecureRandom(),
                ticketKeys::set),
            () -> new NodeLoad(0, 0, 0, true, "", List.of(), List.of()),
            clock,
            System::nanoTime,
            new Random(1));
    open.add(client);
    client.start();
    return new Node(client, serving, active);
  }

  private record Node(SyncClient client, ServingState serving, ActiveConfig active) {
    boolean serves(String host) {
      Routed routed = active.get().routes().route(host);
      return routed instanceof Routed.Matched;
    }
  }

  private static SiteConfig site(String id, String host) {
    OriginUrl origin = OriginUrl.parse("http://origin.example").orElseThrow();
    return new SiteConfig(id, List.of(host), List.of(origin), Set.of(), false, false);
  }

  private static Update update(long revision, long from, SiteConfig site) {
    return new Update(
        "n" + revision,
        revision,
        from,
        0,
        true,
        List.of(site),
        List.of(),
        List.of(),
        List.of(),
        "cdn.example");
  }

  private static Update part(int part, boolean last, SiteConfig site) {
    return new Update(
        "n5", 5, 0, part, last, List.of(site), List.of(), List.of(), List.of(), "cdn.example");
  }

  private static Purge purge(long number) {
    return new Purge(number, Optional.of("one"), new PurgeScope.Everything(), false);
  }

  /** Takes cities alone, and whatever comes; reports on a thread of its own. */
  private static final class OneGeo implements GeoSink {
    @Override
    public List<GeoHolding> holdings() {
      return List.of(GeoHolding.none(GeoKind.CITY));
    }

    @Override
    public void take(GeoChunk chunk, Consumer<FromEdge.GeoReport> reports) {
      FromEdge.GeoReport report =
          new FromEdge.GeoReport(
              chunk.kind(), chunk.version(), FromEdge.GeoOutcome.TAKEN, chunk.size(), "");
      Thread.ofVirtual().start(() -> reports.accept(report));
    }
  }

  /** A sink that keeps its numbers in memory. */
  private static final class MemorySink implements PurgeSink {
    private volatile long last;
    private volatile String log = "";

    @Override
    public long applyPurges(List<Purge> purges) {
      last = purges.getLast().number();
      return last;
    }

    @Override
    public long lastPurge() {
      return last;
    }

    @Override
    public String logId() {
      return log;
    }

    @Override
    public void adopt(String logId, long purgedThrough) {
      last = purgedThrough;
      log = logId;
    }
  }
}

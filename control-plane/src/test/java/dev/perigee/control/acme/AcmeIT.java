package dev.perigee.control.acme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.perigee.contract.AcmeChallenge;
import dev.perigee.contract.AcmeToken;
import dev.perigee.contract.Bytes;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.api.ChallengePort;
import dev.perigee.control.store.AcmeAccounts;
import dev.perigee.control.store.AcmeSite;
import dev.perigee.control.store.AcmeStore;
import dev.perigee.testkit.Full;
import dev.perigee.testkit.Installed;
import dev.perigee.testkit.Loopback;
import dev.perigee.testkit.Pebble;
import dev.perigee.testkit.RunningProcess;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Orders at pebble, an authority that nobody here wrote; one fake node answers it. */
@Full("needs pebble and pebble-challtestsrv")
final class AcmeIT {
  private static final int HTTP = 5002;
  private static final int DNS = 8053;

  /** Where pebble takes orders. */
  private static final String ORDERS = "/order-plz";

  private static final Duration SOON = Duration.ofSeconds(60);

  private final Loopback loopback = Loopback.fresh(HTTP, DNS);
  private final String here = loopback.host(1);

  /** How often the authority looked at the node. */
  private final AtomicInteger asked = new AtomicInteger();

  private AcmeWorld world;
  private Pebble pebble;
  private RunningProcess names;
  private HttpServer node;
  private Acme acme;

  @BeforeEach
  void start(@TempDir Path folder) throws Exception {
    Installed.require("pebble");
    Installed.require("pebble-challtestsrv");
    Installed.require("openssl");
    world = new AcmeWorld();
    names =
        RunningProcess.start(
            "challtestsrv",
            folder,
            Map.of(),
            List.of(
                "pebble-challtestsrv",
                "-defaultIPv4",
                here,
                "-defaultIPv6",
                "",
                "-dns01",
                here + ":" + DNS,
                "-http01",
                "",
                "-https01",
                "",
                "-tlsalpn01",
                "",
                "-management",
                here + ":8055"));
    names.awaitLine("Starting management server", SOON);
    pebble = Pebble.start(folder, here, here + ":" + DNS, HTTP, Duration.ofDays(90));
    node = HttpServer.create(new InetSocketAddress(here, HTTP), 0);
    node.createContext(
        "/",
        call -> {
          asked.incrementAndGet();
          String path = call.getRequestURI().getPath();
          Optional<AcmeToken> token =
              world.orders.tokens().tokens().stream()
                  .filter(one -> path.equals(AcmeToken.PATH + one.token()))
                  .findFirst();
          byte[] body =
              token
                  .map(AcmeToken::keyAuthorization)
                  .orElse("nothing")
                  .getBytes(StandardCharsets.US_ASCII);
          call.sendResponseHeaders(token.isPresent() ? 200 : 404, body.length);
          call.getResponseBody().write(body);
          call.close();
        });
    node.start();
    acme = open();
  }

  private AcmeConfig config() {
    return new AcmeConfig(
        pebble.directory(),
        "",
        Optional.of(pebble.authorityFile()),
        Duration.ofMillis(200),
        Duration.ofMillis(500),
        5);
  }

  private Acme open() throws IOException {
    return Acme.ofSites(
        config(),
        world.stores(),
        world.sites,
        world.certificates,
        new TokenReach(world.nodes, world.fleet),
        new SecureRandom(),
        InstantSource.system());
  }

  @AfterEach
  void stop() {
    acme.close();
    node.stop(0);
    pebble.close();
    names.close();
    world.close();
  }

  private AcmeSite site() {
    return world.sites.find("shop").orElseThrow();
  }

  private void add(String... hosts) {
    world.add(shop(hosts), "first");
  }

  private static SiteConfig shop(String... hosts) {
    return new SiteConfig(
            "shop",
            List.of(hosts),
            List.of(OriginUrl.parse("https://origin.example").orElseThrow()),
            Set.of(),
            false,
            false)
        .withAcme(AcmeChallenge.HTTP_01);
  }

  @Test
  void allHostsOfASiteAreInOneCertificateAndOthersMakeAnotherOne() {
    world.nodeHoldsWhatItIsSent();
    add("www.shop.example", "shop.example");
    acme.start();
    AcmeSite.Got first =
        Awaitility.await("a certificate")
            .atMost(SOON)
            .until(() -> site().current(), Optional::isPresent)
            .orElseThrow();
    Awaitility.await("the order ends").atMost(SOON).until(() -> !site().running());
    assertEquals(Set.of("www.shop.example", "shop.example"), Set.copyOf(first.hosts()));
    assertEquals(List.of(), world.orders.tokens().tokens());
    assertTrue(pebble.output().contains(ORDERS), pebble.output());
    world.replace(shop("www.shop.example"));
    Awaitility.await("a certificate for other hosts")
        .atMost(SOON)
        .until(() -> site().current().filter(got -> !got.id().equals(first.id())).isPresent());
    assertEquals(1, world.certificates.all().size());
  }

  @Test
  void theAuthorityIsNotAskedBeforeTheNodeHasTheToken() {
    add("www.shop.example");
    acme.start();
    Awaitility.await("it waits for the node")
        .atMost(SOON)
        .until(() -> site().tried().filter(t -> t.step().contains("fra-1")).isPresent());
    assertEquals(0, asked.get());
    world.nodeHoldsWhatItIsSent();
    Awaitility.await("a certificate").atMost(SOON).until(() -> site().current().isPresent());
    assertTrue(asked.get() > 0);
  }

  @Test
  void whatTheAuthoritySaysIsKeptAndTheOrderIsTriedAgain() {
    world.nodeHoldsWhatItIsSent();
    node.removeContext("/");
    add("www.shop.example");
    acme.start();
    Awaitility.await("the authority's words")
        .atMost(SOON)
        .until(
            () ->
                site()
                    .tried()
                    .filter(t -> t.failures() >= 2 && t.problem().contains("www.shop.example"))
                    .isPresent());
    assertTrue(site().tried().orElseThrow().next().isPresent());
  }

  @Test
  void anOrganisationMayBeginSoManyOrdersADay() {
    world.nodeHoldsWhatItIsSent();
    node.removeContext("/");
    world.organisation("acme", "www.acme.example");
    SiteConfig site =
        new SiteConfig(
                "acme-shop",
                List.of("www.acme.example"),
                List.of(OriginUrl.parse("https://origin.example").orElseThrow()),
                Set.of(),
                false,
                false)
            .withAcme(AcmeChallenge.HTTP_01);
    world.add(site, "acme");
    acme.start();
    Awaitility.await("the limit")
        .atMost(SOON)
        .until(
            () ->
                world
                    .sites
                    .find("acme-shop")
                    .orElseThrow()
                    .tried()
                    .filter(t -> t.problem().contains("began 5 orders within 24 hours"))
                    .isPresent());
  }

  @Test
  void anOrderThatIsHeldByOneThatDiedIsBegunAnewByAnother() {
    world.nodeHoldsWhatItIsSent();
    add("www.shop.example");
    AcmeStore.Limit most = new AcmeStore.Limit(100, Duration.ofHours(1));
    String dead = UUID.randomUUID().toString();
    world.orders.begin(
        site(),
        dead,
        Duration.ofSeconds(3),
        Optional.empty(),
        most,
        InstantSource.system().instant());
    assertTrue(site().running());
    acme.start();
    Awaitility.await("a certificate").atMost(SOON).until(() -> site().current().isPresent());
  }

  @Test
  void aPortOfControlPlanesGetsItsOwnByHttpAndTheOthersAreSentToTls() throws Exception {
    node.stop(0);
    List<String> hosts = List.of("api.shop.example", "console.shop.example");
    try (LiveTokens tokens = new LiveTokens(world.ownOrders, world.numbers);
        ChallengePort port = new ChallengePort(here, HTTP, tokens, hosts, 7070);
        Acme own =
            Acme.ofPorts(
                config(),
                world.stores(world.ownOrders),
                world.own,
                List.of(hosts),
                AcmeChallenge.HTTP_01,
                new SecureRandom(),
                InstantSource.system())) {
      tokens.start();
      port.start();
      own.start();
      Awaitility.await("a certificate").atMost(SOON).until(() -> world.own.find(hosts).isPresent());
      assertEquals(Optional.empty(), world.own.find(hosts.subList(0, 1)));
      assertEquals(List.of(), world.orders.tokens().tokens());
      AcmeSite subject = world.own.subject(hosts.reversed(), AcmeChallenge.HTTP_01);
      assertEquals(Set.copyOf(hosts), Set.copyOf(subject.current().orElseThrow().hosts()));
      String sent = ask("api.shop.example");
      assertTrue(sent.contains("308"), sent);
      assertTrue(sent.contains("Location: https://api.shop.example:7070/x?y"), sent);
      assertTrue(ask("other.example").contains("421"));
    }
  }

  /** What a plain port answers for a path. */
  private String ask(String host) throws IOException {
    try (Socket socket = new Socket(here, HTTP)) {
      String request = "GET /x?y HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    }
  }

  @Test
  void whatTheNetworkLacksIsSaidBeforeTheAuthorityIsAsked() {
    world.nodeHoldsWhatItIsSent();
    SiteConfig elsewhere =
        new SiteConfig(
                "shop",
                List.of("www.shop.example"),
                List.of(OriginUrl.parse("https://origin.example").orElseThrow()),
                Set.of("nowhere"),
                false,
                false)
            .withAcme(AcmeChallenge.HTTP_01);
    world.add(elsewhere, "first");
    acme.start();
    Awaitility.await("no node")
        .atMost(SOON)
        .until(
            () -> site().tried().filter(t -> t.problem().contains("no node serves")).isPresent());
    world.replace(shop("www.shop.example").withAcme(AcmeChallenge.DNS_01));
    Awaitility.await("no DNS")
        .atMost(SOON)
        .until(() -> site().tried().filter(t -> t.problem().contains("answers DNS")).isPresent());
    assertFalse(pebble.output().contains(ORDERS), pebble.output());
    assertEquals(0, site().tried().orElseThrow().failures());
  }

  @Test
  void anAuthorityThatWasAskedTooOftenIsAskedByNobody() {
    world.nodeHoldsWhatItIsSent();
    Instant now = InstantSource.system().instant();
    String directory = pebble.directory().toString();
    world.accounts.account(directory, () -> Bytes.copyOf(new byte[] {1}));
    world.accounts.limited(directory, "acme", now.plusSeconds(600), now);
    world.accounts.limited(directory, "acme", now.plusSeconds(600), now);
    assertEquals(Optional.empty(), world.accounts.pausedUntil(directory, now));
    world.accounts.limited(directory, "other", now.plus(Duration.ofDays(300)), now);
    assertEquals(
        Optional.of(now.plus(AcmeAccounts.LONGEST_PAUSE).truncatedTo(ChronoUnit.MILLIS)),
        world.accounts.pausedUntil(directory, now).map(t -> t.truncatedTo(ChronoUnit.MILLIS)));
    add("www.shop.example");
    acme.start();
    Awaitility.await("it waits")
        .atMost(SOON)
        .until(() -> site().tried().filter(t -> t.problem().contains("asked to wait")).isPresent());
    world.orders.retry(shop("www.shop.example"), 1);
    Awaitility.await("it waits on")
        .atMost(SOON)
        .until(() -> site().tried().flatMap(AcmeSite.Tried::next).isPresent());
    assertFalse(pebble.output().contains(ORDERS), pebble.output());
  }

  @Test
  void textsOfAnOrderThatNobodyHoldsGo() {
    add("www.shop.example");
    AcmeStore.Limit most = new AcmeStore.Limit(100, Duration.ofHours(1));
    Instant now = InstantSource.system().instant();
    String by = UUID.randomUUID().toString();
    world.orders.begin(site(), by, Duration.ofMinutes(5), Optional.empty(), most, now);
    String name = "_acme-challenge.www.shop.example";
    assertEquals(Optional.empty(), world.challenges.addText(site(), name, "proof", 1));
    world.challenges.sweepTexts();
    assertEquals(1, world.challenges.all().size());
    world.orders.release("shop", by);
    world.challenges.sweepTexts();
    assertEquals(List.of(), world.challenges.all());
  }
}

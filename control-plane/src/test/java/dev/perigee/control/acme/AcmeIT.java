package dev.perigee.control.acme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.perigee.contract.AcmeChallenge;
import dev.perigee.contract.AcmeToken;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.AcmeSite;
import dev.perigee.control.store.AcmeStore;
import dev.perigee.testkit.Full;
import dev.perigee.testkit.Installed;
import dev.perigee.testkit.Loopback;
import dev.perigee.testkit.Pebble;
import dev.perigee.testkit.RunningProcess;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
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

  private Acme open() throws IOException {
    AcmeConfig config =
        new AcmeConfig(
            pebble.directory(),
            "",
            Optional.of(pebble.authorityFile()),
            Duration.ofMillis(200),
            Duration.ofMillis(500),
            5);
    return new Acme(
        config, world.stores(), world.fleet, new SecureRandom(), InstantSource.system());
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
}

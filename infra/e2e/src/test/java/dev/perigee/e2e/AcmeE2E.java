package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.testkit.Full;
import dev.perigee.testkit.Installed;
import dev.perigee.testkit.Pebble;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Certificates come by themselves: of pebble, an authority that nobody here wrote, which asks the
 * network's own DNS where a host is and looks there.
 */
@Full("needs pebble and dig")
class AcmeE2E {
  private static final String HOST = "www.shop.example";
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Pattern ID = Pattern.compile("\"certificate\"\\s*:\\s*\"([0-9a-f]{64})\"");

  private final Path folder;
  private final Network network;
  private final Origin origin;
  private final String authority;
  private Pebble pebble;

  AcmeE2E(@TempDir Path folder) throws Exception {
    Installed.require("pebble");
    Installed.require("dig");
    Installed.require("openssl");
    this.folder = folder;
    network = new Network(folder);
    origin = JdkOrigin.start(network.originAddress(), 9000);
    authority = network.readerAddress(230);
    pebble = pebble(Duration.ofDays(90));
  }

  private Pebble pebble(Duration validity) throws Exception {
    String dns = network.controlAddress() + ":" + Network.DNS;
    return Pebble.start(folder, authority, dns, Network.HTTP, validity);
  }

  @AfterEach
  void down() {
    network.close();
    origin.close();
    pebble.close();
  }

  @Test
  void aSiteGetsItsCertificateThroughTheEdgesAndItIsRenewed() throws Exception {
    pebble.close();
    pebble = pebble(Duration.ofSeconds(40));
    begin();
    network.cliOk("site", "add", HOST, "--origin", origin.url(), "--acme", "http-01");
    String first = awaitCertificate("");
    SSLContext trust = pebble.trust();
    for (String edge : List.of("fra-1", "sin-1")) {
      awaitTls(trust, edge, HOST);
    }
    assertTrue(pebble.output().contains("/.well-known/acme-challenge/"), pebble.output());
    String second = awaitCertificate(first);
    assertFalse(second.equals(first));
    awaitTls(trust, "fra-1", HOST);
    // It may be the third meanwhile.
    Awaitility.await("the newest alone is listed")
        .atMost(SOON)
        .until(
            () -> {
              String newest = awaitCertificate(first);
              String list = network.cliOk("cert", "list", "--json").output();
              return list.contains(newest) && !list.contains(first);
            });
  }

  @Test
  void aTokenIsNotAskedForBeforeEachServingNodeHasIt() throws Exception {
    // A node whose link is held would go around it after two silent beats.
    network.startControl(Network.CITIES, pebble.options("--edge-pulse", "60000"));
    network.addEdge("fra-1", 1, "eu-central", "50.11,8.68");
    String control = network.controlAddress();
    try (HeldLink link =
        new HeldLink(network.readerAddress(231), Network.GRPC, control, Network.GRPC)) {
      String there = link.address();
      network.addEdge("sin-1", 3, "ap-southeast", "1.35,103.99", "--control", there);
      network.cliOk("site", "add", HOST, "--origin", origin.url());
      // It says that it is well, and hears nothing.
      link.hold();
      network.cliOk("site", "acme", HOST, "http-01");
      Awaitility.await("the order waits for a node")
          .atMost(SOON)
          .until(() -> state(HOST).contains("waits for nodes to take the tokens: sin-1"));
      assertFalse(pebble.output().contains("/.well-known/acme-challenge/"), pebble.output());
      link.release();
      awaitCertificate("");
      awaitTls(pebble.trust(), "sin-1", HOST);
    }
  }

  @Test
  void aWildcardIsProvedByTheDnsOfTheNetwork() throws Exception {
    begin();
    network.cliOk(
        "site", "add", "shop.example", "--host", "*.shop.example", "--origin", origin.url());
    assertTrue(network.cli("site", "acme", "shop.example", "http-01").output().contains("dns-01"));
    network.cliOk("site", "acme", "shop.example", "dns-01");
    awaitCertificate("", "shop.example");
    SSLContext trust = pebble.trust();
    awaitTls(trust, "fra-1", "shop.example");
    awaitTls(trust, "sin-1", "blog.shop.example");
    Dig dig = new Dig(folder, network.controlAddress(), Network.DNS);
    Awaitility.await("the texts go")
        .atMost(SOON)
        .until(() -> dig.records("_acme-challenge.shop.example", "TXT").isEmpty());
  }

  private void begin() {
    network.startControl(Network.CITIES, pebble.options());
    network.addEdge("fra-1", 1, "eu-central", "50.11,8.68");
    network.addEdge("sin-1", 3, "ap-southeast", "1.35,103.99");
  }

  private String state(String site) {
    return network.cliOk("site", "acme", site, "--json").output();
  }

  private String awaitCertificate(String other) {
    return awaitCertificate(other, HOST);
  }

  /** The id of the certificate that was got, once that is another one. */
  private String awaitCertificate(String other, String site) {
    Callable<String> now =
        () -> {
          Matcher found = ID.matcher(state(site));
          return found.find() ? found.group(1) : other;
        };
    try {
      return Awaitility.await("a certificate of " + site)
          .atMost(SOON)
          .until(now, id -> !id.equals(other));
    } catch (ConditionTimeoutException e) {
      throw new AssertionError(state(site) + pebble.output(), e);
    }
  }

  private void awaitTls(SSLContext trust, String edge, String host) {
    Awaitility.await(edge + " has the certificate of " + host)
        .atMost(SOON)
        .ignoreException(UncheckedIOException.class)
        .until(
            () ->
                Fetch.getTls(trust, network.address(edge), Network.HTTPS, host, "/").status()
                    < 500);
  }
}

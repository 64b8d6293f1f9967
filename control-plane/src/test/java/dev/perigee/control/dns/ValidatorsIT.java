package dev.perigee.control.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.steer.Fixtures;
import dev.perigee.control.steer.NodeChoice;
import dev.perigee.control.steer.SteeringSnapshot;
import dev.perigee.control.store.DnsChallenge;
import dev.perigee.control.store.DnsKey;
import dev.perigee.control.store.Node;
import dev.perigee.testkit.Full;
import dev.perigee.testkit.RunningProcess;
import dev.perigee.testkit.RunningProcess.Finished;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Validators that nobody here wrote, BIND's delv and unbound, find the signed zone sound. */
@Full("needs delv, dig and unbound")
class ValidatorsIT {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final DnsKey FIRST = TestKeys.fresh(DnsKey.State.SIGNING);
  private static final DnsKey SECOND = TestKeys.fresh(DnsKey.State.PUBLISHED);
  private static final Node NODE =
      new Node(
          "fra-1",
          "eu",
          50,
          8,
          List.of(InetAddress.ofLiteral("192.0.2.9"), InetAddress.ofLiteral("192.0.2.1")),
          80,
          443,
          false,
          true);
  private static final NodeChoice CHOICE =
      (address, bits, site, key, into) -> into.become(List.of(NODE), 1, 24, false);

  @TempDir Path folder;

  private final AtomicReference<List<DnsKey>> keys = new AtomicReference<>(List.of(FIRST));
  private final DnsFacts facts =
      new DnsFacts(
          () -> List.of(new DnsChallenge("_acme-challenge.shop.cdn.example", List.of("b", "a"), 5)),
          () -> List.of("shop.cdn.example"),
          keys::get,
          key -> Instant.EPOCH,
          () -> 1,
          InstantSource.system());
  private DnsServer server = server();

  private DnsServer server() {
    facts.refresh();
    SteeringSnapshot snapshot =
        new SteeringSnapshot(
            List.of(Fixtures.serving(NODE)),
            List.of(Fixtures.site("shop", List.of("shop.example"))),
            42);
    DnsConfig config =
        new DnsConfig(
            List.of(LOOPBACK),
            0,
            "cdn.example",
            true,
            Map.of("ns1.cdn.example", InetAddress.ofLiteral("192.0.2.53")),
            List.of(new DnsConfig.Authority("issue", "ca.example")),
            20,
            1,
            DnsConfig.UDP_BUFFER,
            10,
            Duration.ofSeconds(10),
            DnsLimits.DEFAULT);
    return new DnsServer(
        config,
        CHOICE,
        () -> snapshot,
        facts,
        new byte[32],
        new SecureRandom(),
        InstantSource.system(),
        System::nanoTime);
  }

  @BeforeEach
  void start() throws IOException {
    server.start();
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  /** The zone is signed by these now. */
  private void sign(DnsKey... now) throws IOException {
    keys.set(List.of(now));
    server.close();
    server = server();
    server.start();
  }

  private String run(List<String> command) throws IOException {
    Finished finished = RunningProcess.run(command.getFirst(), folder, Map.of(), PATIENCE, command);
    assertEquals(0, finished.exitCode(), finished.output());
    return finished.output().replaceAll("[ \t]+", " ");
  }

  /** What delv says, for whom the parent has the DS of this key. */
  private String delv(DnsKey anchor, String name, String type) throws IOException {
    String[] ds = anchor.delegation("cdn.example").split(" ", -1);
    Path file = folder.resolve("anchor-" + anchor.tag());
    Files.writeString(
        file,
        "trust-anchors { cdn.example. static-ds %s %s %s \"%s\"; };%n"
            .formatted(ds[0], ds[1], ds[2], ds[3]));
    List<String> command = new ArrayList<>(List.of("delv", "@127.0.0.1", "-p"));
    command.addAll(List.of("" + server.port(), "-a", "" + file, "+root=cdn.example", name, type));
    return run(command);
  }

  private void assertValidated(DnsKey anchor) throws IOException {
    String positive = "\n; fully validated";
    for (String asked :
        List.of(
            "cdn.example SOA",
            "cdn.example NS",
            "cdn.example CAA",
            "cdn.example DNSKEY",
            "cdn.example CDS",
            "cdn.example CDNSKEY",
            "shop.cdn.example A",
            "SHOP.cdn.example HTTPS",
            "fra-1.shop.cdn.example A",
            "_acme-challenge.shop.cdn.example TXT")) {
      String[] parts = asked.split(" ", -1);
      String said = "\n" + delv(anchor, parts[0], parts[1]);
      assertTrue(said.contains(positive), asked + "\n" + said);
      assertFalse(said.contains("negative response"), said);
    }
    for (String asked :
        List.of(
            "nobody.cdn.example A",
            "a.b.nobody.cdn.example AAAA",
            "shop.cdn.example AAAA",
            "shop.cdn.example MX",
            "_acme-challenge.shop.cdn.example A",
            "cdn.example A")) {
      String[] parts = asked.split(" ", -1);
      String said = delv(anchor, parts[0], parts[1]);
      assertTrue(said.contains("; negative response, fully validated"), asked + "\n" + said);
    }
  }

  /** At each step by the DS of every key that the parent may have then. */
  @Test
  void delvValidatesAtEveryStepOfARoll() throws IOException {
    assertValidated(FIRST);
    sign(FIRST, SECOND);
    assertValidated(FIRST);
    assertValidated(SECOND);
    DnsKey retiring = TestKeys.in(DnsKey.State.RETIRING, FIRST);
    DnsKey signing = TestKeys.in(DnsKey.State.SIGNING, SECOND);
    sign(retiring, signing);
    assertValidated(FIRST);
    assertValidated(SECOND);
    sign(signing);
    assertValidated(SECOND);
    assertTrue(
        delv(FIRST, "shop.cdn.example", "A").contains("resolution failed"), "a key that is gone");
  }

  /** A resolver for whom the parent has the DS of this key; gives its port. */
  private int unbound(String name, DnsKey anchor, List<RunningProcess> running) throws IOException {
    int port;
    try (DatagramSocket free = new DatagramSocket(0, LOOPBACK)) {
      port = free.getLocalPort();
    }
    Path zone = folder.resolve(name + ".zone");
    Files.writeString(
        zone,
        """
        $ORIGIN owner.test.
        @ 60 SOA ns.owner.test. a.owner.test. 1 60 60 60 60
        @ 60 NS ns.owner.test.
        www 60 CNAME shop.cdn.example.
        old 60 CNAME nobody.cdn.example.
        """);
    Path config = folder.resolve(name + ".conf");
    Files.writeString(
        config,
        """
        server:
          interface: 127.0.0.1@%d
          username: ""
          chroot: ""
          pidfile: ""
          directory: "%s"
          use-syslog: no
          verbosity: 2
          do-not-query-localhost: no
          do-ip6: no
          module-config: "validator iterator"
          trust-anchor: "cdn.example. DS %s"
          domain-insecure: "owner.test"
          local-zone: "test." nodefault
        stub-zone:
          name: "cdn.example"
          stub-addr: 127.0.0.1@%d
        auth-zone:
          name: "owner.test"
          zonefile: "%s"
          for-downstream: no
          for-upstream: yes
        remote-control:
          control-enable: no
        """
            .formatted(port, folder, anchor.delegation("cdn.example"), server.port(), zone));
    RunningProcess resolver =
        RunningProcess.start(
            name, folder, Map.of(), List.of("unbound", "-d", "-d", "-c", "" + config));
    running.add(resolver);
    resolver.awaitLine("start of service", PATIENCE);
    return port;
  }

  private String dig(int port, String name, String type) throws IOException {
    return run(List.of("dig", "@127.0.0.1", "-p", "" + port, "+dnssec", "+tries=1", name, type));
  }

  @Test
  void unboundAnswersAuthenticDataAndFollowsNamesIntoTheZone() throws IOException {
    List<RunningProcess> running = new ArrayList<>();
    try {
      int sound = unbound("sound", FIRST, running);
      String address = dig(sound, "shop.cdn.example", "A");
      assertTrue(address.contains("flags: qr rd ra ad;"), address);
      assertTrue(address.contains("IN A 192.0.2.1"), address);
      for (String name : List.of("nobody.cdn.example", "cdn.example")) {
        String none = dig(sound, name, "A");
        assertTrue(none.contains("flags: qr rd ra ad;"), none);
        assertTrue(none.contains("ANSWER: 0"), none);
      }
      String chain = dig(sound, "www.owner.test", "A");
      assertTrue(chain.contains("IN CNAME shop.cdn.example."), chain);
      assertTrue(chain.contains("IN A 192.0.2.9"), chain);
      assertTrue(dig(sound, "old.owner.test", "A").contains("status: NOERROR"), "denied");
      // One that knows another key tells nobody of the zone, nor of what leads into it.
      int other = unbound("other", SECOND, running);
      for (String name : List.of("shop.cdn.example", "nobody.cdn.example", "www.owner.test")) {
        String refused = dig(other, name, "A");
        assertTrue(refused.contains("status: SERVFAIL"), refused);
      }
    } finally {
      running.forEach(RunningProcess::close);
    }
  }
}

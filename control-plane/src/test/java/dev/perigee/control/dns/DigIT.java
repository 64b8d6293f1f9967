package dev.perigee.control.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.steer.Fixtures;
import dev.perigee.control.steer.NodeChoice;
import dev.perigee.control.steer.SteeringSnapshot;
import dev.perigee.control.store.DnsChallenge;
import dev.perigee.control.store.Node;
import dev.perigee.testkit.Full;
import dev.perigee.testkit.RunningProcess;
import dev.perigee.testkit.RunningProcess.Finished;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** BIND's dig, a client that nobody here wrote, understands the answers. */
@Full("needs dig")
class DigIT {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final Node FRANKFURT = node("fra-1", "192.0.2.1", "2001:db8::1");
  private static final Node ASHBURN = node("iad-1", "192.0.2.2", "2001:db8::2");

  /** Networks of 203.0.113.0/24 go to Frankfurt, everybody else to Ashburn. */
  private static final NodeChoice CHOICE =
      (address, bits, site, key, into) -> {
        boolean near = (address[0] & 0xff) == 203;
        into.become(List.of(near ? FRANKFURT : ASHBURN), 1, near ? 24 : 8, false);
      };

  @TempDir Path folder;

  private final DnsServer server = server();

  private static Node node(String name, String... addresses) {
    List<InetAddress> all = Arrays.stream(addresses).map(InetAddress::ofLiteral).toList();
    return new Node(name, "eu", 50, 8, all, 80, 443, false, true);
  }

  private static DnsServer server() {
    List<String> many = new ArrayList<>();
    for (int i = 1; i <= 200; i++) {
      many.add("198.51.100." + i);
    }
    Node large = node("big-1", many.toArray(String[]::new));
    SteeringSnapshot snapshot =
        new SteeringSnapshot(
            List.of(
                Fixtures.serving(FRANKFURT), Fixtures.serving(ASHBURN), Fixtures.serving(large)),
            List.of(Fixtures.site("shop", List.of("shop.example"))),
            42);
    DnsChallenge challenge =
        new DnsChallenge("_acme-challenge.shop.cdn.example", List.of("one", "two words"), 60);
    DnsFacts facts = new DnsFacts(() -> List.of(challenge), () -> List.of("shop.example"), () -> 1);
    facts.refresh();
    DnsConfig config =
        new DnsConfig(
            List.of(LOOPBACK),
            0,
            "cdn.example",
            true,
            Map.of("ns1.cdn.example", InetAddress.ofLiteral("192.0.2.53")),
            List.of(new DnsConfig.Authority("issue", "ca.example")),
            20,
            2,
            DnsConfig.UDP_BUFFER,
            10,
            Duration.ofSeconds(10),
            new DnsLimits(1, 1, 1, 24, 56, 1_024, List.of()));
    return new DnsServer(
        config,
        CHOICE,
        () -> snapshot,
        facts,
        new byte[32],
        new SecureRandom(),
        InstantSource.system(),
        () -> 0L);
  }

  @BeforeEach
  void start() throws IOException {
    server.start();
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private String dig(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of("dig", "@127.0.0.1", "-p", "" + server.port(), "+norec", "+tries=1"));
    command.addAll(List.of(arguments));
    Finished finished =
        RunningProcess.run("dig", folder, Map.of(), Duration.ofSeconds(60), command);
    assertEquals(0, finished.exitCode(), finished.output());
    assertTrue(!finished.output().contains("WARNING"), finished.output());
    return finished.output().replaceAll("[ \t]+", " ");
  }

  private static void assertSays(String output, String... parts) {
    for (String part : parts) {
      assertTrue(output.contains(part), part + " is not in\n" + output);
    }
  }

  @Test
  void theClientsSubnetComesBackWithWhatTheAnswerDependsOn() throws IOException {
    assertSays(
        dig("shop.cdn.example", "A", "+subnet=203.0.113.0/24"),
        "status: NOERROR",
        "flags: qr aa;",
        "shop.cdn.example. 30 IN A 192.0.2.1",
        "CLIENT-SUBNET: 203.0.113.0/24/24",
        "udp: 1232");
    assertSays(
        dig("+tcp", "shop.example", "AAAA", "+subnet=198.51.100.0/24"),
        "shop.example. 30 IN AAAA 2001:db8::2",
        "CLIENT-SUBNET: 198.51.100.0/24/8");
    assertSays(
        dig("+tcp", "nobody.cdn.example", "A", "+subnet=203.0.113.0/24"),
        "status: NXDOMAIN",
        "cdn.example. 30 IN SOA ns1.cdn.example. hostmaster.cdn.example. 42 3600 600 604800 30",
        "CLIENT-SUBNET: 203.0.113.0/24/0");
    assertSays(dig("+tcp", "shop.cdn.example", "A", "+subnet=0"), "CLIENT-SUBNET: 0.0.0.0/0/0");
  }

  @Test
  void everyTypeOfRecordIsRead() throws IOException {
    assertSays(
        dig("+tcp", "shop.example", "HTTPS"),
        "IN HTTPS 1 . alpn=\"h2,http/1.1\" ipv4hint=192.0.2.2 ipv6hint=2001:db8::2");
    assertSays(
        dig("+tcp", "_acme-challenge.shop.cdn.example", "TXT"),
        "60 IN TXT \"one\"",
        "60 IN TXT \"two words\"");
    assertSays(dig("+tcp", "cdn.example", "CAA"), "3600 IN CAA 0 issue \"ca.example\"");
    assertSays(
        dig("+tcp", "cdn.example", "NS"),
        "3600 IN NS ns1.cdn.example.",
        "ns1.cdn.example. 3600 IN A 192.0.2.53");
    assertSays(dig("shop.cdn.example", "ANY"), "IN HINFO \"RFC8482\" \"\"");
    assertSays(dig("+tcp", "+ednsopt=65001:00", "cdn.example", "SOA"), "status: NOERROR");
    assertSays(dig("+tcp", "nobody.example", "A"), "status: REFUSED");
    assertSays(dig("+tcp", "+edns=1", "+noednsnegotiation", "cdn.example"), "status: BADVERS");
  }

  @Test
  void whatIsTooLongForUdpIsFetchedOverTcp() throws IOException {
    String output = dig("big-1.cdn.example", "A");
    assertSays(output, "Truncated, retrying in TCP mode", "ANSWER: 200", "198.51.100.200");
  }

  /** One answer is all that is given, as time stands still: the next comes by the cookie. */
  @Test
  void whoIsToldToComeBackWithACookieDoes() throws IOException {
    dig("shop.cdn.example", "A", "+nocookie");
    String output = dig("shop.cdn.example", "A", "+cookie=0102030405060708", "+showbadcookie");
    assertSays(
        output, "BADCOOKIE, retrying", "status: NOERROR", "COOKIE: 0102030405060708", "(good)");
  }
}

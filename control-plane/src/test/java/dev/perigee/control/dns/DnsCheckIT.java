package dev.perigee.control.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.cli.PerigeeCli;
import dev.perigee.control.api.TestApi;
import dev.perigee.control.steer.Fixtures;
import dev.perigee.control.steer.NodeChoice;
import dev.perigee.control.steer.SteeringSnapshot;
import dev.perigee.control.store.DnsKey;
import dev.perigee.testkit.Loopback;
import dev.perigee.testkit.RunningProcess;
import dev.perigee.testkit.RunningProcess.Finished;
import java.io.IOException;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.DSRecord;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.utils.base16;

/** {@code perigee dns check} between a parent and the zone's own server, all on loopback. */
final class DnsCheckIT {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final InetAddress NOBODY = InetAddress.ofLiteral("127.0.0.77");
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final DnsKey KEY = TestKeys.fresh(DnsKey.State.SIGNING);
  private static final DnsKey OTHER = TestKeys.fresh(DnsKey.State.SIGNING);
  private static final Name ZONE = Name.fromConstantString("cdn.example.");
  private static final Name SERVER = Name.fromConstantString("ns1.cdn.example.");
  private static final NodeChoice NOWHERE =
      (address, bits, site, key, into) -> into.become(List.of(), 1, 0, true);

  @TempDir Path folder;

  private final DnsFacts facts =
      new DnsFacts(
          List::of,
          List::of,
          () -> List.of(KEY),
          key -> Instant.EPOCH,
          () -> 1,
          InstantSource.system());
  private final DnsServer server = server();

  private DnsServer server() {
    facts.refresh();
    SteeringSnapshot snapshot =
        new SteeringSnapshot(
            List.of(), List.of(Fixtures.site("shop", List.of("shop.example"))), 42);
    DnsConfig config =
        new DnsConfig(
            List.of(LOOPBACK),
            0,
            "cdn.example",
            false,
            Map.of("ns1.cdn.example", LOOPBACK),
            20,
            10,
            Duration.ofSeconds(10));
    return new DnsServer(
        config,
        NOWHERE,
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

  private static Record ns(Name name) {
    return new NSRecord(ZONE, DClass.IN, 60, name);
  }

  private static Record address(InetAddress address) {
    return new ARecord(SERVER, DClass.IN, 60, address);
  }

  private static Record ds(DnsKey key) {
    String[] parts = key.delegation("cdn.example").split(" ", -1);
    return new DSRecord(
        ZONE,
        DClass.IN,
        60,
        key.tag(),
        DnsKey.ALGORITHM,
        DnsKey.DIGEST,
        base16.fromString(parts[3]));
  }

  private Finished check(TestParent parent, String... more) {
    List<String> all = new ArrayList<>(List.of("--parent", "127.0.0.1:" + parent.port()));
    all.addAll(List.of(more));
    return check(all);
  }

  private Finished check(List<String> more) {
    List<String> all =
        new ArrayList<>(List.of("dns", "check", "cdn.example", "--port", "" + server.port()));
    all.addAll(more);
    return command(all);
  }

  private Finished command(List<String> words) {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path", ""),
                PerigeeCli.class.getName()));
    command.addAll(words);
    return RunningProcess.run("dns check", folder, Map.of(), PATIENCE, command);
  }

  @Test
  void aDelegationThatFitsIsSoundAndTheKeyIsNamed() throws IOException {
    try (TestParent parent =
        new TestParent(List.of(ns(SERVER)), List.of(address(LOOPBACK)), List.of(ds(KEY)))) {
      Finished finished = check(parent, "--ns", "ns1.cdn.example=127.0.0.1");
      assertEquals(0, finished.exitCode(), finished.output());
      assertFalse(finished.output().contains("error"), finished.output());
      assertTrue(finished.output().contains("answers for cdn.example over UDP and TCP"));
      assertTrue(finished.output().contains("the DS of key " + KEY.tag() + " fits"));
      Finished json = check(parent, "--json");
      assertEquals(0, json.exitCode(), json.output());
      assertTrue(json.output().contains("\"sound\" : true"), json.output());
    }
  }

  @Test
  void theDoctorFindsTheSame() throws IOException {
    Path token = Files.writeString(folder.resolve("token"), TestApi.TOKEN);
    try (TestApi api = new TestApi();
        TestParent parent =
            new TestParent(List.of(ns(SERVER)), List.of(address(LOOPBACK)), List.of(ds(KEY)))) {
      List<String> doctor =
          List.of("doctor", "--api", api.url().toString(), "--token-file", token.toString());
      List<String> all = new ArrayList<>(doctor);
      all.addAll(List.of("--dns-port", "" + server.port()));
      all.addAll(List.of("--parent", "127.0.0.1:" + parent.port()));
      Finished well = command(all);
      assertEquals(0, well.exitCode(), well.output());
      assertTrue(well.output().contains("answers for cdn.example over UDP and TCP"), well.output());
      all.set(all.size() - 3, "" + Loopback.freePort("127.0.0.1"));
      assertBad(
          command(all), "FAIL  zone cdn.example, ns1.cdn.example 127.0.0.1:", "does not answer");
    }
  }

  @Test
  void theParentsServersAreFoundByAResolver() throws IOException {
    try (TestParent parent =
        new TestParent(List.of(ns(SERVER)), List.of(address(LOOPBACK)), List.of(ds(KEY)))) {
      Finished finished =
          check(
              List.of(
                  "--resolver", "127.0.0.1:" + parent.port(), "--parent-port", "" + parent.port()));
      assertEquals(0, finished.exitCode(), finished.output());
      assertTrue(finished.output().contains("the DS of key " + KEY.tag() + " fits"));
    }
  }

  @Test
  void aDsOfAnotherKeyIsAnError() throws IOException {
    try (TestParent parent =
        new TestParent(List.of(ns(SERVER)), List.of(address(LOOPBACK)), List.of(ds(OTHER)))) {
      assertBad(check(parent), "no DS at the parent (%d) fits".formatted(OTHER.tag()));
    }
    try (TestParent parent =
        new TestParent(
            List.of(ns(SERVER)), List.of(address(LOOPBACK)), List.of(ds(KEY), ds(OTHER)))) {
      Finished both = check(parent);
      assertEquals(0, both.exitCode(), both.output());
      assertTrue(both.output().contains("a DS of key " + OTHER.tag() + " that fits none"));
    }
  }

  @Test
  void namesAndAddressesThatDifferAreErrorsAndSayWhatToDo() throws IOException {
    Name second = Name.fromConstantString("ns2.cdn.example.");
    Record glue = new ARecord(second, DClass.IN, 60, LOOPBACK);
    try (TestParent parent =
        new TestParent(
            List.of(ns(SERVER), ns(second)), List.of(address(LOOPBACK), glue), List.of())) {
      assertBad(
          check(parent),
          "the parent has ns1.cdn.example, ns2.cdn.example",
          "give the registrar the same names as --dns-ns has");
    }
    try (TestParent parent =
        new TestParent(
            List.of(ns(SERVER)), List.of(address(LOOPBACK), address(NOBODY)), List.of())) {
      assertBad(
          check(parent),
          "ns1.cdn.example 127.0.0.77:%d: does not answer over UDP".formatted(server.port()),
          "does not answer over TCP",
          "the parent has 127.0.0.1, 127.0.0.77");
    }
  }

  @Test
  void aParentThatDoesNotDelegateIsAnError() throws IOException {
    try (TestParent parent = new TestParent(List.of(), List.of(), List.of())) {
      assertBad(check(parent), "does not delegate cdn.example");
    }
  }

  private static void assertBad(Finished finished, String... sentences) {
    assertEquals(1, finished.exitCode(), finished.output());
    for (String sentence : sentences) {
      assertTrue(finished.output().contains(sentence), finished.output());
    }
  }
}

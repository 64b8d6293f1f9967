package dev.perigee.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.store.TestPem;
import dev.perigee.control.store.TestPostgres;
import dev.perigee.testkit.RunningProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.Type;

/** The whole process beside a database that is not its own. */
final class ControlPlaneIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String PASSWORD = "PERIGEE_DATABASE_PASSWORD";

  @TempDir Path folder;
  private static TestPostgres postgres;

  @BeforeAll
  static void start() {
    postgres = TestPostgres.fresh();
  }

  @AfterAll
  static void stop() {
    postgres.close();
  }

  private List<String> command(String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path", ""),
                ControlPlane.class.getName(),
                "--state-dir",
                folder.resolve("state").toString(),
                "--database-url",
                postgres.url() + "?user=" + postgres.user()));
    for (String port : List.of("api", "grpc", "dns", "steer", "admin")) {
      command.addAll(List.of("--" + port + "-port", "0"));
    }
    command.addAll(List.of(more));
    return command;
  }

  @Test
  void theDatabasesPasswordComesFromTheEnvironmentAndIsNeverSaid() {
    Map<String, String> environment = Map.of(PASSWORD, postgres.password());
    try (RunningProcess control = RunningProcess.start("control", folder, environment, command())) {
      control.awaitLine("control plane ready", PATIENCE);
      control.terminate();
      control.awaitExit(PATIENCE);
      assertFalse(control.output().contains(postgres.password()));
    }
  }

  @Test
  void itsFiguresAreReadAtAPortOfLoopback() throws Exception {
    Map<String, String> environment = Map.of(PASSWORD, postgres.password());
    try (RunningProcess control = RunningProcess.start("control", folder, environment, command())) {
      String ready = control.awaitLine("control plane ready", PATIENCE);
      ask(port(ready, "dns=127.0.0.1:"));
      String figures = figures(ready);
      for (String name :
          List.of(
              "perigee_dns_answers_total{transport=\"udp\",type=\"SOA\",rcode=\"NOERROR\"} 1\n",
              "perigee_dns_answers_total{transport=\"tcp\",type=\"A\",rcode=\"REFUSED\"} 1\n",
              "perigee_dns_malformed_total 0.0",
              "perigee_dns_dropped_total{reason=\"rate\"} 0.0",
              "perigee_dns_cookies_total{kind=\"good\"} 0.0",
              "perigee_snapshot_age_seconds ",
              "perigee_snapshot_lag_revisions 0.0",
              "perigee_nodes{state=\"serving\"} 0.0",
              "perigee_steered_http_total{kind=\"nearest\"} 0.0",
              "perigee_streams 0.0",
              "jvm_memory_used_bytes")) {
        assertTrue(figures.contains(name), name + " is not in " + figures);
      }
    }
  }

  private static int port(String ready, String before) {
    Matcher port = Pattern.compile(Pattern.quote(before) + "([0-9]+)").matcher(ready);
    assertTrue(port.find(), ready);
    return Integer.parseInt(port.group(1));
  }

  private static void ask(int port) throws IOException {
    SimpleResolver resolver = new SimpleResolver("127.0.0.1");
    resolver.setPort(port);
    resolver.send(question("cdn.example.", Type.SOA));
    resolver.setTCP(true);
    resolver.send(question("elsewhere.example.", Type.A));
  }

  private static Message question(String name, int type) throws IOException {
    return Message.newQuery(Record.newRecord(Name.fromString(name), type, DClass.IN));
  }

  private static String figures(String ready) throws Exception {
    int port = port(ready, "metrics=http://127.0.0.1:");
    URI uri = URI.create("http://127.0.0.1:" + port + "/metrics");
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request = HttpRequest.newBuilder(uri).build();
      return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }
  }

  @Test
  void aProcessWithoutTheApiNeedsADatabaseOfOthers() {
    List<String> command = command("--duties", "dns");
    int url = command.indexOf("--database-url");
    command.subList(url, url + 2).clear();
    RunningProcess.Finished finished =
        RunningProcess.run("control", folder, Map.of(), PATIENCE, command);
    assertEquals(1, finished.exitCode(), finished.output());
    assertTrue(finished.output().contains("give it --database-url"), finished.output());
  }

  @Test
  void aDatabaseThatRefusesEndsTheStartWith1AndASentence() {
    RunningProcess.Finished finished =
        RunningProcess.run("control", folder, Map.of(PASSWORD, "wrong"), PATIENCE, command());
    assertEquals(1, finished.exitCode(), finished.output());
    assertTrue(finished.output().contains("control plane: "), finished.output());
    assertFalse(finished.output().contains("\tat "), finished.output());
  }

  @ParameterizedTest
  @CsvSource({
    "--api-bind 0.0.0.0, --api-bind 0.0.0.0 without TLS: tokens would pass in the clear",
    "--api-bind ::, --api-plain-behind-proxy is for a proxy",
    "--steer-bind 0.0.0.0, --steer-plain if http URLs are all there are",
    "--api-certificate cert.pem, --api-certificate and --api-key go together",
    "--steer-key key.pem, --steer-certificate and --steer-key go together",
    "--api-plain-behind-proxy --api-certificate a --api-key b, give one of them",
    "--api-certificate none.pem --api-key none.pem, there is no file",
  })
  void whatWouldGoInTheClearEndsTheStartWithWhatToDo(String options, String sentence) {
    Map<String, String> environment = Map.of(PASSWORD, postgres.password());
    RunningProcess.Finished finished =
        RunningProcess.run(
            "control", folder, environment, PATIENCE, command(options.split(" ", -1)));
    assertEquals(1, finished.exitCode(), finished.output());
    assertTrue(finished.output().contains(sentence), finished.output());
    assertFalse(finished.output().contains("\tat "), finished.output());
  }

  @Test
  void withCertificatesApiAndSteeringSpeakTlsAndSayWhenTheyExpire() throws Exception {
    TestPem pem = TestPem.ec("localhost");
    Path certificate = Files.writeString(folder.resolve("cert.pem"), pem.certificate());
    Path key = Files.writeString(folder.resolve("key.pem"), pem.key());
    Map<String, String> environment = Map.of(PASSWORD, postgres.password());
    List<String> command =
        command(
            "--api-certificate",
            certificate.toString(),
            "--api-key",
            key.toString(),
            "--steer-certificate",
            certificate.toString(),
            "--steer-key",
            key.toString(),
            "--steer-tls-port",
            "0");
    try (RunningProcess control = RunningProcess.start("control", folder, environment, command)) {
      String ready = control.awaitLine("control plane ready", PATIENCE);
      assertTrue(ready.contains("steer-tls=https://127.0.0.1:"), ready);
      port(ready, "api=https://127.0.0.1:");
      String figures = figures(ready);
      for (String of : List.of("api", "steer")) {
        Matcher left =
            Pattern.compile(
                    "perigee_certificate_expires_seconds\\{port=\"" + of + "\"\\} ([0-9.E]+)")
                .matcher(figures);
        assertTrue(left.find(), figures);
        assertEquals(30, Double.parseDouble(left.group(1)) / 86_400, 0.1);
      }
    }
  }

  @Test
  void anUnknownOptionEndsTheStartWith2AndIsNamed() {
    RunningProcess.Finished finished =
        RunningProcess.run("control", folder, Map.of(), PATIENCE, command("--colour", "red"));
    assertEquals(2, finished.exitCode(), finished.output());
    assertTrue(finished.output().contains("--colour"), finished.output());
  }
}

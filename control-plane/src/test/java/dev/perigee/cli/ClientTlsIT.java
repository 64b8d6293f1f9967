package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.api.TestApi;
import dev.perigee.control.store.TestPem;
import dev.perigee.control.tls.CertificateFiles;
import dev.perigee.control.tls.ServerTls;
import dev.perigee.testkit.Loopback;
import dev.perigee.testkit.RunningProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client's process beside a control plane that speaks TLS; what goes wrong is said. */
final class ClientTlsIT {
  private static final TestPem PEM = TestPem.ec("localhost");

  @TempDir static Path folder;
  private static TestApi api;
  private static Path certificate;

  @BeforeAll
  static void start() throws IOException {
    certificate = Files.writeString(folder.resolve("cert.pem"), PEM.certificate());
    Path key = Files.writeString(folder.resolve("key.pem"), PEM.key());
    Files.writeString(folder.resolve("token"), TestApi.TOKEN + "\n");
    api =
        TestApi.over(
            new ServerTls(CertificateFiles.open("API", certificate, key, InstantSource.system())));
  }

  @AfterAll
  static void stop() {
    api.close();
  }

  private static RunningProcess.Finished run(Map<String, String> more, String... args) {
    Map<String, String> environment = new HashMap<>();
    for (String name : List.of("API", "TOKEN", "CA_FILE", "PROFILE", "DIR")) {
      environment.put("PERIGEE_" + name, "");
    }
    environment.put("XDG_CONFIG_HOME", folder.resolve("config").toString());
    environment.putAll(more);
    List<String> command =
        new ArrayList<>(
            List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path", ""),
                PerigeeCli.class.getName()));
    command.addAll(List.of(args));
    return RunningProcess.run("perigee", folder, environment, Duration.ofSeconds(60), command);
  }

  private static String tls() {
    return api.url().toString();
  }

  private static void assertSaid(int code, String sentence, RunningProcess.Finished finished) {
    assertEquals(code, finished.exitCode(), finished.output());
    assertTrue(finished.output().contains(sentence), finished.output());
    assertFalse(finished.output().contains(TestApi.TOKEN), finished.output());
    assertFalse(finished.output().contains("\tat "), finished.output());
  }

  @Test
  void whoTrustsTheAuthorityIsAnswered() {
    Map<String, String> token = Map.of("PERIGEE_TOKEN", TestApi.TOKEN);
    assertSaid(
        0,
        "ORIGINS",
        run(token, "site", "list", "--api", tls(), "--ca-file", certificate.toString()));
    Map<String, String> all =
        Map.of(
            "PERIGEE_TOKEN", TestApi.TOKEN,
            "PERIGEE_API", tls(),
            "PERIGEE_CA_FILE", certificate.toString());
    assertSaid(0, "ORIGINS", run(all, "site", "list"));
  }

  @Test
  void whoDoesNotIsToldOfTheFile() {
    Map<String, String> token = Map.of("PERIGEE_TOKEN", TestApi.TOKEN);
    assertSaid(3, "--ca-file or PERIGEE_CA_FILE", run(token, "site", "list", "--api", tls()));
  }

  @Test
  void anotherNameIsRefused() {
    Map<String, String> token = Map.of("PERIGEE_TOKEN", TestApi.TOKEN);
    String byAddress = tls().replace("localhost", "127.0.0.1");
    assertSaid(
        3,
        "is of another name",
        run(token, "site", "list", "--api", byAddress, "--ca-file", certificate.toString()));
  }

  @Test
  void theWrongSchemeIsSaid() {
    Map<String, String> token = Map.of("PERIGEE_TOKEN", TestApi.TOKEN);
    String plain = tls().replace("https:", "http:");
    assertSaid(3, "the URL begins with https://", run(token, "site", "list", "--api", plain));
  }

  @Test
  void nobodyThereIsSaidWithWhereItWasNamed() {
    String url = "http://127.0.0.1:" + Loopback.freePort("127.0.0.1");
    Map<String, String> environment = Map.of("PERIGEE_TOKEN", "x", "PERIGEE_API", url);
    assertSaid(3, "from PERIGEE_API: is it up", run(environment, "site", "list"));
  }

  @Test
  void aProfileBringsUrlTokenAndAuthority() {
    String token = folder.resolve("token").toString();
    RunningProcess.Finished kept =
        run(
            Map.of(),
            "profile",
            "add",
            "tls",
            "--api",
            tls(),
            "--token-file",
            token,
            "--ca-file",
            certificate.toString());
    assertSaid(0, "perigee profile use tls", kept);
    assertSaid(0, "ORIGINS", run(Map.of(), "site", "list", "--profile", "tls"));
    assertSaid(0, "ORIGINS", run(Map.of("PERIGEE_PROFILE", "tls"), "site", "list"));
    assertSaid(0, "in use: tls", run(Map.of(), "profile", "use", "tls"));
    assertSaid(0, "ORIGINS", run(Map.of(), "site", "list"));
    assertSaid(0, "\"inUse\" : true", run(Map.of(), "profile", "list", "--json"));
    assertSaid(0, "removed tls", run(Map.of(), "profile", "remove", "tls"));
    assertSaid(2, "there is no profile tls", run(Map.of(), "site", "list", "--profile", "tls"));
  }

  @Test
  void aTokenThatIsNotKnownIsNamedByWhereItCameFrom() {
    Map<String, String> token = Map.of("PERIGEE_TOKEN", "not-this-one");
    assertSaid(
        1,
        "the token came from PERIGEE_TOKEN",
        run(token, "site", "list", "--api", tls(), "--ca-file", certificate.toString()));
  }
}

package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.perigee.control.api.TestApi;
import dev.perigee.testkit.Loopback;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The doctor names what is wrong, says what to do, and ends with 1 then. */
final class DoctorIT {
  @TempDir static Path folder;
  private static TestApi api;
  private static Path token;

  @BeforeAll
  static void start() throws IOException {
    api = new TestApi();
    token = Files.writeString(folder.resolve("operator"), TestApi.TOKEN + "\n");
  }

  @AfterAll
  static void stop() {
    api.close();
  }

  private record Said(int exitCode, String text) {}

  private static Said run(String... words) {
    List<String> args = new ArrayList<>(List.of("doctor"));
    args.addAll(List.of(words));
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    int code = PerigeeCli.whole().setOut(out).setErr(out).execute(args.toArray(String[]::new));
    out.flush();
    return new Said(code, text.toString());
  }

  private static Said network(String url, Path with) {
    return run("--api", url, "--token-file", with.toString());
  }

  private static void assertSays(String sentence, Said said) {
    assertTrue(said.text().contains(sentence), said.text());
  }

  @Test
  void aNetworkThatIsWellEndsWith0() {
    Said said = network(api.url().toString(), token);
    assertEquals(0, said.exitCode(), said.text());
    for (String line :
        List.of(
            "OK    control plane: answers at http://127.0.0.1:",
            "OK    clock: as the control plane's",
            "OK    certificate of the API: none, on loopback",
            "OK    token: ",
            "OK    GeoIP: 12 days old",
            "OK    versions: development: client, control planes 1, nodes ",
            "OK    zone cdn.example: a name for trials")) {
      assertSays(line, said);
    }
  }

  @Test
  void aTokenThatIsNotKnownEndsWith1AndSaysWhereItCameFrom() throws IOException {
    Path wrong = Files.writeString(folder.resolve("wrong"), "not-the-token");
    Said said = network(api.url().toString(), wrong);
    assertEquals(1, said.exitCode(), said.text());
    assertSays("FAIL  token: refused with status 401", said);
    assertSays("the token came from --token-file " + wrong, said);
  }

  @Test
  void aControlPlaneThatIsNotThereEndsWith1AndSaysWhatToDo() {
    Said said = network("http://127.0.0.1:" + Loopback.freePort("127.0.0.1"), token);
    assertEquals(1, said.exitCode(), said.text());
    assertSays("FAIL  control plane: no answer", said);
    assertSays("is it up", said);
  }

  @Test
  void aNodeThatNeverStartedIsNamed() {
    String[] where = {"--api", api.url().toString(), "--token-file", token.toString()};
    List<String> add =
        new ArrayList<>(List.of("node", "add", "late-1", "--region", "eu", "--at", "50,8"));
    add.addAll(List.of("--address", "127.0.0.1"));
    add.addAll(List.of(where));
    assertEquals(0, PerigeeCli.run(add.toArray(String[]::new)));
    Said said = network(api.url().toString(), token);
    assertSays("WARN  node late-1: never started", said);
    assertSays("perigee node join-token late-1", said);
  }

  @Test
  void aMachinesFoldersAndPortsAreLookedAt() throws IOException {
    Path state = Files.createDirectory(folder.resolve("state"));
    Path secret = Files.writeString(state.resolve("token"), "x");
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-r--r--"));
    try (ServerSocket held = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      String port = "127.0.0.1:" + held.getLocalPort();
      Said said = run("--machine", "--state-dir", state.toString(), "--listen", port);
      assertEquals(1, said.exitCode(), said.text());
      assertSays("FAIL  " + secret + ": can be read or changed by others", said);
      assertSays("chmod 600 " + secret, said);
      assertSays("WARN  port " + port + ": cannot be had", said);
      assertSays("OK    Java: 25", said);
    }
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
    assertSays("its owner's alone", run("--machine", "--state-dir", state.toString()));
  }

  @Test
  void theOptionsFileOfAProcessAndItsStateFolderAreLookedAt() throws IOException {
    Path state = Files.createDirectory(folder.resolve("own"));
    Path file =
        Files.writeString(
            folder.resolve("edge.conf"), "name=fra-1\nstate-dir=" + state + "\ncash-size=1g\n");
    Said said = run("--machine", "--config", file.toString());
    assertEquals(1, said.exitCode(), said.text());
    assertSays("FAIL  " + file + ": unknown to a node: cash-size", said);
    assertSays("room in " + state, said);
  }

  @Test
  void aServerThatIsNoneIsAnErrorOfUsage() {
    assertEquals(2, run("--machine", "--parent", "a:b:c").exitCode());
    assertEquals(2, run("--machine", "--dns-port", "0").exitCode());
  }

  @Test
  void programsGetJson() {
    Said said = run("--machine", "--json");
    assertSays("\"level\" : \"OK\"", said);
    assertSays("\"what\" : \"Java\"", said);
  }
}

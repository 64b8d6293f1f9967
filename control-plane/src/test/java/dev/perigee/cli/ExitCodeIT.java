package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.perigee.control.api.TestApi;
import dev.perigee.testkit.Loopback;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A script can tell from the exit code what became of a command, over a real API. */
final class ExitCodeIT {
  @TempDir static Path folder;
  private static TestApi api;
  private static Path token;

  @BeforeAll
  static void start() throws Exception {
    api = new TestApi();
    token = Files.writeString(folder.resolve("token"), TestApi.TOKEN + "\n");
    assertEquals(0, run("site add held.example --origin https://origin.example"));
  }

  @AfterAll
  static void stop() {
    api.close();
  }

  private static int run(String line) {
    return run(api.url().toString(), token, line);
  }

  private static int run(String url, Path tokenFile, String line) {
    String whole = line.replace("TOKEN", token.toString());
    List<String> args = new ArrayList<>(List.of(whole.split(" ", -1)));
    args.addAll(List.of("--api", url, "--token-file", tokenFile.toString()));
    return PerigeeCli.run(args.toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "site list",
        "site show held.example",
        "site list --json",
        "site hiding held.example",
        "site hiding held.example --usual --note why",
        "site history held.example",
        "site diff held.example --from 1 --to 1",
        "site rollback held.example --to 1 --note back",
        "site pages held.example",
        "steer zones show",
        "steer explain --subnet 8.8.8.0/24",
        "steer simulate --clients world --fail eu",
        "site steering held.example",
        "site steering held.example --country DE,AT --continent none --ttl 60 --note why",
        "site limits held.example",
        "site limits held.example --none --note why",
        "site compression held.example",
        "site compression held.example --enabled false --coding gzip,br --type text/* --least 500",
        "site compression held.example --usual --note why",
        "site acme held.example",
        "site acme held.example dns-01 --note why",
        "site acme held.example --retry",
        "site client-certificates held.example",
        "site client-certificates held.example off --note why",
        "node list",
        "rollout list",
        "cert list",
        "dns challenge list",
        "dns challenge set _acme-challenge.shop.cdn.example one two --ttl 30",
        "status",
        "org add acme --name Acme",
        "org list",
        "token add ann --role owner --org first",
        "token add ci --role purge-only --site held.example --expires 30d",
        "token list",
        "token self",
        "host prove new.example",
        "host list",
        "audit --org first --limit 1",
        "host vouch vouched.example --org first",
        "host release vouched.example",
        "site list --org first",
        "steer explain --client 8.8.8.8",
        "purge --site held.example --tag spring",
        "purge --site held.example --url http://held.example/a --wait"
      })
  void whatIsDoneEndsWith0(String line) {
    assertEquals(0, run(line));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "site show nobody",
        "site remove nobody",
        "site hiding held.example --usual --canary nobody",
        "rollout show nothing",
        "rollout promote nothing",
        "site client-certificates held.example required",
        "site client-certificates held.example --authorities TOKEN",
        "site history nobody",
        "site diff held.example --to 999",
        "site rollback held.example --to 999",
        "site rollback held.example --to 1 --if-revision 999",
        "site add held.example --origin https://origin.example",
        "site add a.example --origin http://10.0.0.1",
        "node drain nobody",
        "node join-token nobody",
        "cert remove nobody",
        "dns challenge set _acme-challenge.shop.example one",
        "dns challenge remove nobody",
        "org add Acme",
        "org remove first",
        "token add ann --role chief",
        "token add ann --role owner --org nobody",
        "token revoke nobody",
        "host prove 10.0.0.1",
        "host check nobody.example",
        "host release nobody.example",
        "host release held.example",
        "purge --site nobody --everything",
        "purge show nothing",
        "warm --site nobody --urls TOKEN",
        "warm --site held.example --urls TOKEN",
        "steer explain --client nobody"
      })
  void whatIsRefusedEndsWith1(String line) {
    assertEquals(1, run(line));
  }

  @Test
  void aPageIsUploadedAndTakenAway() throws Exception {
    Path page = Files.writeString(folder.resolve("down.html"), "<p>sorry");
    assertEquals(0, run("site pages held.example --set 503=" + page));
    assertEquals(0, run("site pages held.example --remove 503"));
    assertEquals(2, run("site pages held.example --remove 503"));
    assertEquals(2, run("site pages held.example --set 503=" + folder.resolve("none.html")));
  }

  @Test
  void aTokenThatIsWrongOrMissingEndsWith1() throws Exception {
    Path wrong = Files.writeString(folder.resolve("wrong"), "not-the-token");
    assertEquals(1, run(api.url().toString(), wrong, "site list"));
    assertEquals(1, run(api.url().toString(), folder.resolve("missing"), "site list"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "site",
        "sites",
        "site list --colour",
        "site rollback held.example",
        "site hiding held.example --usual --hold 5m",
        "site hiding held.example --usual --canary 10% --hold soon",
        "site add a.example",
        "token add ann",
        "token add ann --role owner --expires soon",
        "node add n1 --region eu --at north --address 127.0.0.1",
        "purge --site held.example --everything --timeout soon",
        "cert add --cert /nowhere --key /nowhere",
        "warm --site held.example",
        "warm --site held.example --urls /nowhere"
      })
  void whatIsMisspelledEndsWith2(String line) {
    assertEquals(2, run(line));
  }

  @Test
  void anApiThatIsNoUrlEndsWith2() {
    assertEquals(2, run("ftp://127.0.0.1", token, "site list"));
  }

  @Test
  void aControlPlaneThatDoesNotAnswerEndsWith3() {
    String url = "http://127.0.0.1:" + Loopback.freePort("127.0.0.1");
    assertEquals(3, run(url, token, "site list"));
  }

  @Test
  void aPurgeThatIsNotAppliedInTimeEndsWith3() {
    assertEquals(0, run("node add late-1 --region eu --at 50,8 --address 127.0.0.1"));
    assertEquals(3, run("purge --site held.example --everything --wait --timeout 1s"));
    assertEquals(0, run("node remove late-1"));
  }
}

package dev.perigee.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.perigee.testkit.Full;
import dev.perigee.testkit.Installed;
import dev.perigee.testkit.Loopback;
import dev.perigee.testkit.RunningProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * People sign in at the console by way of a real OpenID provider, in a real browser. Needs Node,
 * {@code npm install} in the provider's folder, and Chromium, as {@code .ci/run} installs them.
 */
@Full("signing in at the console by way of an OpenID provider, in a browser")
class SignInE2E {
  private static final Path PROVIDER = Path.of("openid-provider").toAbsolutePath();
  private static final String SECRET = "a-secret-of-the-test-that-is-long-enough";
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Pattern ID = Pattern.compile("added ([0-9a-f-]{36})");
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  @TempDir static Path folder;
  private static Network network;
  private static RunningProcess provider;
  private static String console;
  private static String shop;
  private static String issuer;

  @BeforeAll
  static void start() {
    Installed.require("node");
    Installed.require(Browser.DRIVER);
    assumeTrue(
        Files.exists(PROVIDER.resolve("node_modules/oidc-provider")),
        "skipped, needs npm install in " + PROVIDER);
    network = new Network(folder);
    console = network.api();
    int port = Loopback.freePort("127.0.0.1");
    String callback = console + "/sign-in/callback";
    issuer = "http://127.0.0.1:" + port;
    List<String> command = List.of("node", "server.mjs", port + "", callback);
    provider = RunningProcess.start("provider", PROVIDER, Map.of("CLIENT_SECRET", SECRET), command);
    provider.awaitLine("provider ready", SOON);
    network.with("PERIGEE_OIDC_CLIENT_SECRET", SECRET);
    network.startControl(
        Network.CITIES,
        "--oidc-issuer=" + issuer,
        "--oidc-client-id=perigee",
        "--oidc-console=" + console,
        "--oidc-scope=email,groups",
        "--oidc-name=Test & People");
    network.cliOk("org", "add", "acme");
    network.cliOk(
        "site",
        "add",
        "www.shop.example",
        "--org",
        "acme",
        "--origin",
        "https://origin.shop.example");
    network.cliOk("sign-in", "add", "--group", "operators", "--role", "operator");
    String added =
        network
            .cliOk(
                "sign-in",
                "add",
                "--email",
                "Bea@people.example",
                "--role",
                "viewer",
                "--org",
                "acme")
            .output();
    Matcher id = ID.matcher(added);
    assertTrue(id.find(), added);
    shop = id.group(1);
    // An address that the provider has not verified says nothing.
    network.cliOk("sign-in", "add", "--email", "mallory@people.example", "--role", "operator");
  }

  @AfterAll
  static void stop() {
    if (network != null) {
      network.close();
    }
    if (provider != null) {
      provider.close();
    }
  }

  private static void inBrowser(String person, Consumer<Browser> then) {
    try (Browser browser = new Browser(folder)) {
      browser.open(console + "/");
      browser.awaitShown("#provider a");
      assertEquals("Sign in with Test & People", browser.text("#provider"));
      browser.picture("console-sign-in");
      browser.click("#provider a");
      browser.awaitShown("input[name=login]");
      browser.type("input[name=login]", person);
      browser.type("input[name=password]", "any");
      browser.click("button[type=submit]");
      browser.awaitShown("button[autofocus], button[type=submit]");
      browser.click("button[type=submit]");
      then.accept(browser);
    }
  }

  private static HttpResponse<String> get(String path, String... headers) {
    try {
      HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(console + path));
      if (headers.length > 0) {
        request.headers(headers);
      }
      return CLIENT.send(request.build(), BodyHandlers.ofString());
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static HttpResponse<String> self(String token) {
    return get("/v1/self", "Authorization", "Bearer " + token);
  }

  @Test
  void anOperatorByGroupRunsTheNetworkAndItsTokenIsRevokedWhenItSignsOut() {
    inBrowser(
        "ann",
        browser -> {
          browser.awaitShown("#s-nodes");
          browser.picture("console-operator");
          assertEquals(console + "/", browser.url());
          assertTrue(browser.isShown("#purge"));
          String token = browser.kept("token");
          assertTrue(self(token).body().contains("\"operator\""), self(token).body());
          assertTrue(self(token).body().contains("ann@people.example"), self(token).body());
          assertTrue(self(token).body().contains("expiresAt"), self(token).body());

          browser.click("#leave");
          browser.awaitShown("#enter");
          assertEquals("", browser.kept("token"));
          org.awaitility.Awaitility.await()
              .atMost(SOON)
              .until(() -> self(token).statusCode() == 401);
        });
    String audit = network.cliOk("audit").output();
    assertTrue(audit.contains("ann@people.example"), audit);
    assertTrue(audit.contains("GET /sign-in/callback"), audit);
  }

  @Test
  void aViewerOfAnOrganisationSeesItsSitesAloneUntilItsSignInIsRemoved() {
    inBrowser(
        "bea",
        browser -> {
          browser.awaitShown("#s-sites");
          browser.picture("console-viewer");
          assertTrue(browser.text("#sites").contains("www.shop.example"));
          assertTrue(browser.text("#summary").contains("viewer of acme"), browser.text("#summary"));
          assertFalse(browser.isShown("#s-nodes"));
          assertFalse(browser.isShown("#purge"));
          String token = browser.kept("token");
          assertEquals(200, self(token).statusCode());

          network.cliOk("sign-in", "remove", shop);

          assertEquals(401, self(token).statusCode());
          browser.awaitShown("#enter");
        });
  }

  @Test
  void strangersAndUnverifiedAddressesAreRefusedWithASentence() {
    for (String person : List.of("zoe", "mallory")) {
      inBrowser(
          person,
          browser -> {
            browser.awaitShown("[role=status]");
            browser.picture("console-refused");
            assertTrue(
                browser.text("[role=status]").contains("nobody said what you may do here"),
                browser.text("[role=status]"));
            assertEquals("", browser.kept("token"));
          });
      org.awaitility.Awaitility.await()
          .atMost(SOON)
          .until(() -> network.cliOk("audit").output().contains(person));
    }
  }

  @Test
  void aCallbackThatThisBrowserDidNotBeginIsRefused() {
    HttpResponse<String> begun = get("/sign-in");
    assertEquals(302, begun.statusCode());
    String cookie = begun.headers().firstValue("Set-Cookie").orElseThrow();
    assertTrue(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), cookie);
    String state = after(begun.headers().firstValue("Location").orElseThrow(), "state=");
    String other = after(get("/sign-in").headers().firstValue("Location").orElseThrow(), "state=");
    assertNotEquals(state, other);
    String kept = cookie.substring(0, cookie.indexOf(';'));
    String path = "/sign-in/callback?error=access_denied&iss=http://127.0.0.1:1/&state=";

    assertEquals(400, get(path + state).statusCode());
    assertEquals(400, get(path + other, "Cookie", kept).statusCode());
    assertEquals(400, get(path + state, "Cookie", "perigee-sign-in=AAAA").statusCode());
    // The right browser, but with what another issuer sent it (RFC 9207).
    assertEquals(502, get(path + state, "Cookie", kept).statusCode());
    String ours = path.replace("http://127.0.0.1:1/", issuer);
    assertEquals(403, get(ours + state, "Cookie", kept).statusCode());
  }

  private static String after(String text, String mark) {
    String rest = text.substring(text.indexOf(mark) + mark.length());
    int end = rest.indexOf('&');
    return end < 0 ? rest : rest.substring(0, end);
  }
}

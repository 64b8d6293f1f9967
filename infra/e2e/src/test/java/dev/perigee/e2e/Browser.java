package dev.perigee.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.perigee.testkit.Loopback;
import dev.perigee.testkit.RunningProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/** A real browser without a window: Chromium, driven as the W3C's WebDriver says. */
final class Browser implements AutoCloseable {
  static final String DRIVER = "chromedriver";

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

  private final HttpClient client = HttpClient.newHttpClient();
  private final RunningProcess driver;
  private final String base;
  private final String session;

  /** Opens one that knows nothing: no cookies, no tokens. */
  Browser(Path folder) {
    int port = Loopback.freePort("127.0.0.1");
    Map<String, String> environment = Map.of("HOME", folder.toString());
    driver = RunningProcess.start(DRIVER, folder, environment, List.of(DRIVER, "--port=" + port));
    driver.awaitLine("started successfully", SOON);
    base = "http://127.0.0.1:" + port + "/session";
    String capabilities =
        """
        {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": {"args": [
          "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
          "--no-first-run", "--disable-background-networking", "--window-size=1200,900"]}}}}
        """;
    session = call("POST", base, capabilities).path("sessionId").asText();
  }

  void open(String url) {
    call("POST", at("url"), JSON.createObjectNode().put("url", url).toString());
  }

  String url() {
    return call("GET", at("url"), "").asText();
  }

  /** What a page shows of an element; empty where it hides it. */
  String text(String css) {
    return call("GET", at("element/" + element(css) + "/text"), "").asText();
  }

  boolean isShown(String css) {
    String script =
        "const e = document.querySelector(arguments[0]); return !!e && e.offsetParent !== null";
    return run(script, css).asBoolean();
  }

  void click(String css) {
    call("POST", at("element/" + element(css) + "/click"), "{}");
  }

  void type(String css, String text) {
    String body = JSON.createObjectNode().put("text", text).toString();
    call("POST", at("element/" + element(css) + "/value"), body);
  }

  /** What the tab keeps under this name. */
  String kept(String name) {
    return run("return sessionStorage.getItem(arguments[0]) || ''", name).asText();
  }

  /** Waits until an element is shown. */
  void awaitShown(String css) {
    Awaitility.await(css).atMost(SOON).until(() -> isShown(css));
  }

  /** Keeps what is seen, for people. */
  void picture(String name) {
    byte[] png = Base64.getDecoder().decode(call("GET", at("screenshot"), "").asText());
    try {
      Files.write(Files.createDirectories(Path.of("target/pictures")).resolve(name + ".png"), png);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private JsonNode run(String script, String argument) {
    var body = JSON.createObjectNode().put("script", script);
    body.putArray("args").add(argument);
    return call("POST", at("execute/sync"), body.toString());
  }

  private String element(String css) {
    var body = JSON.createObjectNode().put("using", "css selector").put("value", css);
    return call("POST", at("element"), body.toString()).path(ELEMENT).asText();
  }

  private String at(String what) {
    return base + "/" + session + "/" + what;
  }

  private JsonNode call(String method, String url, String body) {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(url))
              .timeout(SOON)
              .header("Content-Type", "application/json")
              .method(
                  method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
              .build();
      HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
      JsonNode value = JSON.readTree(response.body()).path("value");
      if (response.statusCode() != 200) {
        throw new AssertionError(method + " " + url + " gave " + value.path("message").asText());
      }
      return value;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("stopped", e);
    }
  }

  @Override
  public void close() {
    try {
      call("DELETE", base + "/" + session, "");
    } finally {
      client.close();
      driver.terminate();
      driver.awaitExit(SOON);
      driver.close();
    }
  }
}

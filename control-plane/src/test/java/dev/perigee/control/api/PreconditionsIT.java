package dev.perigee.control.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.perigee.contract.FromEdge;
import dev.perigee.control.store.TestPem;
import dev.perigee.testkit.NothingLeaks;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A change that insists on what its caller saw is made of that, or not at all (RFC 9110, 13.1). */
@ExtendWith(NothingLeaks.class)
final class PreconditionsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final String SITE =
      "{'hosts':['shop.example'],'origins':['https://origin.example']}";
  private static final String NODE =
      "{'region':'eu','latitude':50.1,'longitude':8.7,'addresses':['127.0.0.1']}";

  /** What is named in paths. */
  private static final Map<String, String> NAMES = new HashMap<>();

  private static TestApi api;
  private static JsonNode document;

  @BeforeAll
  static void start() throws Exception {
    api = new TestApi();
    document = JSON.readTree(send("GET", "/v1/openapi.json", "").body());
    NAMES.put("site", id("/v1/sites", SITE));
    NAMES.put("revision", made("GET", "/v1/sites/shop.example", "").path("revision").asText());
    made("POST", "/v1/nodes", NODE.replace("{", "{'name':'fra-1','peerPort':8444,"));
    api.postgres.execute("UPDATE node SET serial = 'a1'");
    NAMES.put("node", "fra-1");
    NAMES.put("organisation", id("/v1/organisations", "{'id':'acme'}"));
    made("POST", "/v1/hosts", "{'host':'asked.example'}");
    NAMES.put("host", "asked.example");
    NAMES.put("signin", id("/v1/sign-ins", "{'claim':'sub','value':'a','role':'viewer'}"));
    NAMES.put("token", id("/v1/tokens", "{'name':'a','role':'viewer'}"));
    NAMES.put("name", "_a.shop-example.cdn.example");
    made("PUT", path("/v1/dns/challenges/{name}"), "{'texts':['a']}");
    NAMES.put("key", made("POST", "/v1/dns/keys", "").path("tag").asText());
    TestPem pem = TestPem.ec("shop.example");
    String upload =
        JSON.createObjectNode()
            .put("certificate", pem.certificate())
            .put("privateKey", pem.key())
            .toString();
    NAMES.put("certificate", id("/v1/certificates", upload));
    String order = "{'site':%s,'canary':'100%%'}".formatted(SITE);
    made("POST", "/v1/sites", SITE.replace("shop.", "staged."));
    String staged = order.replace("shop.", "staged.");
    NAMES.put("rollout", id("/v1/sites/staged.example/rollouts", staged));
  }

  @AfterAll
  static void stop() {
    api.close();
  }

  private static String path(String template) {
    String path = template;
    for (Map.Entry<String, String> name : NAMES.entrySet()) {
      path = path.replace("{" + name.getKey() + "}", name.getValue());
    }
    return path;
  }

  private static HttpResponse<String> send(
      String method, String path, String body, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(api.url().resolve(path))
            .header("Authorization", "Bearer " + TestApi.TOKEN)
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(body.replace('\'', '"')));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  private static JsonNode made(String method, String path, String body) throws Exception {
    HttpResponse<String> response = send(method, path, body);
    assertEquals(2, response.statusCode() / 100, path + ": " + response.body());
    return JSON.readTree(response.body());
  }

  private static String id(String path, String body) throws Exception {
    return made("POST", path, body).path("id").asText();
  }

  private static String tag(String path) throws Exception {
    HttpResponse<String> response = send("GET", path, "");
    assertEquals(200, response.statusCode(), path + ": " + response.body());
    return response.headers().firstValue("ETag").orElse("");
  }

  /** A change of the document. */
  private record Change(String method, String template) {
    /** Where what it changes is shown. */
    String shown() {
      int last = template.lastIndexOf('/');
      return path(method.equals("POST") ? template.substring(0, last) : template);
    }

    String body() {
      return switch (method + " " + template) {
        case "PUT /v1/sites/{site}" -> SITE;
        case "POST /v1/sites/{site}/rollouts" -> "{'site':%s,'canary':'100%%'}".formatted(SITE);
        case "POST /v1/sites/{site}/rollback" -> path("{'to':{revision}}");
        case "PUT /v1/nodes/{node}" -> NODE;
        case "PUT /v1/steer/zones" -> "{'items':[]}";
        case "PUT /v1/dns/challenges/{name}" -> "{'texts':['b']}";
        case "POST /v1/dns/keys/{key}/ds-gone" -> "{'ttlSeconds':60}";
        default -> "";
      };
    }
  }

  private static List<Change> changes() {
    List<Change> changes = new ArrayList<>();
    for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
      for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
        String name = method.getKey().toUpperCase(Locale.ROOT);
        if (method.getValue().path("parameters").findValuesAsText("name").contains("If-Match")) {
          changes.add(new Change(name, path.getKey()));
        }
      }
    }
    return changes;
  }

  /** What is not changed by these names nothing, or makes something new. */
  @Test
  void everyChangeOfWhatExistsCanInsistOnIt() {
    Set<String> others = new TreeSet<>();
    for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
      path.getValue().fieldNames().forEachRemaining(m -> others.add(m + " " + path.getKey()));
    }
    others.removeIf(operation -> operation.startsWith("get "));
    changes().forEach(c -> others.remove(c.method().toLowerCase(Locale.ROOT) + " " + c.template()));
    assertEquals(
        Set.of(
            "post /v1/apply",
            "post /v1/ca/begin",
            "post /v1/ca/cancel",
            "post /v1/ca/finish",
            "post /v1/ca/switch",
            "post /v1/certificates",
            "post /v1/dns/keys",
            "post /v1/dns/keys/roll",
            "post /v1/hosts",
            "post /v1/hosts/vouch",
            "post /v1/nodes",
            "post /v1/organisations",
            "post /v1/purges",
            "post /v1/sign-ins",
            "post /v1/sites",
            "post /v1/sites/{site}/acme/retry",
            "post /v1/steer/simulate",
            "post /v1/tokens",
            "post /v1/warmups"),
        others);
  }

  @Test
  void aChangeIsMadeOfWhatItsTagNamesAndOfNothingElse() throws Exception {
    for (Change change : changes()) {
      String path = path(change.template());
      String tag = tag(change.shown());
      assertTrue(tag.matches("\"[A-Za-z0-9_-]+\""), change + " " + tag);
      String before = api.everything();
      for (String wrong : List.of("\"other\"", "W/" + tag, "\"a\", \"b\"")) {
        HttpResponse<String> refused =
            send(change.method(), path, change.body(), "If-Match", wrong);
        assertEquals(412, refused.statusCode(), change + refused.body());
        assertTrue(refused.body().contains("look at it again"), refused.body());
      }
      HttpResponse<String> there = send(change.method(), path, change.body(), "If-None-Match", "*");
      assertEquals(412, there.statusCode(), change + there.body());
      assertEquals(before, api.everything(), change.toString());
      for (String right : List.of(tag, "*", "\"a\" , " + tag)) {
        HttpResponse<String> tried =
            send(change.method(), path + "?dry-run=true", change.body(), "If-Match", right);
        boolean asIfThereWereNone =
            tried.statusCode()
                == send(change.method(), path + "?dry-run=true", change.body()).statusCode();
        assertTrue(asIfThereWereNone, change + tried.body());
        assertNotEquals(412, tried.statusCode(), change + tried.body());
      }
      assertEquals(before, api.everything(), change.toString());
    }
  }

  @Test
  void whatDoesNotExistIsNotAsAnybodySawIt() throws Exception {
    HttpResponse<String> refused = send("DELETE", "/v1/nodes/nobody", "", "If-Match", "\"other\"");
    assertEquals(412, refused.statusCode());
    String path = "/v1/dns/challenges/_new.shop-example.cdn.example";
    assertEquals(412, send("PUT", path, "{'texts':['a']}", "If-Match", "*").statusCode());
    String once = "If-None-Match";
    assertEquals(200, send("PUT", path, "{'texts':['a']}", once, "*").statusCode());
    HttpResponse<String> again = send("PUT", path, "{'texts':['b']}", once, "*");
    assertEquals(412, again.statusCode());
    assertTrue(again.body().contains("there already"), again.body());
    assertEquals(204, send("DELETE", path, "").statusCode());
  }

  @Test
  void aTagIsThatOfTheAnswerToTheChangeBeforeAndChangesWithWhatIsSetAlone() throws Exception {
    String path = "/v1/nodes/fra-1";
    HttpResponse<String> set = send("PUT", path, NODE);
    String tag = set.headers().firstValue("ETag").orElse("");
    assertEquals(tag, tag(path));
    FromEdge.Hello hello = new FromEdge.Hello("fra-1", "1", 0, 0, "", Set.of(), List.of());
    String before = send("GET", path, "").body();
    api.fleet.connected(this, hello);
    assertNotEquals(before, send("GET", path, "").body());
    assertEquals(tag, tag(path));
    HttpResponse<String> drained = send("POST", path + "/drain", "", "If-Match", tag);
    assertEquals(200, drained.statusCode(), drained.body());
    assertNotEquals(tag, tag(path));
    assertEquals(412, send("POST", path + "/undrain", "", "If-Match", tag).statusCode());
    assertEquals(200, send("POST", path + "/undrain", "").statusCode());
    assertEquals(tag, tag(path), "as it was before");
  }

  @Test
  void aSitesTagIsItsRevisionAndGoesWithIt() throws Exception {
    String path = "/v1/sites/shop.example";
    String tag = tag(path);
    HttpResponse<String> set = send("PUT", path, SITE, "If-Match", tag);
    assertEquals(200, set.statusCode(), set.body());
    String revision = JSON.readTree(set.body()).path("revision").asText();
    assertEquals("\"" + revision + "\"", tag(path));
    assertEquals(412, send("PUT", path, SITE, "If-Match", tag).statusCode());
    String two = SITE.replace("}", ",'revision':1}");
    assertEquals(422, send("PUT", path, two, "If-Match", tag(path)).statusCode());
  }

  @ParameterizedTest
  @ValueSource(strings = {"other", "\"a", "\"a\",", "\"a\" \"b\"", "w/\"a\""})
  void whatIsNoTagIsRefused(String text) throws Exception {
    assertEquals(400, send("PUT", "/v1/nodes/fra-1", NODE, "If-Match", text).statusCode());
  }

  @Test
  void whatHasNoTagCannotBeInsistedOn() throws Exception {
    HttpResponse<String> refused =
        send("POST", "/v1/organisations", "{'id':'nobody'}", "If-Match", "*");
    assertEquals(412, refused.statusCode());
    assertTrue(refused.body().contains("leave If-Match out"), refused.body());
    assertFalse(send("GET", "/v1/organisations", "").body().contains("nobody"));
  }

  @Test
  void ofTwoChangesThatInsistOnTheSameOneIsMade() throws Exception {
    String path = "/v1/nodes/fra-1";
    String tag = tag(path);
    List<Integer> answers = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Connection holder = api.postgres.connect();
        Statement statement = holder.createStatement()) {
      holder.setAutoCommit(false);
      statement.execute("SELECT 1 FROM node FOR UPDATE");
      List<Future<HttpResponse<String>>> both = new ArrayList<>();
      for (String country : List.of("DE", "FR")) {
        String body = NODE.replace("}", ",'country':'%s'}".formatted(country));
        both.add(threads.submit(() -> send("PUT", path, body, "If-Match", tag)));
      }
      Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> waiting() == 2);
      holder.rollback();
      for (Future<HttpResponse<String>> one : both) {
        answers.add(one.get(20, TimeUnit.SECONDS).statusCode());
      }
    }
    answers.sort(null);
    assertEquals(List.of(200, 412), answers);
  }

  private static int waiting() throws Exception {
    try (Connection connection = api.postgres.connect();
        Statement statement = connection.createStatement();
        var row =
            statement.executeQuery(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    + " AND wait_event_type = 'Lock'")) {
      row.next();
      return row.getInt(1);
    }
  }
}

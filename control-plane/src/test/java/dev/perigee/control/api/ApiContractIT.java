package dev.perigee.control.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.perigee.contract.FromEdge;
import dev.perigee.contract.HidingPolicy;
import dev.perigee.contract.OriginSigning;
import dev.perigee.contract.Secret;
import dev.perigee.contract.SiteConfig;
import dev.perigee.control.store.TestPem;
import dev.perigee.testkit.NothingLeaks;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The API is what its OpenAPI document says, route by route, and so are its refusals. */
@ExtendWith(NothingLeaks.class)
final class ApiContractIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final String SHOP =
      "{'hosts':['shop.example'],'origins':['https://origin.example'],'regions':['eu']}";
  private static final String FRA =
      "{'name':'fra-1','region':'eu','latitude':50.1,'longitude':8.7,'addresses':['127.0.0.1']}";

  private static TestApi api;
  private static JsonNode document;

  @BeforeAll
  static void start() throws Exception {
    api = new TestApi();
    document = json(send("GET", "/v1/openapi.json", Optional.empty(), Map.of()));
    // What the refusals collide with.
    send(
        "POST",
        "/v1/sites",
        Optional.of(
            q("{'id':'held','hosts':['held.example']," + "'origins':['https://origin.example']}")),
        authorised());
    send("POST", "/v1/nodes", Optional.of(q(FRA.replace("fra-1", "held-1"))), authorised());
    String purge = q("{'site':'held','tag':'first'}");
    send(
        "POST",
        "/v1/purges",
        Optional.of(purge),
        Map.of("Authorization", "Bearer " + TestApi.TOKEN, "Idempotency-Key", "held"));
  }

  @AfterAll
  static void stop() {
    api.close();
  }

  /** JSON is easier to read with single quotes in Java. */
  private static String q(String text) {
    return text.replace('\'', '"');
  }

  private static Map<String, String> authorised() {
    return Map.of("Authorization", "Bearer " + TestApi.TOKEN);
  }

  private static HttpResponse<String> send(
      String method, String path, Optional<String> body, Map<String, String> headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(api.url().resolve(path));
    request.method(method, body.map(BodyPublishers::ofString).orElse(BodyPublishers.noBody()));
    if (body.isPresent() && !headers.containsKey("Content-Type")) {
      request.header("Content-Type", "application/json");
    }
    headers.forEach(request::header);
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  private static JsonNode json(HttpResponse<String> response) throws IOException {
    return JSON.readTree(response.body());
  }

  private static String type(HttpResponse<String> response) {
    return response.headers().firstValue("Content-Type").orElse("");
  }

  /** Calls a documented operation and holds the answer to the document. */
  private static JsonNode call(Set<String> seen, String method, String template, String... rest)
      throws Exception {
    String path = rest.length > 0 ? rest[0] : template;
    Optional<String> body = rest.length > 1 ? Optional.of(q(rest[1])) : Optional.empty();
    seen.add(method + " " + template);
    if (!method.equals("GET") && !template.equals(Routes.SIMULATION)) {
      tried(method, template, path, body);
    }
    HttpResponse<String> response = send(method, path, body, authorised());
    String what = method + " " + path + ": " + response.statusCode() + " " + response.body();
    assertEquals(2, response.statusCode() / 100, what);
    return held(method, template, response, what);
  }

  /** First as a dry run: it answers as the document says, and nothing at all changes. */
  private static void tried(String method, String template, String path, Optional<String> body)
      throws Exception {
    String before = api.everything();
    String dry = path + (path.contains("?") ? "&" : "?") + "dry-run=true";
    HttpResponse<String> response = send(method, dry, body, authorised());
    String what = method + " " + dry + ": " + response.statusCode() + " " + response.body();
    assertTrue(response.statusCode() == 200 || response.statusCode() == 204, what);
    assertEquals("true", response.headers().firstValue("Perigee-Dry-Run").orElse(""), what);
    held(method, template, response, what);
    assertEquals(before, api.everything(), what);
  }

  private static JsonNode held(
      String method, String template, HttpResponse<String> response, String what) throws Exception {
    JsonNode content =
        document
            .path("paths")
            .path(template)
            .path(method.toLowerCase(Locale.ROOT))
            .path("responses")
            .path("2XX")
            .path("content");
    if (content.isMissingNode()) {
      assertEquals("", response.body(), what);
      return JSON.createObjectNode();
    }
    assertEquals("application/json", type(response), what);
    JsonNode schema = content.path("application/json").path("schema");
    JsonNode answer = json(response);
    assertEquals(List.of(), SchemaCheck.complaints(document, schema, answer), what);
    return answer;
  }

  private static Set<String> operations() {
    Set<String> operations = new TreeSet<>();
    for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
      path.getValue()
          .fieldNames()
          .forEachRemaining(m -> operations.add(m.toUpperCase(Locale.ROOT) + " " + path.getKey()));
    }
    return operations;
  }

  @Test
  void everyRouteIsInTheDocumentAndAnswersAsItSays() throws Exception {
    Set<String> seen = new TreeSet<>();
    String site = call(seen, "POST", "/v1/sites", "/v1/sites", SHOP).path("id").asText();
    assertEquals("shop-example", site);
    call(seen, "GET", "/v1/sites");
    call(
        seen,
        "POST",
        "/v1/steer/simulate",
        "/v1/steer/simulate",
        "{'clients':['192.0.2.1'],'fail':['eu']}");
    call(seen, "GET", "/v1/steer/zones");
    call(seen, "PUT", "/v1/steer/zones", "/v1/steer/zones", "{'items':[]}");
    call(seen, "GET", "/v1/sites/{site}", "/v1/sites/shop.example");
    JsonNode put = call(seen, "PUT", "/v1/sites/{site}", "/v1/sites/" + site + "?note=a", SHOP);
    String history = "/v1/sites/{site}/history";
    JsonNode revisions = call(seen, "GET", history, "/v1/sites/shop.example/history");
    assertEquals(2, revisions.path("items").size());
    String first = revisions.at("/items/1/revision").asText();
    JsonNode then =
        call(seen, "GET", history + "/{revision}", "/v1/sites/" + site + "/history/" + first);
    assertEquals("shop-example", then.at("/site/id").asText());
    call(seen, "GET", "/v1/sites/{site}/diff", "/v1/sites/" + site + "/diff");
    JsonNode back =
        call(
            seen,
            "POST",
            "/v1/sites/{site}/rollback",
            "/v1/sites/" + site + "/rollback",
            "{'to':%s,'revision':%d}".formatted(first, put.path("revision").asLong()));
    assertTrue(back.path("revision").asLong() > put.path("revision").asLong());
    String health = "/v1/sites/{site}/health";
    api.reports("held-1", site);
    JsonNode seenBy = call(seen, "GET", health, "/v1/sites/shop.example/health");
    assertEquals("held-1", seenBy.at("/nodes/0/node").asText());
    assertEquals("check-failed", seenBy.at("/nodes/0/servers/0/standing").asText());
    JsonNode node = call(seen, "POST", "/v1/nodes", "/v1/nodes", FRA);
    assertFalse(node.path("joinToken").asText().isEmpty());
    api.postgres.execute("UPDATE node SET serial = 'a1'");
    String staged = "/v1/sites/{site}/rollouts";
    String order = "{'site':%s,'canary':'50%%','holdSeconds':600}".formatted(SHOP);
    JsonNode rollout = call(seen, "POST", staged, "/v1/sites/" + site + "/rollouts", order);
    assertEquals("canary", rollout.path("state").asText());
    assertEquals(1, rollout.path("canaries").size());
    call(seen, "GET", staged, "/v1/sites/" + site + "/rollouts");
    call(seen, "GET", "/v1/rollouts");
    String one = "/v1/rollouts/" + rollout.path("id").asText();
    call(seen, "GET", "/v1/rollouts/{rollout}", one);
    JsonNode promoted = call(seen, "POST", "/v1/rollouts/{rollout}/promote", one + "/promote");
    assertEquals("promoted", promoted.path("state").asText());
    String earlier = "{'to':%s,'canary':'50%%'}".formatted(first);
    JsonNode second = call(seen, "POST", staged, "/v1/sites/" + site + "/rollouts", earlier);
    assertEquals(then.at("/site/origins"), second.at("/candidate/origins"));
    String other = "/v1/rollouts/" + second.path("id").asText() + "/halt";
    JsonNode halted = call(seen, "POST", "/v1/rollouts/{rollout}/halt", other);
    assertEquals("halted", halted.path("state").asText());
    call(seen, "GET", "/v1/nodes");
    call(seen, "GET", "/v1/nodes/{node}", "/v1/nodes/fra-1");
    call(
        seen,
        "PUT",
        "/v1/nodes/{node}",
        "/v1/nodes/fra-1",
        FRA.replace("'name':'fra-1',", "'peerPort':8444,"));
    JsonNode shield = call(seen, "POST", "/v1/nodes/{node}/shield", "/v1/nodes/fra-1/shield");
    assertTrue(shield.path("shield").asBoolean());
    assertEquals(8444, shield.path("peerPort").asInt());
    call(seen, "POST", "/v1/nodes/{node}/unshield", "/v1/nodes/fra-1/unshield");
    JsonNode drained = call(seen, "POST", "/v1/nodes/{node}/drain", "/v1/nodes/fra-1/drain");
    assertTrue(drained.path("draining").asBoolean());
    call(seen, "POST", "/v1/nodes/{node}/undrain", "/v1/nodes/fra-1/undrain");
    call(seen, "POST", "/v1/nodes/{node}/join-token", "/v1/nodes/fra-1/join-token");
    TestPem pem = TestPem.ec("shop.example");
    String upload =
        JSON.createObjectNode()
            .put("certificate", pem.certificate())
            .put("privateKey", pem.key())
            .toString();
    String certificate =
        call(seen, "POST", "/v1/certificates", "/v1/certificates", upload).path("id").asText();
    call(seen, "GET", "/v1/certificates");
    call(seen, "GET", "/v1/certificates/{certificate}", "/v1/certificates/" + certificate);
    call(seen, "DELETE", "/v1/certificates/{certificate}", "/v1/certificates/" + certificate);
    String purge =
        call(seen, "POST", "/v1/purges", "/v1/purges", "{'site':'shop-example','tag':'a'}")
            .path("id")
            .asText();
    call(seen, "GET", "/v1/purges");
    JsonNode receipt = call(seen, "GET", "/v1/purges/{purge}", "/v1/purges/" + purge + "?wait=0s");
    assertFalse(receipt.path("complete").asBoolean());
    String warm = "{'site':'shop-example','urls':['/a','https://shop.example/b']}";
    api.fleet.connected(
        new Object(), new FromEdge.Hello("fra-1", "1", 0, 0, "", Set.of(), List.of()));
    String warmUp = call(seen, "POST", "/v1/warmups", "/v1/warmups", warm).path("id").asText();
    call(seen, "GET", "/v1/warmups/{warmup}", "/v1/warmups/" + warmUp);
    call(seen, "GET", "/v1/steer/explain", "/v1/steer/explain?client=8.8.8.8&site=" + site);
    call(seen, "GET", "/v1/status");
    ContractCalls others =
        new ContractCalls(api, (method, template, rest) -> call(seen, method, template, rest));
    others.challenges();
    others.keys();
    others.ca();
    others.tenants();
    others.together();
    call(seen, "DELETE", "/v1/nodes/{node}", "/v1/nodes/fra-1");
    call(seen, "DELETE", "/v1/sites/{site}", "/v1/sites/" + site);
    assertEquals(operations(), seen);
  }

  /** A site but for its revision, which every change changes. */
  private static JsonNode same(JsonNode site) {
    return ((ObjectNode) site.deepCopy()).without("revision");
  }

  /** What was set is shown again, word for word, and what was left out has its usual value. */
  @Test
  void aCachePolicyIsShownAsItWasSet() throws Exception {
    String policy =
        "{'rules':[{'paths':['/img/*'],'statuses':['200','5xx'],'types':['image/*'],"
            + "'mode':'override','ttlSeconds':60,'staleWhileRevalidateSeconds':5,"
            + "'staleIfErrorSeconds':7}],'heuristics':false,'key':{'query':'except',"
            + "'names':['utm_*'],'sort':true,'headers':['x-ab'],'cookies':['lang'],'device':true,'country':true},"
            + "'collapseWaitMillis':1,'collapseAgeMillis':2,'storeSharePercent':3,"
            + "'storeCapPercent':4,'setCookie':'as-any'}";
    String site = "{'hosts':['policy.example'],'origins':['https://b.example']%s}";
    Set<String> seen = new TreeSet<>();
    String[] set = {"/v1/sites", site.formatted(",'cache':" + policy)};
    JsonNode added = call(seen, "POST", "/v1/sites", set);
    assertEquals(JSON.readTree(q(policy)), added.path("cache"));
    String path = "/v1/sites/policy.example";
    assertEquals(added, call(seen, "GET", "/v1/sites/{site}", path));
    JsonNode usual = call(seen, "PUT", "/v1/sites/{site}", path, site.formatted("")).path("cache");
    assertEquals(0, usual.path("rules").size());
    assertEquals("all", usual.path("key").path("query").asText());
    assertTrue(usual.path("heuristics").asBoolean());
    assertEquals(10_000, usual.path("collapseWaitMillis").asInt());
    assertEquals(100, usual.path("storeCapPercent").asInt());
    assertEquals("explicit", usual.path("setCookie").asText());
  }

  /** What was set is shown again but for the secret, which stays where it is left out. */
  @Test
  void aHidingPolicyIsShownWithoutItsSecret() throws Exception {
    String policy =
        "{'dropped':['x-pod'],'passed':['x-original-url'],'rewrite':false,'replaceErrors':true,"
            + "'pages':[{'statuses':'5xx','html':'<p>sorry'}],"
            + "'signing':{'mode':'secret','field':'X-Edge'%s}}";
    String secret = ",'secret':'correct horse battery staple'";
    Set<String> seen = new TreeSet<>();
    String[] set = {
      "/v1/sites",
      "{'hosts':['hidden.example'],'origins':['https://b.example'],'hiding':%s}"
          .formatted(policy.formatted(secret))
    };
    JsonNode added = call(seen, "POST", "/v1/sites", set);
    assertEquals(JSON.readTree(q(policy.formatted(""))), added.path("hiding"));
    String path = "/v1/sites/hidden.example";
    assertEquals(added, call(seen, "GET", "/v1/sites/{site}", path));
    assertEquals(same(added), same(call(seen, "PUT", "/v1/sites/{site}", path, added.toString())));
    OriginSigning kept =
        new OriginSigning.SharedSecret("X-Edge", new Secret("correct horse battery staple"));
    assertEquals(kept, api.sites.byHost("hidden.example").orElseThrow().hiding().signing());
    String[] usual = {path, "{'hosts':['hidden.example'],'origins':['https://b.example']}"};
    call(seen, "PUT", "/v1/sites/{site}", usual);
    assertEquals(HidingPolicy.DEFAULT, api.sites.byHost("hidden.example").orElseThrow().hiding());
  }

  /** A site goes through a shield where there is one, unless its owner wants none. */
  @Test
  void tiersAreShownAsTheyWereSet() throws Exception {
    String site = "{'hosts':['tiers.example'],'origins':['https://b.example']%s}";
    Set<String> seen = new TreeSet<>();
    String set = site.formatted(",'shield':false,'popShare':true");
    JsonNode added = call(seen, "POST", "/v1/sites", "/v1/sites", set);
    assertFalse(added.path("shield").asBoolean());
    assertTrue(added.path("popShare").asBoolean());
    String path = "/v1/sites/tiers.example";
    assertEquals(added, call(seen, "GET", "/v1/sites/{site}", path));
    JsonNode usual = call(seen, "PUT", "/v1/sites/{site}", path, site.formatted(""));
    assertTrue(usual.path("shield").asBoolean());
    assertFalse(usual.path("popShare").asBoolean());
  }

  @Test
  void steeringIsShownAsItWasSetAndComparedWithWhatItWas() throws Exception {
    String site = "{'hosts':['steered.example'],'origins':['https://b.example']%s}";
    Set<String> seen = new TreeSet<>();
    String set = "{'countries':['ch'],'continents':['EU'],'ttlSeconds':60,'nodesPerObject':3}";
    String body = site.formatted(",'steering':" + set);
    JsonNode added = call(seen, "POST", "/v1/sites", "/v1/sites", body);
    assertEquals(JSON.readTree(q(set.replace("ch", "CH"))), added.path("steering"));
    String path = "/v1/sites/steered.example";
    assertEquals(added, call(seen, "GET", "/v1/sites/{site}", path));
    JsonNode usual = call(seen, "PUT", "/v1/sites/{site}", path, site.formatted(""));
    assertEquals(30, usual.path("steering").path("ttlSeconds").asInt());
    JsonNode diff = call(seen, "GET", "/v1/sites/{site}/diff", path + "/diff");
    assertEquals(
        List.of(
            "steering.countries",
            "steering.continents",
            "steering.ttlSeconds",
            "steering.nodesPerObject"),
        diff.path("items").findValuesAsText("field"));
  }

  @Test
  void aClientSubnetIsExplainedWithItsScope() throws Exception {
    Set<String> seen = new TreeSet<>();
    String path = "/v1/steer/explain?subnet=";
    JsonNode answer = call(seen, "GET", "/v1/steer/explain", path + "198.51.0.0%2F20");
    assertEquals("198.51.0.0", answer.path("client").asText());
    assertEquals(JSON.readTree(q("{'sourcePrefix':20,'scopePrefix':24}")), answer.path("subnet"));
    JsonNode none = call(seen, "GET", "/v1/steer/explain", path + "0.0.0.0%2F0");
    assertEquals(0, none.path("subnet").path("scopePrefix").asInt());
  }

  @Test
  void zonesAreReplacedAsAWhole() throws Exception {
    Set<String> seen = new TreeSet<>();
    String zones = "{'items':[{'network':'192.0.2.0/24','targets':['eu','held-1']}]}";
    JsonNode set = call(seen, "PUT", "/v1/steer/zones", "/v1/steer/zones", zones);
    assertEquals(JSON.readTree(q(zones)), set);
    assertEquals(set, call(seen, "GET", "/v1/steer/zones"));
    JsonNode none = call(seen, "PUT", "/v1/steer/zones", "/v1/steer/zones", "{'items':[]}");
    assertTrue(none.path("items").isEmpty());
  }

  @Test
  void rateLimitsAreShownAsTheyWereSetAndCompared() throws Exception {
    String site = "{'hosts':['limited.example'],'origins':['https://b.example']%s}";
    Set<String> seen = new TreeSet<>();
    String set =
        "[{'name':'login','paths':['/login*'],'methods':['POST'],'algorithm':'token-bucket',"
            + "'requests':5,'windowSeconds':60,'burst':10,'by':'header','field':'X-Key',"
            + "'ipv6Prefix':56,'action':'log','scope':'fleet','missesOnly':true,'shown':true}]";
    String body = site.formatted(",'bandwidth':1000000,'limits':" + set);
    JsonNode added = call(seen, "POST", "/v1/sites", "/v1/sites", body);
    assertEquals(JSON.readTree(q(set)), added.path("limits"));
    assertEquals(1_000_000, added.path("bandwidth").asLong());
    String path = "/v1/sites/limited.example";
    String few = "[{'name':'login','requests':5,'windowSeconds':60}]";
    JsonNode usual =
        call(seen, "PUT", "/v1/sites/{site}", path, site.formatted(",'limits':" + few));
    JsonNode limit = usual.path("limits").get(0);
    assertEquals("address", limit.path("by").asText());
    assertEquals("block", limit.path("action").asText());
    assertEquals(5, limit.path("burst").asInt());
    assertEquals(0, usual.path("bandwidth").asLong(-1));
    JsonNode diff = call(seen, "GET", "/v1/sites/{site}/diff", path + "/diff");
    List<String> fields = diff.path("items").findValuesAsText("field");
    assertTrue(fields.contains("limits[0].scope"), fields.toString());
    assertTrue(fields.contains("limits[0].by"), fields.toString());
    assertTrue(fields.contains("bandwidth"), fields.toString());
  }

  /** Pools come back as they were set; the key never does, and stays all the same. */
  @Test
  void poolsAreShownAsTheyWereSet() throws Exception {
    TestPem pem = TestPem.ec("client.example");
    ObjectNode pools =
        (ObjectNode)
            JSON.readTree(
                q(
                    "{'pools':[{'name':'web','servers':[{'url':'https://a.example','weight':2,"
                        + "'tier':1}],'balance':{'algorithm':'hash','hashBy':'cookie','hashName':'k',"
                        + "'sticky':{'cookie':'s','maxAgeSeconds':9}},'check':{'kind':'tls',"
                        + "'path':'/up','host':'h.example','statuses':['204'],'body':'ok',"
                        + "'intervalMillis':5000,'timeoutMillis':7,'rise':8,'fall':9,"
                        + "'jitterPercent':1},'ejection':{'serverErrors':0,'gatewayFailures':1,"
                        + "'successPoints':2,'latencyPercent':300,'intervalMillis':4000,"
                        + "'minimumRequests':5,'baseMillis':6,'maxMillis':7,'maxPercent':8,"
                        + "'panicPercent':9},'slowStartMillis':0,'retries':{'attempts':0,"
                        + "'statuses':[],'bodyBytes':0,'budgetPercent':0,'budgetFloor':0},"
                        + "'timeouts':{'connectMillis':1,'responseMillis':2,'idleMillis':3,"
                        + "'totalMillis':0},'breakers':{'connections':1,'pending':2,'requests':3},"
                        + "'transport':{'serverName':'n.example','host':'o.example','minimumTls':'1.3',"
                        + "'http2':true,'proxyProtocol':2}}],'routes':[{'paths':['/a*'],"
                        + "'pool':'web'}],'default':'web'}"));
    ObjectNode transport = (ObjectNode) pools.at("/pools/0/transport");
    transport.put("clientCertificate", pem.certificate()).put("clientKey", pem.key());
    ObjectNode site = JSON.createObjectNode();
    site.putArray("hosts").add("pools.example");
    site.set("originPools", pools);
    JsonNode added = call(new TreeSet<>(), "POST", "/v1/sites", "/v1/sites", site.toString());
    assertEquals("https://a.example", added.at("/origins/0").asText());
    transport.put("clientKey", "(kept)");
    assertEquals(pools, added.path("originPools"));
    String path = "/v1/sites/pools.example";
    Set<String> seen = new TreeSet<>();
    assertEquals(same(added), same(call(seen, "PUT", "/v1/sites/{site}", path, added.toString())));
    SiteConfig stored = api.sites.byHost("pools.example").orElseThrow();
    assertTrue(stored.pools().pools().getFirst().transport().clientKey().isPresent());
    site.remove("originPools");
    site.putArray("origins").add("https://b.example");
    JsonNode simple = call(seen, "PUT", "/v1/sites/{site}", path, site.toString());
    assertFalse(simple.has("originPools"));
    site.set("originPools", pools);
    HttpResponse<String> both = send("PUT", path, Optional.of(site.toString()), authorised());
    assertEquals(422, both.statusCode());
    assertTrue(both.body().contains("leave them out beside originPools"), both.body());
    assertTrue(both.body().contains("had none that could be kept"), both.body());
  }

  @Test
  void everyOperationWithoutTheOperatorsTokenIs401() throws Exception {
    for (String operation : operations()) {
      String method = operation.substring(0, operation.indexOf(' '));
      String path = operation.substring(method.length() + 1).replaceAll("\\{[a-z]+}", "held");
      for (Map<String, String> headers :
          List.of(
              Map.<String, String>of(),
              Map.of("Authorization", "Bearer wrong"),
              Map.of("Authorization", "Basic " + TestApi.TOKEN),
              Map.of("Authorization", TestApi.TOKEN))) {
        HttpResponse<String> response = send(method, path, Optional.empty(), headers);
        assertEquals(401, response.statusCode(), operation);
        assertEquals(Optional.of("Bearer"), response.headers().firstValue("WWW-Authenticate"));
        assertProblem(response);
      }
    }
  }

  private static JsonNode assertProblem(HttpResponse<String> response) throws IOException {
    assertEquals("application/problem+json", type(response), response.body());
    JsonNode problem = json(response);
    JsonNode schema = document.at("/components/schemas/Problem");
    assertEquals(List.of(), SchemaCheck.complaints(document, schema, problem));
    assertEquals(response.statusCode(), problem.path("status").asInt());
    return problem;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "POST | /v1/sites | {} | 422 | hosts origins",
        "POST | /v1/sites | {'colour':1,'hosts':['a.example'],'origins':[]} | 422 | colour",
        "POST | /v1/sites | {'hosts':'a.example','origins':['https://b.example']} | 422 | hosts",
        "POST | /v1/sites | {'hosts':['a.example',7,'-'],'origins':[]} | 422 | hosts[1]",
        "POST | /v1/sites | {'hosts':['a.example','a b'],'origins':[]} | 422 | hosts[1]",
        "POST | /v1/sites | {'hosts':['a.example','a.example'],'origins':['https://b.example']}"
            + " | 422 | hosts[1]",
        "POST | /v1/sites | {'hosts':['a.cdn.example'],'origins':['https://b.example']}"
            + " | 422 | hosts[0]",
        "POST | /v1/sites | {'hosts':['a.example'],'origins':['https://b.example','ftp://b']}"
            + " | 422 | origins[1]",
        "POST | /v1/sites | {'hosts':['a.example'],'origins':['https://b.example',"
            + "'http://100.64.0.1','http://[64:ff9b::1]']} | 422 | origins[1] origins[2]",
        "POST | /v1/sites | {'id':'A b','hosts':['a.example'],'origins':['https://b.example']}"
            + " | 422 | id",
        "POST | /v1/sites | {'hosts':['a.example'],'origins':['https://b.example'],"
            + "'schemeInKey':'yes'} | 422 | schemeInKey",
        "POST | /v1/sites | {'hosts':['a.example'],'origins':['https://b.example'],"
            + "'regions':['E U']} | 422 | regions",
        "POST | /v1/sites | {'hosts':['new.example','held.example'],"
            + "'origins':['https://b.example']} | 409 | hosts[1]",
        "POST | /v1/sites | {'id':'held','hosts':['new.example'],"
            + "'origins':['https://b.example']} | 409 | id",
        "POST | /v1/warmups | {} | 422 | site",
        "POST | /v1/warmups | {'site':'held','urls':[]} | 422 | urls",
        "POST | /v1/warmups | {'site':'held','urls':['a','https://b.example/',"
            + "'https://held.example:81/']} | 422 | urls[0] urls[1] urls[2]",
        "POST | /v1/warmups | {'site':'held','urls':['/'],'perSecond':0,'fields':{'Cookie':'a'}}"
            + " | 422 | perSecond fields.Cookie",
        "PUT | /v1/sites/held | {'hosts':['held.example'],'origins':['https://b.example'],"
            + "'cache':{'rules':[{'colour':1,'mode':'often','ttlSeconds':'x'}],'key':7,'setCookie':'yes'}}"
            + " | 422 | cache.rules[0].colour cache.rules[0].mode cache.rules[0].ttlSeconds"
            + " cache.key cache.setCookie",
        "PUT | /v1/sites/held | {'hosts':['held.example'],'origins':['https://b.example'],"
            + "'cache':{'rules':[{'paths':['img'],'statuses':['1xx'],'types':['png'],"
            + "'ttlSeconds':-1},{'mode':'override'},{'mode':'bypass','ttlSeconds':1}],"
            + "'key':{'query':'only','headers':['Cookie'],'cookies':['a b']},"
            + "'collapseWaitMillis':0,'storeSharePercent':60,'storeCapPercent':50}} | 422 |"
            + " cache.rules[0].paths[0] cache.rules[0].statuses[0] cache.rules[0].types[0]"
            + " cache.rules[0].ttlSeconds cache.rules[1].ttlSeconds cache.rules[2].ttlSeconds"
            + " cache.key.names cache.key.cookies[0] cache.key.headers cache.collapseWaitMillis"
            + " cache.storeSharePercent",
        "PUT | /v1/dns/challenges/a.example | {'texts':['x']} | 422 | name",
        "PUT | /v1/dns/challenges/a.cdn.example | {'texts':[],'ttlSeconds':0} | 422 |"
            + " texts ttlSeconds",
        "PUT | /v1/dns/challenges/a.cdn.example | {'texts':['']} | 422 | texts[0]",
        "PUT | /v1/dns/challenges/a.cdn.example | {'name':'b.cdn.example','texts':['x']} | 422 |"
            + " name",
        "PUT | /v1/sites/held | {'hosts':['held.example'],'origins':['https://b.example'],"
            + "'hiding':{'colour':1,'pages':[{'html':7}],'signing':{'mode':'magic'}}} | 422 |"
            + " hiding.colour hiding.pages[0].statuses hiding.pages[0].html hiding.signing.mode",
        "PUT | /v1/sites/held | {'hosts':['held.example'],'origins':['https://b.example'],"
            + "'steering':{'countries':['D'],'continents':['ZZ'],'ttlSeconds':1,"
            + "'nodesPerObject':0}} | 422 | steering.countries[0] steering.continents[0]"
            + " steering.ttlSeconds steering.nodesPerObject",
        "PUT | /v1/sites/held | {'hosts':['held.example'],'origins':['https://b.example'],"
            + "'limits':[{'name':'A','requests':0,'windowSeconds':90000,'by':'header',"
            + "'ipv6Prefix':65,'paths':['x'],'methods':['get'],'scope':'fleet',"
            + "'algorithm':'sliding-window'}]} | 422 | limits[0].name limits[0].requests"
            + " limits[0].windowSeconds limits[0].field limits[0].ipv6Prefix limits[0].paths[0]"
            + " limits[0].methods[0] limits[0].algorithm",
        "PUT | /v1/sites/held | {'hosts':['held.example'],'origins':['https://b.example'],"
            + "'bandwidth':65535} | 422 | bandwidth",
        "PUT | /v1/sites/held | {'hosts':['held.example'],'origins':['https://b.example'],"
            + "'bandwidth':'1m'} | 422 | bandwidth",
        "PUT | /v1/sites/held | {'hosts':['held.example'],'origins':['https://b.example'],"
            + "'limits':[{'action':'drop','by':'moon','scope':'all','algorithm':'x'}]} | 422 |"
            + " limits[0].name limits[0].requests limits[0].windowSeconds limits[0].action"
            + " limits[0].by limits[0].scope limits[0].algorithm",
        "PUT | /v1/sites/held | {'hosts':['held.example'],'origins':['https://b.example'],"
            + "'hiding':{'passed':['host'],'signing':{'mode':'aws-v4','region':'R',"
            + "'accessKeyId':'','secretAccessKey':'x'}}} | 422 | hiding.passed[0]"
            + " hiding.signing.region hiding.signing.accessKeyId hiding.signing.secretAccessKey",
        "PUT | /v1/sites/held | {'hosts':['held.example'],'originPools':{'pools':[{'name':'P',"
            + "'servers':[{'url':'x'}],'balance':{'algorithm':'a','hashBy':'b'},"
            + "'check':{'kind':'icmp'},'transport':{'minimumTls':'1','caCertificates':'x',"
            + "'clientKey':'y'}}],'routes':[{'paths':['/']}]}} | 422 |"
            + " originPools.pools[0].servers[0].url originPools.pools[0].balance.algorithm"
            + " originPools.pools[0].balance.hashBy originPools.pools[0].check.kind"
            + " originPools.pools[0].transport.minimumTls"
            + " originPools.pools[0].transport.caCertificates"
            + " originPools.pools[0].transport.clientKey originPools.routes[0].pool",
        "PUT | /v1/sites/held | {'hosts':['held.example'],'originPools':{'pools':[{'name':'p',"
            + "'servers':[{'url':'http://10.0.0.1','weight':0}],'breakers':{'pending':0}}]}}"
            + " | 422 | originPools.pools[0].servers[0].weight"
            + " originPools.pools[0].breakers.pending originPools.pools[0].servers[0].url",
        "PUT | /v1/sites/held | {'id':'other','hosts':['held.example'],"
            + "'origins':['https://b.example']} | 422 | id",
        "PUT | /v1/sites/held?note=%0A | {'hosts':['held.example'],"
            + "'origins':['https://b.example'],'revision':'x'} | 422 | note revision",
        "PUT | /v1/sites/held | {'hosts':['held.example'],'origins':['https://b.example'],"
            + "'revision':0} | 412 | ",
        "POST | /v1/sites/held/rollouts | {'canary':'nobody','holdSeconds':-1,'errorPoints':101,"
            + "'minimumRequests':0} | 422 | site canary holdSeconds errorPoints minimumRequests",
        "POST | /v1/sites/held/rollouts | {'site':{'hosts':['held.example'],"
            + "'origins':['https://b.example']},'canary':'0%'} | 422 | canary",
        "POST | /v1/sites/held/rollouts | {'to':999,'canary':'50%'} | 422 | to",
        "POST | /v1/sites/held/rollouts | {'to':1,'site':{},'canary':'0%'} | 422 | site canary",
        "POST | /v1/rollouts/nothing/promote | | 404 | ",
        "DELETE | /v1/dns/challenges/a.cdn.example | | 404 | ",
        "POST | /v1/dns/keys/roll | | 409 | key",
        "POST | /v1/ca/switch | {} | 409 | ca",
        "POST | /v1/ca/switch | {'force':1} | 422 | force",
        "POST | /v1/ca/finish | {} | 409 | ca",
        "POST | /v1/ca/cancel | | 409 | ca",
        "POST | /v1/dns/keys/1/ds-gone | {'ttlSeconds':-1} | 422 | ttlSeconds",
        "POST | /v1/dns/keys/1/ds-gone | {} | 404 | ",
        "DELETE | /v1/dns/keys/x | | 404 | ",
        "POST | /v1/sites/held/rollback | {'revision':'x'} | 422 | to revision",
        "POST | /v1/sites/held/rollback | {'to':999} | 404 | ",
        "POST | /v1/sites/nobody/rollback | {'to':1} | 404 | ",
        "GET | /v1/sites/nobody/history | | 404 | ",
        "GET | /v1/sites/held/history/x | | 404 | ",
        "GET | /v1/sites/held/diff?to=x | | 404 | ",
        "GET | /v1/steer/explain | | 422 | client",
        "GET | /v1/steer/explain?client=8.8.8.8&subnet=8.8.8.0/24 | | 422 | client",
        "GET | /v1/steer/explain?subnet=8.8.8.8/24 | | 422 | subnet",
        "POST | /v1/steer/simulate | {'clients':['x'],'site':'mars','fail':['moon']} | 422 |"
            + " clients[0] site fail",
        "PUT | /v1/steer/zones | {} | 422 | items",
        "PUT | /v1/steer/zones | {'items':[{'network':'192.0.2.1/24','targets':['eu']},"
            + "{'network':'a','targets':[7]}]} | 422 | items[0].network items[1].network"
            + " items[1].targets[0]",
        "PUT | /v1/steer/zones | {'items':[{'network':'192.0.2.0/24','targets':['mars']},"
            + "{'network':'192.0.2.0/24','targets':[]}]} | 422 | items[0].targets items[1].network"
            + " items[1].targets",
        "POST | /v1/nodes | {'name':'c-1','region':'eu','latitude':1,'longitude':1,"
            + "'addresses':['127.0.0.1'],'country':'de'} | 422 | country",
        "POST | /v1/nodes | {} | 422 | name region latitude longitude",
        "POST | /v1/nodes | {'name':'N 1','region':'','latitude':91,'longitude':181,"
            + "'addresses':[],'httpPort':0,'httpsPort':65536}"
            + " | 422 | name region latitude longitude addresses httpPort httpsPort",
        "POST | /v1/nodes | {'name':'n1','region':'eu','latitude':'north','longitude':0,"
            + "'addresses':['127.0.0.1'],'httpPort':1.5} | 422 | latitude httpPort",
        "POST | /v1/nodes | {'name':'n1','region':'eu','latitude':0,'longitude':0,"
            + "'addresses':['x','127.0.0.1','y']} | 422 | addresses[0] addresses[2]",
        "POST | /v1/nodes | {'name':'held-1','region':'eu','latitude':0,'longitude':0,"
            + "'addresses':['127.0.0.1']} | 409 | name",
        "POST | /v1/certificates | {} | 422 | certificate privateKey",
        "POST | /v1/certificates | {'certificate':'x','privateKey':'y'} | 422 | certificate",
        "POST | /v1/purges | {'site':'nobody','tag':'a'} | 422 | site",
        "POST | /v1/purges | {'tag':'a'} | 422 | site",
        "POST | /v1/purges | {'site':'held'} | 422 | scope",
        "POST | /v1/purges | {'site':'held','tag':'a','url':'http://held.example/'} | 422 | scope",
        "POST | /v1/purges | {'site':'held','url':'held.example/a'} | 422 | url",
        "POST | /v1/purges | {'site':'held','url':'http://other.example/a'} | 422 | url",
        "POST | /v1/purges | {'site':'held','prefix':'a'} | 422 | prefix",
        "POST | /v1/purges | {'site':'held','host':'other.example'} | 422 | host",
        "POST | /v1/purges | {'site':'held','tag':'a b'} | 422 | tag",
        "POST | /v1/purges | {'site':'held','tag':'a','soft':'no'} | 422 | soft",
        "GET | /v1/purges/00000000-0000-0000-0000-000000000000 | | 404 | ",
        "GET | /v1/steer/explain | | 422 | client",
        "GET | /v1/steer/explain?client=localhost | | 422 | client",
        "GET | /v1/steer/explain?client=8.8.8.8&site=nobody | | 422 | site",
        "GET | /v1/sites/nobody | | 404 | ",
        "DELETE | /v1/sites/nobody | | 404 | ",
        "GET | /v1/nodes/nobody | | 404 | ",
        "POST | /v1/nodes/nobody/drain | | 404 | ",
        "POST | /v1/nodes/nobody/shield | | 404 | ",
        "POST | /v1/nodes/nobody/join-token | | 404 | ",
        "DELETE | /v1/nodes/nobody | | 404 | ",
        "DELETE | /v1/certificates/nobody | | 404 | ",
        "DELETE | /v1/status | | 405 | ",
        "GET | /v1/nothing | | 404 | ",
        "POST | /v1/sites | [] | 400 | ",
        "POST | /v1/sites | {'hosts':[] | 400 | ",
        "POST | /v1/sites | {'hosts':[],'hosts':[]} | 400 | "
      })
  void aRefusalIsAProblemThatNamesTheFields(
      String method, String path, String body, int status, String fields) throws Exception {
    HttpResponse<String> response =
        send(method, path, Optional.ofNullable(body).map(ApiContractIT::q), authorised());
    assertEquals(status, response.statusCode(), response.body());
    Set<String> named = new TreeSet<>();
    for (JsonNode error : assertProblem(response).path("errors")) {
      named.add(error.path("field").asText());
    }
    Set<String> wanted = fields == null ? Set.of() : new TreeSet<>(List.of(fields.split(" ", -1)));
    assertEquals(wanted, named, response.body());
  }

  @Test
  void aKeyThatStandsForAnotherPurgeIs409AndTheSamePurgeIsTheFirstOne() throws Exception {
    Map<String, String> headers =
        Map.of("Authorization", "Bearer " + TestApi.TOKEN, "Idempotency-Key", "held");
    HttpResponse<String> other =
        send("POST", "/v1/purges", Optional.of(q("{'site':'held','tag':'second'}")), headers);
    assertEquals(409, other.statusCode());
    assertEquals("Idempotency-Key", assertProblem(other).at("/errors/0/field").asText());
    String same = q("{'site':'held.example','tag':'first'}");
    HttpResponse<String> again = send("POST", "/v1/purges", Optional.of(same), headers);
    assertEquals(202, again.statusCode());
    assertEquals(1, json(again).path("number").asLong());
  }

  @Test
  void anOwnerWhoPurgesFasterThanItMayIs429AndToldWhenToComeAgain() throws Exception {
    Optional<String> purge = Optional.of(q("{'site':'hasty','tag':'a'}"));
    String hasty = q("{'id':'hasty','hosts':['hasty.example'],'origins':['https://b.example']}");
    send("POST", "/v1/sites", Optional.of(hasty), authorised());
    api.postgres.execute(
        "INSERT INTO purge_budget VALUES ('hasty', -150, now() + interval '1 hour')");
    HttpResponse<String> refused = send("POST", "/v1/purges", purge, authorised());
    assertEquals(429, refused.statusCode(), refused.body());
    assertEquals(Optional.of("2"), refused.headers().firstValue("Retry-After"));
    assertProblem(refused);
    api.postgres.execute("UPDATE purge_budget SET tokens = 1");
    assertEquals(202, send("POST", "/v1/purges", purge, authorised()).statusCode());
  }

  @Test
  void theDocumentNamesTheHeaderThatMakesAPurgeSafeToRepeat() {
    JsonNode parameters = document.at("/paths/~1v1~1purges/post/parameters");
    assertEquals("Idempotency-Key", parameters.at("/0/name").asText());
    assertEquals("header", parameters.at("/0/in").asText());
    assertFalse(parameters.at("/0/required").asBoolean(true));
  }

  @Test
  void aPurgesWaitIsSeconds() throws Exception {
    JsonNode purges = json(send("GET", "/v1/purges", Optional.empty(), authorised()));
    String path = "/v1/purges/" + purges.at("/items/0/id").asText() + "?wait=long";
    HttpResponse<String> response = send("GET", path, Optional.empty(), authorised());
    assertEquals(422, response.statusCode());
    assertEquals("wait", assertProblem(response).at("/errors/0/field").asText());
  }

  @Test
  void whatIsNoJsonOrTooLargeIsRefused() throws Exception {
    Map<String, String> text =
        Map.of("Authorization", "Bearer " + TestApi.TOKEN, "Content-Type", "text/plain");
    HttpResponse<String> plain = send("POST", "/v1/sites", Optional.of("{}"), text);
    assertEquals(415, plain.statusCode());
    assertProblem(plain);
    HttpResponse<String> large =
        send("POST", "/v1/sites", Optional.of(" ".repeat(2 << 20)), authorised());
    assertEquals(413, large.statusCode());
    assertProblem(large);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/console.js", "/console.css", "/healthz", "/v1/openapi.json"})
  void whatNeedsNoTokenAnswersWithoutOne(String path) throws Exception {
    assertEquals(200, send("GET", path, Optional.empty(), Map.of()).statusCode());
  }

  @Test
  void aDatabaseThatDoesNotAnswerIs503() throws Exception {
    TestApi healthy = api;
    try (TestApi broken = new TestApi()) {
      broken.postgres.close();
      api = broken;
      HttpResponse<String> response = send("GET", "/v1/sites", Optional.empty(), authorised());
      assertEquals(503, response.statusCode());
      assertProblem(response);
    } finally {
      api = healthy;
    }
  }
}

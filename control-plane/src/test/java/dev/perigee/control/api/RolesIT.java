package dev.perigee.control.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.perigee.contract.FromEdge;
import dev.perigee.control.store.DnsChallenge;
import dev.perigee.control.store.TestPem;
import dev.perigee.testkit.NothingLeaks;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Every route of the document with every role, with tokens that are not good, and by an
 * organisation that has nothing to do with what it asks for.
 */
@ExtendWith(NothingLeaks.class)
final class RolesIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  /** What no resource is called. */
  private static final String MISSING = "11111111-2222-3333-4444-555555555555";

  /** Which roles may do what needs a least one: written down here again, on purpose. */
  private static final Map<String, Set<String>> MAY =
      Map.of(
          "operator", Set.of("operator"),
          "owner", Set.of("operator", "owner"),
          "editor", Set.of("operator", "owner", "editor"),
          "viewer", Set.of("operator", "owner", "editor", "viewer"),
          "purge-only", Set.of("operator", "owner", "editor", "purge-only"),
          "any", Set.of("operator", "owner", "editor", "viewer", "purge-only"));

  private static final List<String> ROLES =
      List.of("operator", "owner", "editor", "viewer", "purge-only");

  private static final Map<String, String> TOKENS = new TreeMap<>();

  /** Of what belongs to the organisation acme, by the name of the path's parameter. */
  private static final Map<String, String> OWNED = new LinkedHashMap<>();

  private static TestApi api;
  private static JsonNode document;

  @BeforeAll
  static void start() throws Exception {
    api = new TestApi();
    TOKENS.put("operator", TestApi.TOKEN);
    document = JSON.readTree(send("GET", "/v1/openapi.json", "", "").body());
    for (String organisation : List.of("acme", "other")) {
      made("POST", "/v1/organisations", "{'id':'%s'}".formatted(organisation));
    }
    acme();
    for (String role : List.of("owner", "editor", "viewer", "purge-only")) {
      TOKENS.put(role, token("{'name':'a','role':'%s','organisation':'acme'}".formatted(role)));
      TOKENS.put(
          "foreign " + role,
          token("{'name':'a','role':'%s','organisation':'other'}".formatted(role)));
    }
    for (String role : List.of("editor", "viewer", "purge-only")) {
      TOKENS.put(
          "scoped " + role,
          token(
              "{'name':'a','role':'%s','organisation':'acme','sites':['acme-side']}"
                  .formatted(role)));
    }
    TOKENS.put("expired", token("{'name':'old','role':'operator','lifeHours':1}"));
    api.postgres.execute("UPDATE api_token SET expires_at = now() WHERE name = 'old'");
    JsonNode revoked = made("POST", "/v1/tokens", "{'name':'gone','role':'operator'}");
    TOKENS.put("revoked", revoked.path("secret").asText());
    String path = "/v1/tokens/" + revoked.path("id").asText();
    assertEquals(204, send("DELETE", path, TestApi.TOKEN, "").statusCode());
  }

  /** What belongs to one organisation, of everything that can belong to one. */
  private static void acme() throws Exception {
    made("POST", "/v1/nodes", q(FRA));
    api.postgres.execute("UPDATE node SET serial = 'a1'");
    FromEdge.Hello hello = new FromEdge.Hello("fra-1", "1", 0, 0, "", Set.of(), List.of());
    api.fleet.connected(new Object(), hello);
    String site = "{'id':'acme-%1$s','hosts':['%1$s.example'],'organisation':'acme'%2$s}";
    String origins = ",'origins':['https://origin.example']";
    made("POST", "/v1/sites", site.formatted("shop", origins));
    made("POST", "/v1/sites", site.formatted("side", origins));
    OWNED.put("site", "acme-shop");
    OWNED.put("revision", made("GET", "/v1/sites/acme-shop", "").path("revision").asText());
    OWNED.put("node", "fra-1");
    OWNED.put("organisation", "acme");
    OWNED.put("key", "1");
    OWNED.put("name", "_acme-challenge.acme-shop.cdn.example");
    OWNED.put("token", id("/v1/tokens", "{'name':'x','role':'viewer','organisation':'acme'}"));
    made("POST", "/v1/hosts", "{'host':'pending.example','organisation':'acme'}");
    OWNED.put("host", "pending.example");
    OWNED.put("purge", id("/v1/purges", "{'site':'acme-shop','tag':'a'}"));
    OWNED.put("warmup", id("/v1/warmups", "{'site':'acme-shop','urls':['/a']}"));
    OWNED.put("rollout", id("/v1/sites/acme-shop/rollouts", ROLLOUT));
    OWNED.put(
        "signin",
        id("/v1/sign-ins", "{'claim':'group','value':'a','role':'viewer','organisation':'acme'}"));
    TestPem pem = TestPem.ec("shop.example");
    ObjectNode upload = JSON.createObjectNode().put("organisation", "acme");
    upload.put("certificate", pem.certificate()).put("privateKey", pem.key());
    OWNED.put("certificate", id("/v1/certificates", upload.toString()));
  }

  private static final String FRA =
      "{'name':'fra-1','region':'eu','latitude':50.1,'longitude':8.7,'addresses':['127.0.0.1']}";
  private static final String ROLLOUT =
      "{'site':{'hosts':['shop.example'],'origins':['https://b.example']},'canary':'100%'}";

  @AfterAll
  static void stop() {
    api.close();
  }

  /** A token by who holds it. */
  private static String of(String who) {
    return TOKENS.getOrDefault(who, "");
  }

  private static String owned(String name) {
    return OWNED.getOrDefault(name, "");
  }

  private static String q(String text) {
    return text.replace('\'', '"');
  }

  private static HttpResponse<String> send(String method, String path, String token, String body)
      throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(api.url().resolve(path));
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    request.header("Content-Type", "application/json");
    return CLIENT.send(
        request.method(method, BodyPublishers.ofString(q(body))).build(), BodyHandlers.ofString());
  }

  /** What the operator makes. */
  private static JsonNode made(String method, String path, String body) throws Exception {
    HttpResponse<String> response = send(method, path, TestApi.TOKEN, body);
    assertEquals(2, response.statusCode() / 100, path + ": " + response.body());
    return JSON.readTree(response.body());
  }

  private static String id(String path, String body) throws Exception {
    return made("POST", path, body).path("id").asText();
  }

  private static String token(String body) throws Exception {
    return made("POST", "/v1/tokens", body).path("secret").asText();
  }

  /** An operation of the document. */
  private record Operation(String method, String template, JsonNode declared) {
    String role() {
      return declared.path("x-perigee-role").asText();
    }

    boolean admits(String role) {
      return MAY.getOrDefault(role(), Set.of()).contains(role);
    }

    boolean whole() {
      return declared.path("x-perigee-whole").asBoolean();
    }

    /** Whether something that exists is named in its path or its body. */
    boolean names() {
      return template.contains("{")
          || (changes() && Set.of("/v1/purges", "/v1/warmups", "/v1/tokens").contains(template));
    }

    boolean changes() {
      return !method.equals("GET");
    }

    /** Its path with the names of what acme has. */
    String path(Map<String, String> names) {
      String path = template;
      for (Map.Entry<String, String> name : names.entrySet()) {
        path = path.replace("{" + name.getKey() + "}", name.getValue());
      }
      return path;
    }

    @Override
    public String toString() {
      return method + " " + template;
    }
  }

  private static List<Operation> operations() {
    List<Operation> all = new ArrayList<>();
    for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
      for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
        String name = method.getKey().toUpperCase(Locale.ROOT);
        all.add(new Operation(name, path.getKey(), method.getValue()));
      }
    }
    return all;
  }

  @Test
  void everyOperationNamesTheLeastRoleThatItNeeds() {
    assertTrue(operations().size() > 40);
    for (Operation operation : operations()) {
      assertTrue(MAY.containsKey(operation.role()), operation.toString());
      assertTrue(operation.declared().has("x-perigee-whole"), operation.toString());
    }
  }

  /** A body that is no object is looked at after the role, and changes nothing. */
  @Test
  void everyRoleMayWhatTheDocumentSaysAndNothingElse() throws Exception {
    for (Operation operation : operations()) {
      for (String who : ROLES) {
        boolean may = operation.admits(who);
        String path = operation.path(Map.of()).replaceAll("[{}]", "~");
        int status = send(operation.method(), path, of(who), "[]").statusCode();
        assertEquals(!may, status == 403, operation + " as " + who + ": " + status);
        assertTrue(status != 401, operation + " as " + who);
      }
    }
  }

  @Test
  void aTokenForSomeSitesMayNotWhatConcernsAnOrganisation() throws Exception {
    for (Operation operation : operations()) {
      for (String who : List.of("editor", "viewer", "purge-only")) {
        boolean may = operation.admits(who) && !operation.whole();
        String path = operation.path(Map.of()).replaceAll("[{}]", "~");
        String token = of("scoped " + who);
        int status = send(operation.method(), path, token, "[]").statusCode();
        assertEquals(!may, status == 403, operation + " as scoped " + who + ": " + status);
      }
    }
  }

  @Test
  void whoHasNoTokenThatIsGoodIsToldTheSameWhicheverItIs() throws Exception {
    for (Operation operation : operations()) {
      Set<String> answers = new TreeSet<>();
      String path = operation.path(OWNED);
      for (String token : List.of("", "unknown", of("expired"), of("revoked"))) {
        HttpResponse<String> response = send(operation.method(), path, token, "{}");
        assertEquals(401, response.statusCode(), operation.toString());
        answers.add(response.body());
      }
      assertEquals(1, answers.size(), operation.toString());
    }
  }

  /** Status and body, but for the name that was asked for. */
  private static String seen(Operation operation, String token, Map<String, String> names)
      throws Exception {
    StringBuilder seen = new StringBuilder();
    for (String body : bodies(names)) {
      HttpResponse<String> response = send(operation.method(), operation.path(names), token, body);
      String text = response.statusCode() + " " + response.body();
      for (String name : names.values()) {
        text = name.length() > 3 ? text.replace(name, "~") : text;
      }
      seen.append(text).append('\n');
      if (!operation.changes()) {
        break;
      }
    }
    return seen.toString();
  }

  /** Bodies that name things, too: what is in them is looked up as what is in a path. */
  private static List<String> bodies(Map<String, String> names) {
    String site = names.getOrDefault("site", "");
    return List.of(
        "{}",
        "{'hosts':['new.example'],'origins':['https://c.example']}",
        "{'site':'%s','tag':'a'}".formatted(site),
        "{'site':'%s','urls':['/a']}".formatted(site),
        "{'name':'n','role':'viewer','sites':['%s']}".formatted(site),
        "{'texts':['t']}",
        "{'to':%s}".formatted(names.getOrDefault("revision", "")),
        ROLLOUT.replace("shop.example", "new.example"));
  }

  /** The same names of things that do not exist. */
  private static Map<String, String> missing() {
    Map<String, String> names = new LinkedHashMap<>();
    OWNED.keySet().forEach(name -> names.put(name, MISSING));
    names.put("revision", "999999");
    names.put("name", "_acme-challenge." + MISSING + ".cdn.example");
    return names;
  }

  @Test
  void whatBelongsToAnotherOrganisationIsAsIfItDidNotExist() throws Exception {
    for (Operation operation : operations()) {
      for (String who : List.of("owner", "editor", "viewer", "purge-only")) {
        if (operation.names() && operation.admits(who)) {
          String token = of("foreign " + who);
          String there = seen(operation, token, OWNED);
          assertEquals(seen(operation, token, missing()), there, operation + " as " + who);
        }
      }
    }
    assertUntouched();
  }

  @Test
  void whatIsOfASiteThatATokenIsNotForIsAsIfItDidNotExist() throws Exception {
    for (Operation operation : operations()) {
      for (String who : List.of("editor", "viewer", "purge-only")) {
        boolean may = operation.admits(who) && !operation.whole();
        if (operation.names() && may) {
          String token = of("scoped " + who);
          String there = seen(operation, token, OWNED);
          assertEquals(seen(operation, token, missing()), there, operation + " as " + who);
        }
      }
    }
    assertUntouched();
  }

  /** Everything is there as it was, and its own organisation reaches it. */
  private static void assertUntouched() throws Exception {
    String owner = of("owner");
    for (String path :
        List.of(
            "/v1/sites/acme-shop",
            "/v1/sites/shop.example",
            "/v1/sites/acme-shop/history/" + owned("revision"),
            "/v1/purges/" + owned("purge"),
            "/v1/warmups/" + owned("warmup"))) {
      assertEquals(200, send("GET", path, owner, "").statusCode(), path);
    }
    JsonNode rollout =
        JSON.readTree(send("GET", "/v1/rollouts/" + owned("rollout"), owner, "").body());
    assertEquals("canary", rollout.path("state").asText());
    assertEquals(1, items("/v1/certificates", owner).size());
    assertEquals(1, items("/v1/purges", owner).size());
    assertTrue(items("/v1/tokens", owner).toString().contains(owned("token")));
  }

  private static JsonNode items(String path, String token) throws Exception {
    HttpResponse<String> response = send("GET", path, token, "");
    assertEquals(200, response.statusCode(), path + ": " + response.body());
    return JSON.readTree(response.body()).path("items");
  }

  @Test
  void aNameInThePathIsNotReplacedByOneInTheQueryAndNulIsRefused() throws Exception {
    String owner = of("owner");
    JsonNode site =
        JSON.readTree(send("GET", "/v1/sites/acme-shop?site=acme-side", owner, "").body());
    assertEquals("acme-shop", site.path("id").asText());
    assertEquals(400, send("GET", "/v1/sites/a%00b", owner, "").statusCode());
    assertEquals(400, send("GET", "/v1/sites?organisation=%00", owner, "").statusCode());
    String body = "{'id':'a\\u0000'}";
    assertEquals(422, send("POST", "/v1/organisations", TestApi.TOKEN, body).statusCode());
  }

  @Test
  void anOrganisationHasSoManyNamesWithTextsAndLeavesTheOthersRoom() throws Exception {
    String path = "/v1/dns/challenges/_%d.acme-shop.cdn.example";
    String owner = of("owner");
    int most = DnsChallenge.MOST_NAMES_OF_ONE;
    for (int i = 0; i < most; i++) {
      HttpResponse<String> set = send("PUT", path.formatted(i), owner, "{'texts':['t']}");
      assertEquals(200, set.statusCode(), set.body());
    }
    HttpResponse<String> more = send("PUT", path.formatted(most), owner, "{'texts':['t']}");
    assertEquals(409, more.statusCode());
    HttpResponse<String> operators =
        send("PUT", path.formatted(most), TestApi.TOKEN, "{'texts':['t']}");
    assertEquals(200, operators.statusCode());
    for (int i = 0; i < most; i++) {
      assertEquals(204, send("DELETE", path.formatted(i), owner, "").statusCode());
    }
    assertEquals(404, send("DELETE", path.formatted(most), owner, "").statusCode());
  }

  @Test
  void aListHasWhatIsTheCallersAlone() throws Exception {
    String foreign = of("foreign owner");
    for (String path :
        List.of(
            "/v1/sites",
            "/v1/sites?organisation=acme",
            "/v1/purges",
            "/v1/rollouts",
            "/v1/certificates",
            "/v1/dns/challenges")) {
      assertEquals(0, items(path, foreign).size(), path);
    }
    for (JsonNode token : items("/v1/tokens", foreign)) {
      assertEquals("other", token.path("organisation").asText());
    }
    JsonNode scoped = items("/v1/sites", of("scoped viewer"));
    assertEquals(List.of("acme-side"), scoped.findValuesAsText("id"));
    assertEquals(0, items("/v1/purges", of("scoped viewer")).size());
    assertEquals(2, items("/v1/sites?organisation=acme", TestApi.TOKEN).size());
  }

  @Test
  void aTokenSaysWhatItIsGoodForAndNeverItsSecret() throws Exception {
    JsonNode self = JSON.readTree(send("GET", "/v1/self", of("scoped viewer"), "").body());
    assertEquals(
        JSON.readTree(
            q("{'name':'a','role':'viewer','organisation':'acme','sites':['acme-side']}")),
        self);
    String all = items("/v1/tokens", TestApi.TOKEN).toString();
    for (String secret : TOKENS.values()) {
      assertFalse(all.contains(secret));
    }
    assertTrue(all.contains("usedAt"), all);
  }

  @Test
  void anOwnerMakesTokensOfItsOwnOrganisationAndNoOperator() throws Exception {
    String owner = of("owner");
    String made = "{'name':'n','role':'%s'%s}";
    assertEquals(201, send("POST", "/v1/tokens", owner, made.formatted("owner", "")).statusCode());
    for (String body :
        List.of(
            made.formatted("operator", ""),
            made.formatted("editor", ",'organisation':'other'"),
            made.formatted("editor", ",'organisation':'nobody'"),
            made.formatted("owner", ",'sites':['acme-shop']"),
            made.formatted("editor", ",'sites':[]"),
            made.formatted("editor", ",'lifeHours':0"),
            "{'role':'editor'}",
            "{'name':'n'}")) {
      assertEquals(422, send("POST", "/v1/tokens", owner, body).statusCode(), body);
    }
  }

  @Test
  void anIdOfASiteOfAnOrganisationBeginsWithItsName() throws Exception {
    made("POST", "/v1/organisations", "{'id':'third'}");
    String editor = token("{'name':'a','role':'editor','organisation':'third'}");
    made("POST", "/v1/hosts/vouch", "{'host':'fresh.example','organisation':'third'}");
    String site = "{%s'hosts':['%s.example'],'origins':['https://c.example']}";
    String path = "/v1/sites";
    HttpResponse<String> response = send("POST", path, editor, site.formatted("", "fresh"));
    assertEquals("third-fresh-example", JSON.readTree(response.body()).path("id").asText());
    String wish = site.formatted("'id':'acme-shop',", "fresh2");
    HttpResponse<String> refused = send("POST", path, editor, wish);
    assertEquals(422, refused.statusCode());
    assertEquals(
        refused.body().replace("acme-shop", "~"),
        send("POST", path, editor, wish.replace("acme-shop", "nobody")).body());
  }

  @Test
  void anOrganisationIsRemovedWithoutItsSitesAloneAndItsTokensWithIt() throws Exception {
    String acme = "/v1/organisations/acme";
    assertEquals(409, send("DELETE", acme, TestApi.TOKEN, "").statusCode());
    assertEquals(409, send("DELETE", "/v1/organisations/first", TestApi.TOKEN, "").statusCode());
    made("POST", "/v1/organisations", "{'id':'brief'}");
    String owner = token("{'name':'a','role':'owner','organisation':'brief'}");
    assertEquals(200, send("GET", "/v1/self", owner, "").statusCode());
    assertEquals(204, send("DELETE", "/v1/organisations/brief", TestApi.TOKEN, "").statusCode());
    assertEquals(401, send("GET", "/v1/self", owner, "").statusCode());
    String again = "{'id':'brief'}";
    assertEquals(409, send("POST", "/v1/organisations", TestApi.TOKEN, again).statusCode());
  }
}

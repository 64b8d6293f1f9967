package dev.perigee.control.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every list of the document is shown in pages, and what its filters say. */
@ExtendWith(NothingLeaks.class)
final class ListsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final Pattern NEXT = Pattern.compile("<([^>]*)>; rel=\"next\"");

  private static TestApi api;

  /** The lists by path, with the names of their filters. */
  private static final Map<String, List<String>> LISTS = new TreeMap<>();

  @BeforeAll
  static void start() throws Exception {
    api = new TestApi();
    made("POST", "/v1/organisations", "{'id':'acme'}");
    for (int i = 0; i < 3; i++) {
      node("fra-" + i, i == 0 ? "eu" : "us");
      made("POST", "/v1/organisations", "{'id':'org%d'}".formatted(i));
      made("POST", "/v1/sign-ins", "{'claim':'group','value':'g%d','role':'viewer'}".formatted(i));
      made("POST", "/v1/tokens", "{'name':'t','role':'%s'}".formatted(i == 0 ? "owner" : "viewer"));
      made("POST", "/v1/hosts", "{'host':'asked%d.example','organisation':'acme'}".formatted(i));
      made("POST", "/v1/sites", site(i));
      made("POST", "/v1/purges", "{'site':'s%d','tag':'a'}".formatted(i % 2));
      made("PUT", "/v1/sites/s0", site(0));
      String name = "_%d.s0.cdn.example".formatted(i);
      made("PUT", "/v1/dns/challenges/" + name, "{'texts':['t%d']}".formatted(i));
      TestPem pem = TestPem.ec("www%d.example".formatted(i));
      String upload =
          JSON.createObjectNode()
              .put("certificate", pem.certificate())
              .put("privateKey", pem.key())
              .toString();
      made("POST", "/v1/certificates", upload);
    }
    made("POST", "/v1/hosts", "{'host':'asked0.example','organisation':'org0'}");
    made("POST", "/v1/dns/keys", "{}");
    made("POST", "/v1/dns/keys", "{}");
    rollouts();
    JsonNode document = send("GET", "/v1/openapi.json", "", 200);
    for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
      List<String> query = new ArrayList<>();
      for (JsonNode parameter : path.getValue().path("get").path("parameters")) {
        if (parameter.path("in").asText().equals("query")) {
          query.add(parameter.path("name").asText());
        }
      }
      if (query.containsAll(List.of("limit", "after"))) {
        query.removeAll(List.of("limit", "after"));
        LISTS.put(path.getKey().replace("{site}", "s0"), query);
      }
    }
  }

  private static void node(String name, String region) throws Exception {
    String place = "'latitude':50.1,'longitude':8.7,'addresses':['127.0.0.1']";
    made("POST", "/v1/nodes", "{'name':'%s','region':'%s',%s}".formatted(name, region, place));
  }

  private static String site(int number) {
    return ("{'id':'s%1$d','hosts':['www%1$d.example','a%1$d.example'],"
            + "'origins':['https://origin.example'],'regions':['%2$s','x']}")
        .formatted(number, number == 0 ? "eu" : "us");
  }

  /** Two of one site that have ended, and two under way. */
  private static void rollouts() throws Exception {
    api.postgres.execute("UPDATE node SET serial = name");
    FromEdge.Hello hello = new FromEdge.Hello("fra-0", "1", 0, 0, "", Set.of(), List.of());
    Object stream = new Object();
    api.fleet.connected(stream, hello);
    for (int i = 0; i < 3; i++) {
      String order = "{'site':%s,'canary':'100%%'}".formatted(site(0));
      String id = made("POST", "/v1/sites/s0/rollouts", order).path("id").asText();
      if (i < 2) {
        made("POST", "/v1/rollouts/" + id + "/halt", "");
      }
    }
    made("POST", "/v1/sites/s1/rollouts", "{'site':%s,'canary':'100%%'}".formatted(site(1)));
    // As it would be some time after it, in the middle of a list.
    api.fleet.lost(stream, "fra-0");
  }

  @AfterAll
  static void stop() {
    api.close();
  }

  private static HttpResponse<String> sent(String method, String path, String body)
      throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(api.url().resolve(path))
            .header("Authorization", "Bearer " + TestApi.TOKEN)
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(body.replace('\'', '"')))
            .build();
    return CLIENT.send(request, BodyHandlers.ofString());
  }

  private static JsonNode send(String method, String path, String body, int status)
      throws Exception {
    HttpResponse<String> response = sent(method, path, body);
    assertEquals(status, response.statusCode(), path + ": " + response.body());
    return JSON.readTree(response.body());
  }

  private static JsonNode made(String method, String path, String body) throws Exception {
    HttpResponse<String> response = sent(method, path, body);
    assertEquals(2, response.statusCode() / 100, path + ": " + response.body());
    return JSON.readTree(response.body());
  }

  private static List<JsonNode> items(JsonNode page) {
    List<JsonNode> items = new ArrayList<>();
    page.path("items").forEach(items::add);
    return items;
  }

  /** Follows the links from page to page. */
  private static List<JsonNode> paged(String path, int limit) throws Exception {
    List<JsonNode> all = new ArrayList<>();
    char before = path.indexOf('?') < 0 ? '?' : '&';
    for (String next = path + before + "limit=" + limit; !next.isEmpty(); ) {
      HttpResponse<String> response = sent("GET", next, "");
      assertEquals(200, response.statusCode(), next + ": " + response.body());
      JsonNode page = JSON.readTree(response.body());
      List<JsonNode> items = items(page);
      assertTrue(items.size() <= limit, next);
      all.addAll(items);
      Matcher link = NEXT.matcher(response.headers().firstValue("Link").orElse(""));
      boolean more = link.matches();
      assertEquals(more, page.has("next"), next);
      assertFalse(more && items.size() < limit, "a page that is not full: " + next);
      next = more ? link.group(1) : "";
    }
    return all;
  }

  @Test
  void everyListIsShownInPagesWithoutGapOrRepetition() throws Exception {
    assertEquals(14, LISTS.size(), LISTS.toString());
    for (String path : LISTS.keySet()) {
      List<JsonNode> whole = items(send("GET", path + "?limit=200", "", 200));
      assertTrue(whole.size() >= 2, path + ": " + whole);
      assertEquals(
          whole.size(), new TreeSet<>(whole.stream().map(Object::toString).toList()).size());
      for (int limit : new int[] {1, 2}) {
        assertEquals(whole, paged(path, limit), path);
      }
    }
  }

  @Test
  void aFilterLeavesWhatHasItsValueAndPagesOfThat() throws Exception {
    for (Map.Entry<String, List<String>> list : LISTS.entrySet()) {
      List<JsonNode> whole = items(send("GET", list.getKey() + "?limit=200", "", 200));
      for (String filter : list.getValue()) {
        Set<String> values = new TreeSet<>();
        whole.forEach(item -> values.addAll(values(item, filter)));
        for (String value : values) {
          String path = list.getKey() + "?" + filter + "=" + value.replace(" ", "%20");
          List<JsonNode> wanted =
              whole.stream().filter(item -> values(item, filter).contains(value)).toList();
          assertEquals(wanted, paged(path, 2), path);
        }
      }
      for (String filter : list.getValue()) {
        String path = list.getKey() + "?" + filter + "=nothing-has-it";
        HttpResponse<String> none = sent("GET", path, "");
        boolean refused = none.statusCode() == 422;
        assertTrue(refused || items(JSON.readTree(none.body())).isEmpty(), path + none.body());
      }
    }
  }

  /** What an item has in a field; of a list each. */
  private static List<String> values(JsonNode item, String field) {
    List<String> values = new ArrayList<>();
    JsonNode value = item.path(field);
    if (value.isArray()) {
      value.forEach(one -> values.add(one.asText()));
    } else if (!value.isMissingNode() && !value.asText().isEmpty()) {
      values.add(value.asText());
    }
    return values;
  }

  @Test
  void aPageThatCannotBeIsRefusedByEveryList() throws Exception {
    for (String path : LISTS.keySet()) {
      for (String query : List.of("limit=0", "limit=1001", "limit=x", "after=" + "a".repeat(301))) {
        JsonNode problem = send("GET", path + "?" + query, "", 422);
        assertTrue(
            problem.path("detail").asText().contains("must be 1 to")
                || problem.path("detail").asText().contains("next of the page"),
            path);
      }
    }
  }

  @Test
  void anItemThatGoesBetweenTwoPagesLeavesTheOthersWhereTheyAre() throws Exception {
    for (String id : List.of("go1", "go2", "go3")) {
      made("POST", "/v1/organisations", "{'id':'%s'}".formatted(id));
    }
    JsonNode page = send("GET", "/v1/organisations?limit=1&after=go1", "", 200);
    assertEquals("go2", page.path("next").asText());
    assertEquals(204, sent("DELETE", "/v1/organisations/go2", "").statusCode());
    page = send("GET", "/v1/organisations?limit=1&after=go2", "", 200);
    assertEquals("go3", page.at("/items/0/id").asText());
    assertEquals(204, sent("DELETE", "/v1/organisations/go1", "").statusCode());
    assertEquals(204, sent("DELETE", "/v1/organisations/go3", "").statusCode());
  }
}

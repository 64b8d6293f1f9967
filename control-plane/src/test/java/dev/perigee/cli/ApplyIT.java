package dev.perigee.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.perigee.control.api.TestApi;
import dev.perigee.control.store.TestPem;
import dev.perigee.testkit.NothingLeaks;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sites become what a file says, all of them or none, over a real API. */
@ExtendWith(NothingLeaks.class)
final class ApplyIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final String TWO =
      """
      sites:
        - hosts: [shop.example]
          origins: [https://a.example]
        - id: blog
          hosts: [blog.example, www.blog.example]
          origins: [https://b.example]
          regions: [eu]
      """;

  private final Path folder;
  private TestApi api;
  private Path file;

  ApplyIT(@TempDir Path folder) {
    this.folder = folder;
    this.file = folder.resolve("site.yaml");
  }

  @BeforeEach
  void start() throws Exception {
    api = new TestApi();
    Files.writeString(folder.resolve("token"), TestApi.TOKEN);
  }

  @AfterEach
  void stop() {
    api.close();
  }

  private int run(String... line) {
    List<String> args = new ArrayList<>(List.of(line));
    String token = folder.resolve("token").toString();
    args.addAll(List.of("--api", api.url().toString(), "--token-file", token));
    return PerigeeCli.run(args.toArray(String[]::new));
  }

  private int apply(String text, String... more) throws Exception {
    Files.writeString(file, text);
    List<String> args = new ArrayList<>(List.of("apply", "-f", file.toString()));
    args.addAll(List.of(more));
    return run(args.toArray(String[]::new));
  }

  private HttpResponse<String> send(String method, String path, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(api.url().resolve(path))
            .header("Authorization", "Bearer " + TestApi.TOKEN)
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(body.replace('\'', '"')))
            .build();
    return CLIENT.send(request, BodyHandlers.ofString());
  }

  private JsonNode json(String method, String path, String body) throws Exception {
    return JSON.readTree(send(method, path, body).body());
  }

  private List<String> ids() throws Exception {
    return json("GET", "/v1/sites", "").findValuesAsText("id");
  }

  @Test
  void aFileAddsChangesAndRemovesAndIsThenWhatThereIs() throws Exception {
    assertEquals(0, apply(TWO, "--yes"));
    assertEquals(List.of("blog", "shop-example"), ids());
    long revision = json("GET", "/v1/sites/blog", "").path("revision").asLong();
    assertEquals(0, apply(TWO.replace("https://a.", "https://c."), "--yes", "--note", "moved"));
    JsonNode shop = json("GET", "/v1/sites/shop.example", "");
    assertEquals("https://c.example", shop.at("/origins/0").asText());
    assertEquals(
        "moved", json("GET", "/v1/sites/shop.example/history", "").at("/items/0/note").asText());
    assertEquals(revision, json("GET", "/v1/sites/blog", "").path("revision").asLong());
    String one = "hosts: [shop.example]\norigins: [https://c.example]\n";
    assertEquals(0, apply(one, "--yes"));
    assertEquals(2, ids().size(), "nothing goes that was not asked to");
    assertEquals(0, apply(one, "--yes", "--prune"));
    assertEquals(List.of("shop-example"), ids());
  }

  @Test
  void whatIsExportedIsAppliedAgainWithoutAChange() throws Exception {
    assertEquals(0, apply(TWO, "--yes"));
    String site =
        "{'hosts':['rich.example'],'origins':['https://o.example'],'bandwidth':1000000,"
            + "'steering':{'countries':['NO','DE']},"
            + "'limits':[{'name':'a','requests':5,'windowSeconds':10}],"
            + "'cache':{'rules':[{'paths':['/img/*'],'ttlSeconds':60,'mode':'override'}]}}";
    HttpResponse<String> added = send("POST", "/v1/sites", site);
    assertEquals(201, added.statusCode(), added.body());
    String pools =
        "{'hosts':['pools.example'],'originPools':{'pools':[{'name':'web','servers':"
            + "[{'url':'https://a.example'}],'balance':{'sticky':{'cookie':'s'}}}],"
            + "'default':'web'}}";
    added = send("POST", "/v1/sites", pools);
    assertEquals(201, added.statusCode(), added.body());
    Path exported = folder.resolve("all.yaml");
    assertEquals(0, run("export", "-o", exported.toString()));
    String before = send("GET", "/v1/sites", "").body();
    assertEquals(0, run("apply", "-f", exported.toString(), "--prune"), "without being asked");
    assertEquals(before, send("GET", "/v1/sites", "").body());
    assertFalse(Files.readString(exported).contains("revision"));
  }

  @Test
  void oneThatCannotBeLeavesAllAsTheyWere() throws Exception {
    assertEquals(0, apply(TWO, "--yes"));
    String before = send("GET", "/v1/sites", "").body();
    String more = TWO.replace("https://a.", "https://c.");
    String taken = "  - id: third\n    hosts: [blog.example]\n    origins: [https://d.example]\n";
    assertEquals(1, apply(more + taken, "--yes"));
    assertEquals(1, apply(more.replace("https://b.", "ftp://b."), "--yes"));
    assertEquals(before, send("GET", "/v1/sites", "").body());
    String order =
        "{'sites':[{'hosts':['new.example'],'origins':['https://a.example']},"
            + "{'id':'third','hosts':['shop.example'],'origins':['https://a.example']}]}";
    JsonNode problem = json("POST", "/v1/apply", order);
    assertEquals(409, problem.path("status").asInt(), problem.toString());
    assertEquals("sites[1].hosts[0]", problem.at("/errors/0/field").asText());
    assertEquals(before, send("GET", "/v1/sites", "").body());
  }

  @Test
  void aHostGoesFromOneSiteToAnotherAtOnce() throws Exception {
    assertEquals(0, apply(TWO, "--yes"));
    String moved =
        TWO.replace("[blog.example, www.blog.example]", "[blog.example]")
            + "  - id: www\n    hosts: [www.blog.example]\n    origins: [https://d.example]\n";
    assertEquals(0, apply(moved, "--yes"));
    assertEquals("www", json("GET", "/v1/sites/www.blog.example", "").path("id").asText());
    String pruned = "id: other\nhosts: [shop.example]\norigins: [https://d.example]\n";
    assertEquals(0, apply(pruned, "--yes", "--prune"));
    assertEquals(List.of("other"), ids());
  }

  @Test
  void aDryRunAndWhoCannotBeAskedChangeNothing() throws Exception {
    String before = send("GET", "/v1/audit", "").body();
    assertEquals(0, apply(TWO, "--dry-run"));
    assertEquals(2, apply(TWO), "nobody is at a terminal");
    assertEquals(List.of(), ids());
    assertEquals(before, send("GET", "/v1/audit", "").body());
  }

  @Test
  void aPlanIsMadeAsItWasShownOrNotAtAll() throws Exception {
    assertEquals(0, apply(TWO, "--yes"));
    String order =
        "{'sites':[{'id':'blog','hosts':['blog.example'],'origins':['https://x.example']}]%s}";
    JsonNode plan = json("POST", "/v1/apply?dry-run=true", order.formatted(""));
    assertEquals(1, plan.path("changed").asInt(), plan.toString());
    assertEquals(
        plan.path("plan"),
        json("POST", "/v1/apply?dry-run=true", order.formatted("")).path("plan"));
    String other = "{'hosts':['blog.example'],'origins':['https://y.example']}";
    assertEquals(200, send("PUT", "/v1/sites/blog", other).statusCode());
    String before = send("GET", "/v1/sites", "").body();
    String planned = order.formatted(",'plan':'" + plan.path("plan").asText() + "'");
    JsonNode refused = json("POST", "/v1/apply", planned);
    assertEquals(412, refused.path("status").asInt(), refused.toString());
    assertEquals(before, send("GET", "/v1/sites", "").body());
  }

  @Test
  void eachSiteThatChangesHasARowOfTheAuditLog() throws Exception {
    assertEquals(0, apply(TWO, "--yes"));
    JsonNode rows = json("GET", "/v1/audit", "").path("items");
    assertEquals(2, rows.size(), rows.toString());
    assertEquals(List.of("blog", "shop-example"), rows.findValuesAsText("target"));
    assertEquals(0, apply(TWO, "--yes"));
    assertEquals(rows, json("GET", "/v1/audit", "").path("items"), "nothing changed");
  }

  @Test
  void anOrganisationIsPrunedOfItsOwnSitesAlone() throws Exception {
    assertEquals(0, apply(TWO, "--yes"));
    assertEquals(201, send("POST", "/v1/organisations", "{'id':'acme'}").statusCode());
    String own = "hosts: [acme.example]\norigins: [https://a.example]\norganisation: acme\n";
    assertEquals(0, apply(own, "--yes", "--prune"));
    assertEquals(List.of("acme-example", "blog", "shop-example"), ids());
    assertEquals(0, apply("organisation: acme\nsites: []\n", "--yes", "--prune"));
    assertEquals(List.of("blog", "shop-example"), ids());
    assertEquals(1, apply(own.replace("acme\n", "nobody\n"), "--yes"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "- a",
        "sites: a",
        "sites: [a]",
        "sites: []\nregions: [eu]",
        "hosts: [a\n",
        "hosts: [a.example]\nhosts: [b.example]\n",
        "a: &a [*a]",
        "a: !!javax.script.X []"
      })
  void whatIsNoFileOfSitesIsRefused(String text) {
    Failure failure = assertThrows(Failure.class, () -> SiteFile.read(text));
    assertTrue(String.valueOf(failure.getMessage()).length() > 10);
  }

  @Test
  void whatASiteAsksOfItsReadersIsInTheFileAndReadAgain() throws Exception {
    Path authorities = folder.resolve("readers.pem");
    String one = TestPem.authority("one").certificate();
    String two = TestPem.authority("two").certificate();
    Files.writeString(authorities, one + two);
    assertEquals(0, apply(TWO, "--yes"));
    assertEquals(
        0,
        run(
            "site",
            "client-certificates",
            "blog",
            "required",
            "--authorities",
            authorities.toString()));
    JsonNode asked = json("GET", "/v1/sites/blog", "").path("clientCertificates");
    assertEquals("required", asked.path("mode").asText());
    assertEquals((one + two).replace("\r", ""), asked.path("authorities").asText());
    Path exported = folder.resolve("all.yaml");
    assertEquals(0, run("export", "-o", exported.toString()));
    assertEquals(0, apply(TWO, "--yes"), "what is left out is off");
    assertEquals("off", json("GET", "/v1/sites/blog", "").at("/clientCertificates/mode").asText());
    assertEquals(0, run("apply", "-f", exported.toString(), "--yes"));
    assertEquals(asked, json("GET", "/v1/sites/blog", "").path("clientCertificates"));
  }
}

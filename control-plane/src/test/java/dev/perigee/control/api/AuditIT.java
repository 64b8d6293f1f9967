package dev.perigee.control.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.perigee.control.store.AuditLog;
import dev.perigee.control.store.Purview;
import dev.perigee.control.store.Role;
import dev.perigee.control.store.TestPem;
import dev.perigee.testkit.NothingLeaks;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every change and every refused attempt has a row that stays. */
@ExtendWith(NothingLeaks.class)
final class AuditIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final String SITE =
      "{'hosts':['shop.example'],'origins':['https://origin.example']}";

  private TestApi api;
  private String owner = "";

  @BeforeEach
  void start() throws Exception {
    api = new TestApi();
    send(201, "POST", "/v1/organisations", TestApi.TOKEN, "{'id':'acme'}");
    String wanted = "{'name':'ann','role':'owner','organisation':'acme'}";
    owner = send(201, "POST", "/v1/tokens", TestApi.TOKEN, wanted).path("secret").asText();
    String host = "{'host':'shop.example','organisation':'acme'}";
    send(200, "POST", "/v1/hosts/vouch", TestApi.TOKEN, host);
  }

  @AfterEach
  void stop() {
    api.close();
  }

  private JsonNode send(int status, String method, String path, String token, String body)
      throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(api.url().resolve(path))
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json")
            .method(method, BodyPublishers.ofString(body.replace('\'', '"')))
            .build();
    HttpResponse<String> response = CLIENT.send(request, BodyHandlers.ofString());
    assertEquals(status, response.statusCode(), path + ": " + response.body());
    return response.body().isEmpty() ? JSON.createObjectNode() : JSON.readTree(response.body());
  }

  /** The newest row that a token may see. */
  private static List<AuditLog.Entry> rows(AuditLog log) {
    return log.page(
        Purview.ALL, new AuditLog.Sought(Optional.empty(), Optional.empty(), Long.MAX_VALUE, 200));
  }

  private JsonNode newest(String token) throws Exception {
    return send(200, "GET", "/v1/audit?limit=1", token, "").at("/items/0");
  }

  private static void assertRow(
      JsonNode row, String who, String operation, String target, String result) {
    assertEquals(
        List.of(who, operation, target, result),
        List.of(
            row.path("who").asText(),
            row.path("operation").asText(),
            row.path("target").asText(),
            row.path("result").asText()),
        row.toString());
  }

  @Test
  void aChangeSaysWhoDidWhatToWhat() throws Exception {
    send(201, "POST", "/v1/sites", owner, SITE);
    JsonNode row = newest(owner);
    assertRow(row, "ann", "POST /v1/sites", "acme-shop-example", "done");
    assertEquals("owner", row.path("role").asText());
    assertEquals("acme", row.path("organisation").asText());
    assertEquals("127.0.0.1", row.path("address").asText());
    assertFalse(row.path("token").asText().isEmpty());
    JsonNode purge = send(202, "POST", "/v1/purges", owner, "{'site':'shop.example','tag':'a'}");
    assertRow(newest(owner), "ann", "POST /v1/purges", purge.path("id").asText(), "done");
    send(204, "DELETE", "/v1/sites/shop.example", owner, "");
    assertRow(newest(owner), "ann", "DELETE /v1/sites/{site}", "acme-shop-example", "done");
  }

  @Test
  void whatAnOperatorDoesToAnOrganisationsSiteTheOwnerSees() throws Exception {
    send(201, "POST", "/v1/sites", owner, SITE);
    send(200, "PUT", "/v1/sites/shop.example", TestApi.TOKEN, SITE);
    JsonNode row = newest(owner);
    assertRow(row, "operator token file", "PUT /v1/sites/{site}", "acme-shop-example", "done");
    String zones = "{'items':[]}";
    send(200, "PUT", "/v1/steer/zones", TestApi.TOKEN, zones);
    assertEquals(row, newest(owner), "what is the network's is the operators'");
    assertRow(newest(TestApi.TOKEN), "operator token file", "PUT /v1/steer/zones", "", "done");
  }

  private static String upload(String organisation) throws Exception {
    TestPem pem = TestPem.ec("shop.example");
    return JSON.createObjectNode()
        .put("certificate", pem.certificate())
        .put("privateKey", pem.key())
        .put("organisation", organisation)
        .toString();
  }

  @Test
  void whatAnOperatorDoesToAnOwnersCertificatesTextsAndHostsTheOwnerSees() throws Exception {
    String operator = "operator token file";
    send(201, "POST", "/v1/sites", owner, SITE);
    JsonNode certificate = send(201, "POST", "/v1/certificates", TestApi.TOKEN, upload("acme"));
    String id = certificate.path("id").asText();
    assertRow(newest(owner), operator, "POST /v1/certificates", id, "done");
    send(204, "DELETE", "/v1/certificates/" + id, TestApi.TOKEN, "");
    assertRow(newest(owner), operator, "DELETE /v1/certificates/{certificate}", id, "done");
    String name = "_acme-challenge.shop.example";
    String path = "/v1/dns/challenges/" + name;
    send(200, "PUT", path, owner, "{'texts':['own']}");
    send(200, "PUT", path, TestApi.TOKEN, "{'texts':['theirs']}");
    assertRow(newest(owner), operator, "PUT /v1/dns/challenges/{name}", name, "done");
    send(204, "DELETE", path, owner, "");
    send(201, "POST", "/v1/hosts", owner, "{'host':'asked.example'}");
    send(204, "DELETE", "/v1/hosts/asked.example", TestApi.TOKEN, "");
    assertRow(newest(owner), operator, "DELETE /v1/hosts/{host}", "asked.example", "done");
    send(
        200,
        "POST",
        "/v1/hosts/vouch",
        TestApi.TOKEN,
        "{'host':'a.example','organisation':'acme'}");
    send(200, "POST", "/v1/hosts/vouch", TestApi.TOKEN, "{'host':'a.example'}");
    JsonNode rows = send(200, "GET", "/v1/audit?limit=2", owner, "").path("items");
    for (JsonNode row : rows) {
      assertRow(row, operator, "POST /v1/hosts/vouch", "a.example", "done");
    }
  }

  @Test
  void whoIsRefusedIsNamedAndEqualAttemptsAreOneRow() throws Exception {
    String viewer = "{'name':'eve','role':'viewer'}";
    String eve = send(201, "POST", "/v1/tokens", owner, viewer).path("secret").asText();
    for (int i = 0; i < 3; i++) {
      send(403, "DELETE", "/v1/sites/shop.example", eve, "");
    }
    JsonNode row = newest(owner);
    assertRow(row, "eve", "DELETE /v1/sites/{site}", "shop.example", "refused");
    assertEquals(403, row.path("status").asInt());
    assertEquals(3, row.path("times").asInt());
    send(404, "DELETE", "/v1/sites/nobody", owner, "");
    assertRow(newest(owner), "ann", "DELETE /v1/sites/{site}", "nobody", "refused");
    send(401, "GET", "/v1/sites", "wrong", "");
    assertRow(newest(TestApi.TOKEN), "", "GET /v1/sites", "", "refused");
    assertRow(newest(owner), "ann", "DELETE /v1/sites/{site}", "nobody", "refused");
  }

  @Test
  void refusalsWithoutNumberTakeFewRows() throws Exception {
    for (int i = 0; i < 150; i++) {
      send(401, "GET", "/v1/sites/s" + i, "wrong", "");
    }
    List<AuditLog.Entry> all = rows(new AuditLog(api.postgres.database(), 0));
    assertTrue(all.stream().noneMatch(row -> row.status() == 401), "gathered, not written yet");
    JsonNode rows = send(200, "GET", "/v1/audit?limit=200", TestApi.TOKEN, "").path("items");
    int rowCount = 0;
    int attempts = 0;
    for (JsonNode row : rows) {
      if (row.path("status").asInt() == 401) {
        rowCount++;
        attempts += row.path("times").asInt();
      }
    }
    assertEquals(150, attempts);
    assertEquals(1, rowCount, "what strangers name is not kept");
  }

  @Test
  void strangersTakeNoRoomOfRefusalsOfCallersThatAreKnown() throws Exception {
    try (AuditLog log = new AuditLog(api.postgres.database(), 0)) {
      for (int i = 0; i < 500; i++) {
        log.refused(caller("", Optional.empty(), "10.0.0." + i), 401);
      }
      log.refused(caller("eve", Optional.of(Role.VIEWER), "192.0.2.1"), 403);
      List<AuditLog.Entry> rows = rows(log);
      assertTrue(rows.stream().anyMatch(row -> row.caller().who().equals("eve")));
      List<AuditLog.Entry> ofStrangers = rows.stream().filter(row -> row.status() == 401).toList();
      assertTrue(ofStrangers.size() <= 21, ofStrangers.size() + " rows");
      assertEquals(500, ofStrangers.stream().mapToInt(AuditLog.Entry::times).sum());
    }
  }

  private static AuditLog.Caller caller(String who, Optional<Role> role, String address) {
    return new AuditLog.Caller(
        who, Optional.empty(), role, Optional.empty(), "GET /v1/sites", "", address);
  }

  @Test
  void whatIsAskedForAgainHasNoRow() throws Exception {
    send(201, "POST", "/v1/sites", owner, SITE);
    String viewer = "{'name':'eve','role':'viewer'}";
    String id = send(201, "POST", "/v1/tokens", owner, viewer).path("id").asText();
    String texts = "/v1/dns/challenges/_acme-challenge.shop.example";
    send(201, "POST", "/v1/hosts", owner, "{'host':'asked.example'}");
    send(204, "DELETE", "/v1/tokens/" + id, owner, "");
    send(200, "PUT", texts, owner, "{'texts':['a']}");
    JsonNode row = newest(owner);
    send(201, "POST", "/v1/hosts", owner, "{'host':'asked.example'}");
    send(201, "POST", "/v1/hosts", owner, "{'host':'shop.example'}");
    send(204, "DELETE", "/v1/tokens/" + id, owner, "");
    send(200, "PUT", texts, owner, "{'texts':['a']}");
    assertEquals(row, newest(owner));
    send(200, "PUT", texts, owner, "{'texts':['b']}");
    assertTrue(newest(owner).path("id").asLong() > row.path("id").asLong());
  }

  @Test
  void pagesFollowEachOtherWithoutGapOrRepetition() throws Exception {
    for (int i = 0; i < 7; i++) {
      String wanted = "{'name':'t%d','role':'viewer'}".formatted(i);
      send(201, "POST", "/v1/tokens", owner, wanted);
    }
    List<Long> seen = new ArrayList<>();
    String path = "/v1/audit?limit=3";
    for (String next = path; !next.isEmpty(); ) {
      JsonNode page = send(200, "GET", next, owner, "");
      page.path("items").forEach(row -> seen.add(row.path("id").asLong()));
      next = page.has("next") ? path + "&after=" + page.path("next").asText() : "";
    }
    List<Long> all = new ArrayList<>();
    send(200, "GET", "/v1/audit", owner, "")
        .path("items")
        .forEach(row -> all.add(row.path("id").asLong()));
    assertEquals(all, seen);
    assertTrue(all.size() >= 7);
  }

  @ParameterizedTest
  @ValueSource(strings = {"limit=0", "limit=201", "limit=x", "after=x", "after=-1", "result=x"})
  void aPageThatCannotBeIsRefused(String query) throws Exception {
    send(422, "GET", "/v1/audit?" + query, owner, "");
  }

  @Test
  void noSecretIsInIt() throws Exception {
    String all = send(200, "GET", "/v1/audit", TestApi.TOKEN, "").toString();
    assertFalse(all.contains(owner));
    assertFalse(all.contains(TestApi.TOKEN));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE audit SET who = 'nobody'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "SET perigee.audit_retention = 'on'; DELETE FROM audit",
        "SET perigee.audit_retention = 'on'; TRUNCATE audit"
      })
  void itsRowsStayAsTheyAre(String statement) {
    SQLException refused = assertThrows(SQLException.class, () -> api.postgres.execute(statement));
    assertTrue(String.valueOf(refused.getMessage()).contains("stay as they are"));
  }

  @Test
  void rowsThatAreOldEnoughGoWhereTheOperatorSaysSo() throws Exception {
    api.postgres.execute(
        "INSERT INTO audit (at, who, operation, target, status, address)"
            + " VALUES (now() - interval '41 days', 'old', '', '', 200, ''),"
            + " (now() - interval '39 days', 'younger', '', '', 200, '')");
    AuditLog keeping = new AuditLog(api.postgres.database(), 40);
    keeping.sweep();
    List<String> left = rows(keeping).stream().map(row -> row.caller().who()).toList();
    assertTrue(left.contains("younger"), left.toString());
    assertFalse(left.contains("old"), left.toString());
    assertThrows(IllegalArgumentException.class, () -> new AuditLog(api.postgres.database(), 29));
  }
}

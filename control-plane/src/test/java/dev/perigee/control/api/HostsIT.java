package dev.perigee.control.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.perigee.control.store.Organisation;
import dev.perigee.control.store.TestPem;
import dev.perigee.testkit.NothingLeaks;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A host is an organisation's once it proved control of it, and nobody else is told whose it is.
 */
@ExtendWith(NothingLeaks.class)
final class HostsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private static TestApi api;
  private static String acme;
  private static String other;

  @BeforeAll
  static void start() throws Exception {
    api = new TestApi();
    acme = organisation("acme");
    other = organisation("other");
  }

  @AfterAll
  static void stop() {
    api.close();
  }

  /** A token of its owner. */
  private static String organisation(String id) throws Exception {
    send(201, "POST", "/v1/organisations", TestApi.TOKEN, "{'id':'%s'}".formatted(id));
    String owner = "{'name':'a','role':'owner','organisation':'%s'}".formatted(id);
    return send(201, "POST", "/v1/tokens", TestApi.TOKEN, owner).path("secret").asText();
  }

  private static JsonNode send(int status, String method, String path, String token, String body)
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

  private static String site(String... hosts) {
    return "{'hosts':['%s'],'origins':['https://origin.example']}"
        .formatted(String.join("','", hosts));
  }

  private static JsonNode ask(String token, String host) throws Exception {
    return send(201, "POST", "/v1/hosts", token, "{'host':'%s'}".formatted(host));
  }

  private static JsonNode check(int status, String token, String host) throws Exception {
    return send(status, "POST", "/v1/hosts/" + host + "/check", token, "");
  }

  private static void show(JsonNode asked) {
    api.hosts.texts.put(asked.path("txtName").asText(), asked.path("token").asText());
  }

  private static void prove(String token, String host) throws Exception {
    show(ask(token, host));
    check(200, token, host);
  }

  @Test
  void aTxtRecordProvesAHostAndASiteMayHaveItFromThenOn() throws Exception {
    send(409, "POST", "/v1/sites", acme, site("dns.example"));
    JsonNode asked = ask(acme, "DNS.example.");
    assertEquals("_perigee-challenge.dns.example", asked.path("txtName").asText());
    assertEquals(asked.path("token"), ask(acme, "dns.example").path("token"));
    check(409, acme, "dns.example");
    api.hosts.texts.put("_perigee-challenge.dns.example", "another");
    JsonNode refused = check(409, acme, "dns.example");
    assertTrue(refused.path("detail").asText().contains("another TXT record"), refused.toString());
    show(asked);
    assertEquals("dns", check(200, acme, "dns.example").path("proof").asText());
    JsonNode site = send(201, "POST", "/v1/sites", acme, site("dns.example"));
    assertEquals("acme-dns-example", site.path("id").asText());
  }

  @Test
  void aFileOfTheHostProvesItAndNoRedirectIsFollowed() throws Exception {
    JsonNode asked = ask(acme, "web.example");
    String token = asked.path("token").asText();
    String path = "/.well-known/perigee-challenge/" + token;
    assertEquals("http://web.example" + path, asked.path("url").asText());
    api.hosts.bodies.put("web.example" + path, "http://elsewhere.example/token");
    api.hosts.bodies.put("elsewhere.example/token", token);
    JsonNode refused = check(409, acme, "web.example");
    assertTrue(refused.path("detail").asText().contains("status 302"), refused.toString());
    String content = asked.path("content").asText();
    assertEquals(token + ".acme", content);
    for (String wrong : List.of(token, token + ".other", content + "x")) {
      api.hosts.bodies.put("web.example" + path, wrong);
      check(409, acme, "web.example");
    }
    api.hosts.bodies.put("web.example" + path, content + "\n");
    assertEquals("http", check(200, acme, "web.example").path("proof").asText());
  }

  @Test
  void aWildcardIsProvedByTheDnsAloneAndCoversTheHostsBelowIt() throws Exception {
    JsonNode asked = ask(acme, "*.wild.example");
    assertFalse(asked.has("url"));
    String token = asked.path("token").asText();
    api.hosts.bodies.put("*.wild.example/.well-known/perigee-challenge/" + token, token);
    api.hosts.bodies.put("wild.example/.well-known/perigee-challenge/" + token, token);
    check(409, acme, "*.wild.example");
    show(asked);
    check(200, acme, "*.wild.example");
    send(201, "POST", "/v1/sites", acme, site("*.wild.example", "a.wild.example"));
    send(409, "POST", "/v1/sites", acme, site("wild.example"));
    send(409, "POST", "/v1/sites", acme, site("a.b.wild.example"));
    // One who shows control of a host below it cannot shadow it.
    show(ask(other, "b.wild.example"));
    check(409, other, "b.wild.example");
    send(409, "POST", "/v1/sites", other, site("b.wild.example"));
  }

  @Test
  void whoHasAHostThatIsTakenIsNotSaid() throws Exception {
    prove(acme, "taken.example");
    send(201, "POST", "/v1/sites", acme, site("taken.example"));
    JsonNode taken = send(409, "POST", "/v1/sites", other, site("taken.example"));
    JsonNode free = send(409, "POST", "/v1/sites", other, site("free.example"));
    assertEquals(free.toString().replace("free.", "taken."), taken.toString());
    JsonNode own =
        send(
            201,
            "POST",
            "/v1/sites",
            other,
            site("mine.example").replace("mine.example", vouched("mine.example")));
    String path = "/v1/sites/" + own.path("id").asText();
    assertEquals(
        free.toString().replace("free.", "taken."),
        send(409, "PUT", path, other, site("taken.example")).toString());
    show(ask(other, "taken.example"));
    JsonNode refused = check(409, other, "taken.example");
    assertFalse(refused.toString().contains("acme"), refused.toString());
    assertFalse(send(200, "GET", "/v1/hosts", other, "").toString().contains("acme"));
  }

  private static String vouched(String host) throws Exception {
    String order = "{'host':'%s','organisation':'other'}".formatted(host);
    send(200, "POST", "/v1/hosts/vouch", TestApi.TOKEN, order);
    return host;
  }

  @Test
  void aHostThatNoSiteUsesGoesToWhoProvesItLaterAndOneThatIsUsedStays() throws Exception {
    prove(acme, "sold.example");
    prove(other, "sold.example");
    send(409, "POST", "/v1/sites", acme, site("sold.example"));
    send(201, "POST", "/v1/sites", other, site("sold.example"));
    show(ask(acme, "sold.example"));
    check(409, acme, "sold.example");
    send(409, "DELETE", "/v1/hosts/sold.example", other, "");
    send(204, "DELETE", "/v1/sites/sold.example", other, "");
    check(200, acme, "sold.example");
  }

  @Test
  void anOperatorsSiteNeedsNoProofAndTakesNoHostFromAnother() throws Exception {
    String operator = TestApi.TOKEN;
    send(201, "POST", "/v1/sites", operator, site("plain.example"));
    prove(acme, "kept.example");
    send(201, "POST", "/v1/sites", acme, site("kept.example"));
    JsonNode refused = send(409, "POST", "/v1/sites", operator, site("kept.example"));
    assertTrue(refused.toString().contains("another organisation"), refused.toString());
    String given = site("given.example").replace("}", ",'organisation':'acme'}");
    send(201, "POST", "/v1/sites", operator, given);
    send(200, "PUT", "/v1/sites/given.example", acme, site("given.example"));
  }

  private static String upload(String host) throws Exception {
    TestPem pem = TestPem.ec(host);
    return JSON.createObjectNode()
        .put("certificate", pem.certificate())
        .put("privateKey", pem.key())
        .toString();
  }

  @Test
  void aCertificateIsForHostsThatAreProved() throws Exception {
    String upload = upload("cert.example");
    send(409, "POST", "/v1/certificates", acme, upload);
    prove(acme, "cert.example");
    send(201, "POST", "/v1/certificates", acme, upload);
  }

  @Test
  void aHostIsNotGivenUpWhileACertificateNamesIt() throws Exception {
    prove(acme, "named.example");
    String id =
        send(201, "POST", "/v1/certificates", acme, upload("named.example")).path("id").asText();
    JsonNode refused = send(409, "DELETE", "/v1/hosts/named.example", acme, "");
    assertTrue(refused.toString().contains("certificate"), refused.toString());
    send(204, "DELETE", "/v1/certificates/" + id, acme, "");
    send(204, "DELETE", "/v1/hosts/named.example", acme, "");
    prove(acme, "*.below.example");
    send(201, "POST", "/v1/certificates", acme, upload("a.below.example"));
    send(409, "DELETE", "/v1/hosts/*.below.example", acme, "");
  }

  @Test
  void aCertificateGoesWithTheHostThatAnotherProved() throws Exception {
    prove(acme, "moved.example");
    String id =
        send(201, "POST", "/v1/certificates", acme, upload("moved.example")).path("id").asText();
    prove(other, "moved.example");
    assertFalse(send(200, "GET", "/v1/certificates", TestApi.TOKEN, "").toString().contains(id));
    assertEquals(
        List.of("certificate", "certificate"), api.logged(id), "its key goes from the nodes too");
    send(409, "POST", "/v1/certificates", acme, upload("moved.example"));
  }

  @Test
  void aCertificateThatIsHereStaysWhoseItIs() throws Exception {
    String host = vouched("same.example");
    String upload = upload(host);
    String id = send(201, "POST", "/v1/certificates", other, upload).path("id").asText();
    send(201, "POST", "/v1/certificates", TestApi.TOKEN, upload);
    assertTrue(send(200, "GET", "/v1/certificates", other, "").toString().contains(id));
  }

  @Test
  void aWildcardIsNotAboveTheClaimOfAHostBelowIt() throws Exception {
    prove(other, "mine.deep.example");
    prove(acme, "*.deep.example");
    send(409, "POST", "/v1/sites", acme, site("mine.deep.example"));
    send(409, "POST", "/v1/certificates", acme, upload("mine.deep.example"));
    send(201, "POST", "/v1/sites", acme, site("yours.deep.example"));
    send(201, "POST", "/v1/sites", other, site("mine.deep.example"));
  }

  @Test
  void aHostThatAnEarlierBuildGaveToASiteStaysItsOwn() throws Exception {
    prove(acme, "early.example");
    String path =
        "/v1/sites/"
            + send(201, "POST", "/v1/sites", acme, site("early.example")).path("id").asText();
    api.postgres.execute("DELETE FROM host_claim WHERE host = 'early.example'");
    send(200, "PUT", path, acme, site("early.example"));
    JsonNode hosts = send(200, "GET", "/v1/hosts", acme, "");
    assertTrue(hosts.toString().contains("early.example"), hosts.toString());
    send(409, "PUT", path, acme, site("early.example", "new.early.example"));
  }

  @Test
  void anOrganisationHasNoMoreSitesAndCertificatesThanItMay() throws Exception {
    String full = organisation("full");
    api.postgres.execute(
        "INSERT INTO site (id, origins, regions, scheme_in_key, port_in_key, organisation)"
            + " SELECT 'full-' || n, '{}', '{}', false, false, 'full'"
            + " FROM generate_series(1, %1$d) n;".formatted(Organisation.MOST_SITES)
            + " INSERT INTO certificate (id, hosts, issuer, not_before, not_after, chain,"
            + " private_key, organisation) SELECT 'full' || n, '{}', '', now(), now(), '{}',"
            + " '', 'full' FROM generate_series(1, %1$d) n"
                .formatted(Organisation.MOST_CERTIFICATES));
    prove(full, "more.example");
    for (String path : List.of("/v1/sites", "/v1/certificates")) {
      String body = path.equals("/v1/sites") ? site("more.example") : upload("more.example");
      JsonNode refused = send(409, "POST", path, full, body);
      assertTrue(refused.toString().contains("would be one more than"), refused.toString());
    }
    String byOperator = site("more.example").replace("}", ",'organisation':'full'}");
    send(201, "POST", "/v1/sites", TestApi.TOKEN, byOperator);
    api.postgres.execute("DELETE FROM certificate WHERE organisation = 'full'");
    api.postgres.execute(
        "DELETE FROM site_host WHERE site LIKE 'full-%'; DELETE FROM site WHERE id LIKE 'full-%'");
  }

  @Test
  void idsOfSitesBeginAsThoseOfTheirOwnOrganisationAlone() throws Exception {
    String operator = TestApi.TOKEN;
    String named = site("ids.example").replace("{", "{'id':'acme-ids',");
    JsonNode refused = send(409, "POST", "/v1/sites", operator, named);
    assertTrue(refused.toString().contains("another organisation"), refused.toString());
    JsonNode derived = send(201, "POST", "/v1/sites", operator, site("acme.ids.example"));
    assertEquals("first-acme-ids-example", derived.path("id").asText());
    String later = site("later.example").replace("{", "{'id':'later-site',");
    send(201, "POST", "/v1/sites", operator, later);
    send(409, "POST", "/v1/organisations", operator, "{'id':'later'}");
    String given = named.replace("}", ",'organisation':'acme'}");
    send(201, "POST", "/v1/sites", operator, given);
  }

  private static void texts(int status, String token, String name) throws Exception {
    send(status, "PUT", "/v1/dns/challenges/" + name, token, "{'texts':['a']}");
  }

  @Test
  void theNearestHostOfASiteDecidesWhoSetsTextsOfAName() throws Exception {
    prove(acme, "near.example");
    prove(acme, "*.near.example");
    prove(other, "a.near.example");
    prove(other, "b.a.near.example");
    send(201, "POST", "/v1/sites", acme, site("near.example", "*.near.example"));
    send(201, "POST", "/v1/sites", other, site("a.near.example", "b.a.near.example"));
    for (String name : List.of("a.near.example", "_acme-challenge.b.a.near.example")) {
      texts(422, acme, name);
      texts(200, other, name);
    }
    for (String name : List.of("_acme-challenge.near.example", "_acme-challenge.c.near.example")) {
      texts(422, other, name);
      texts(200, acme, name);
    }
  }

  @Test
  void whoHasAWildcardSetsNoTextsOfTheHostThatItStandsBelowNorThatOneTheWildcards()
      throws Exception {
    prove(acme, "*.star.example");
    prove(other, "star.example");
    send(201, "POST", "/v1/sites", acme, site("*.star.example"));
    texts(200, acme, "_acme-challenge.star.example");
    send(201, "POST", "/v1/sites", other, site("star.example"));
    texts(422, acme, "_acme-challenge.star.example");
    texts(422, other, "_acme-challenge.star.example");
    texts(200, TestApi.TOKEN, "_acme-challenge.star.example");
    texts(200, acme, "_acme-challenge.a.star.example");
    texts(422, other, "_acme-challenge.a.star.example");
  }

  @Test
  void textsStayWhoseTheyAre() throws Exception {
    prove(acme, "texts.example");
    String name = "_acme-challenge.texts.example";
    send(201, "POST", "/v1/sites", acme, site("texts.example"));
    texts(200, acme, name);
    texts(200, TestApi.TOKEN, name);
    assertTrue(send(200, "GET", "/v1/dns/challenges", acme, "").toString().contains(name));
    send(204, "DELETE", "/v1/sites/texts.example", acme, "");
    prove(other, "texts.example");
    send(201, "POST", "/v1/sites", other, site("texts.example"));
    texts(409, other, name);
    send(204, "DELETE", "/v1/dns/challenges/" + name, TestApi.TOKEN, "");
    texts(200, other, name);
  }

  @Test
  void oneOrganisationLooksForTwoProofsAtOnceAndLeavesTheOthersTheirs() throws Exception {
    List<String> slow = List.of("slow1.example", "slow2.example");
    ask(acme, "third.example");
    JsonNode elsewhere = ask(other, "fourth.example");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<JsonNode>> looks = new ArrayList<>();
      for (String host : slow) {
        ask(acme, host);
        ProvingHosts.Held held = new ProvingHosts.Held();
        api.hosts.held.put(host, held);
        looks.add(threads.submit(() -> check(409, acme, host)));
        assertTrue(held.asked().await(10, TimeUnit.SECONDS), host);
      }
      check(429, acme, "third.example");
      check(429, acme, slow.getFirst());
      show(elsewhere);
      check(200, other, "fourth.example");
      api.hosts.held.values().forEach(held -> held.let().countDown());
      for (Future<JsonNode> look : looks) {
        look.get(10, TimeUnit.SECONDS);
      }
    } finally {
      api.hosts.held.values().forEach(held -> held.let().countDown());
      api.hosts.held.clear();
    }
    check(409, acme, "third.example");
  }

  @Test
  void whatIsNoHostOrTheNetworksOwnCannotBeAskedFor() throws Exception {
    for (String host : new String[] {"10.0.0.1", "[::1]", "a..b", "x.cdn.example", "cdn.example"}) {
      send(422, "POST", "/v1/hosts", acme, "{'host':'%s'}".formatted(host));
    }
    check(404, acme, "never-asked.example");
  }

  @Test
  void eachOrganisationSeesItsOwnHosts() throws Exception {
    ask(acme, "seen.example");
    for (JsonNode host : send(200, "GET", "/v1/hosts", other, "").path("items")) {
      assertEquals("other", host.path("organisation").asText());
    }
    send(404, "DELETE", "/v1/hosts/seen.example", other, "");
    send(204, "DELETE", "/v1/hosts/seen.example", acme, "");
  }
}

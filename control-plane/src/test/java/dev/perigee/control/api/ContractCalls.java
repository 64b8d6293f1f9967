package dev.perigee.control.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;

/** Calls of the contract that make what they need themselves. */
final class ContractCalls {
  private final TestApi api;
  private final Calling call;

  /** Calls an operation that is documented, and holds it to the document. */
  interface Calling {
    JsonNode of(String method, String template, String... pathAndBody) throws Exception;
  }

  ContractCalls(TestApi api, Calling call) {
    this.api = api;
    this.call = call;
  }

  void challenges() throws Exception {
    String template = "/v1/dns/challenges/{name}";
    String path = "/v1/dns/challenges/_acme-challenge.held.cdn.example";
    JsonNode set = call.of("PUT", template, path, "{'texts':['one','two']}");
    assertEquals(60, set.path("ttlSeconds").asInt());
    String again = "{'name':'_acme-challenge.held.cdn.example','texts':['three'],'ttlSeconds':5}";
    JsonNode changed = call.of("PUT", template, path, again);
    assertEquals(again.replace('\'', '"'), changed.toString());
    assertEquals(changed, call.of("GET", template, path));
    String host = "/v1/dns/challenges/_acme-challenge.held.example";
    call.of("PUT", template, host, "{'texts':['of a host of a site']}");
    JsonNode all = call.of("GET", "/v1/dns/challenges");
    assertEquals(
        List.of("_acme-challenge.held.cdn.example", "_acme-challenge.held.example"),
        all.path("items").findValuesAsText("name"));
    call.of("DELETE", template, path);
    call.of("DELETE", template, host);
    assertEquals(0, call.of("GET", "/v1/dns/challenges").path("items").size());
    String acme = "/v1/sites/{site}/acme";
    assertEquals("off", call.of("GET", acme, "/v1/sites/held/acme").path("state").asText());
    call.of("POST", acme + "/retry", "/v1/sites/held/acme/retry");
  }

  void together() throws Exception {
    String order =
        "{'sites':[{'id':'listed','hosts':['l.example'],'origins':['https://o.example']}]}";
    JsonNode applied = call.of("POST", "/v1/apply", "/v1/apply", order);
    assertEquals(1, applied.path("added").asInt());
    assertEquals(1, call.of("POST", "/v1/apply", "/v1/apply", order).path("same").asInt());
  }

  void tenants() throws Exception {
    String all = "/v1/organisations";
    call.of("POST", all, all, "{'id':'acme','name':'Acme Ltd'}");
    assertEquals(2, call.of("GET", all).path("items").size());
    assertEquals(
        "Acme Ltd", call.of("GET", all + "/{organisation}", all + "/acme").at("/name").asText());
    String hosts = "/v1/hosts";
    String order = "{'host':'*.acme.example','organisation':'acme'}";
    JsonNode asked = call.of("POST", hosts, hosts, order);
    api.hosts.texts.put(asked.path("txtName").asText(), asked.path("token").asText());
    String path = hosts + "/*.acme.example";
    assertEquals(asked, call.of("GET", hosts + "/{host}", path));
    JsonNode proved = call.of("POST", hosts + "/{host}/check", path + "/check");
    assertEquals("dns", proved.path("proof").asText());
    call.of("GET", hosts);
    call.of("POST", hosts + "/vouch", hosts + "/vouch", order);
    call.of("DELETE", hosts + "/{host}", path);
    String tokens = "/v1/tokens";
    String wanted = "{'name':'ci','role':'editor','lifeHours':24,'sites':['held']}";
    String token = call.of("POST", tokens, tokens, wanted).path("id").asText();
    call.of("GET", tokens);
    call.of("GET", tokens + "/{token}", tokens + "/" + token);
    assertEquals(2, call.of("GET", "/v1/audit", "/v1/audit?limit=2").path("items").size());
    call.of("DELETE", tokens + "/{token}", tokens + "/" + token);
    assertEquals("operator", call.of("GET", "/v1/self").path("role").asText());
    String signIns = "/v1/sign-ins";
    String person =
        "{'claim':'email','value':'Bea@people.example','role':'editor','sites':['held']}";
    JsonNode bea = call.of("POST", signIns, signIns, person);
    assertEquals("bea@people.example", bea.path("value").asText());
    String id = bea.path("id").asText();
    assertEquals(bea, call.of("GET", signIns + "/{signin}", signIns + "/" + id));
    assertEquals(1, call.of("GET", signIns).path("items").size());
    call.of("DELETE", signIns + "/{signin}", signIns + "/" + id);
    call.of("DELETE", all + "/{organisation}", all + "/acme");
  }

  /** A whole rotation of the edge CA, and one that is taken back. */
  void ca() throws Exception {
    String ca = "/v1/ca";
    String before = call.of("GET", ca).path("signing").path("fingerprint").asText();
    call.of("POST", ca + "/begin");
    assertEquals("steady", call.of("POST", ca + "/cancel").path("stage").asText());
    String next = call.of("POST", ca + "/begin").path("next").path("fingerprint").asText();
    JsonNode switched = call.of("POST", ca + "/switch", ca + "/switch", "{'force':true}");
    assertEquals(next, switched.path("signing").path("fingerprint").asText());
    assertEquals(before, switched.path("before").path("fingerprint").asText());
    JsonNode done = call.of("POST", ca + "/finish", ca + "/finish", "{'force':true}");
    assertEquals("steady", done.path("stage").asText());
  }

  /** A whole roll, and the zone is not signed any more. */
  void keys() throws Exception {
    String keys = "/v1/dns/keys";
    JsonNode first = call.of("POST", keys);
    assertEquals("signing", first.path("state").asText());
    String second = call.of("POST", keys).path("tag").asText();
    call.of("GET", keys + "/{key}", keys + "/" + second);
    api.later.set(Duration.ofMinutes(65));
    assertEquals("signing", call.of("POST", keys + "/roll").path("state").asText());
    for (String tag : List.of(first.path("tag").asText(), second)) {
      String path = keys + "/" + tag;
      call.of("POST", keys + "/{key}/ds-gone", path + "/ds-gone", "{'ttlSeconds':3600}");
      api.later.set(api.later.get().plusMinutes(65));
      call.of("DELETE", keys + "/{key}", path);
    }
    JsonNode none = call.of("GET", keys);
    assertEquals("cdn.example", none.path("zone").asText());
    assertEquals(0, none.path("items").size());
  }
}

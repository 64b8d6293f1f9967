package dev.perigee.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** The REST calls by which {@code perigee up} provisions its nodes and its demo site. */
final class ControlClient implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final int NOT_FOUND = 404;

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
  private final ObjectMapper json = new ObjectMapper();
  private final String api;
  private final String token;

  ControlClient(String api, String token) {
    this.api = api;
    this.token = token;
  }

  boolean hasNode(String name) throws LocalException, InterruptedException {
    return exists("/v1/nodes/" + name);
  }

  boolean isEnrolled(String name) throws LocalException, InterruptedException {
    return call("GET", "/v1/nodes/" + name, json.createObjectNode()).path("enrolled").asBoolean();
  }

  void addNode(EdgePlace edge) throws LocalException, InterruptedException {
    ObjectNode node = json.createObjectNode();
    node.put("name", edge.name()).put("region", edge.region());
    node.put("latitude", edge.latitude()).put("longitude", edge.longitude());
    node.putArray("addresses").add(edge.address());
    node.put("httpPort", EdgePlace.HTTP_PORT).put("httpsPort", EdgePlace.HTTPS_PORT);
    call("POST", "/v1/nodes", node);
  }

  /** A token by which this node may enrol once. */
  String joinToken(String name) throws LocalException, InterruptedException {
    ObjectNode nothing = json.createObjectNode();
    return call("POST", "/v1/nodes/" + name + "/join-token", nothing).path("token").asText();
  }

  boolean hasSite(String id) throws LocalException, InterruptedException {
    return exists("/v1/sites/" + id);
  }

  void addSite(String id, String host, String origin) throws LocalException, InterruptedException {
    ObjectNode site = json.createObjectNode().put("id", id);
    site.putArray("hosts").add(host);
    site.putArray("origins").add(origin);
    call("POST", "/v1/sites", site);
  }

  @Override
  public void close() {
    http.close();
  }

  private boolean exists(String path) throws LocalException, InterruptedException {
    HttpResponse<String> answer = send("GET", path, json.createObjectNode());
    if (answer.statusCode() == NOT_FOUND) {
      return false;
    }
    require("GET", path, answer);
    return true;
  }

  private JsonNode call(String method, String path, JsonNode body)
      throws LocalException, InterruptedException {
    HttpResponse<String> answer = send(method, path, body);
    require(method, path, answer);
    try {
      return json.readTree(answer.body());
    } catch (IOException e) {
      throw new LocalException("the control plane's answer to " + path + " is not JSON", e);
    }
  }

  private void require(String method, String path, HttpResponse<String> answer)
      throws LocalException {
    if (answer.statusCode() / 100 != 2) {
      throw new LocalException(
          "the control plane answered %s %s with %d: %s"
              .formatted(method, path, answer.statusCode(), answer.body()));
    }
  }

  private HttpResponse<String> send(String method, String path, JsonNode body)
      throws LocalException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(api + path))
            .timeout(TIMEOUT)
            .header("Authorization", "Bearer " + token)
            .header("Accept", "application/json");
    if (method.equals("GET")) {
      request.GET();
    } else {
      request.header("Content-Type", "application/json");
      request.method(method, HttpRequest.BodyPublishers.ofString(body.toString()));
    }
    try {
      return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new LocalException("the control plane does not answer at " + api + ": " + e, e);
    }
  }
}

package dev.perigee.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;

/** Speaks to the REST API; every failure says what to do. */
final class ApiClient {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration CONNECT = Duration.ofSeconds(3);
  private static final Duration ANSWER = Duration.ofSeconds(75);

  private static final int MAX_USER = 100;

  private final URI base;
  private final String token;
  private final String user;
  private final HttpClient client;

  private ApiClient(URI base, String token, String user) {
    this.base = base;
    this.token = token;
    this.user = user;
    this.client = HttpClient.newBuilder().connectTimeout(CONNECT).build();
  }

  /**
   * A client by option, environment and token file, in this order.
   *
   * @param api option, or empty
   * @param tokenFile option, or empty
   */
  static ApiClient of(Optional<String> api, Optional<Path> tokenFile, Map<String, String> env) {
    String url = api.orElse(env.getOrDefault("PERIGEE_API", "http://127.0.0.1:7070"));
    URI base;
    try {
      base = URI.create(url.endsWith("/") ? url : url + "/");
    } catch (IllegalArgumentException e) {
      throw new Failure(Failure.USAGE, "not a URL: " + url);
    }
    if (base.getScheme() == null || !base.getScheme().startsWith("http")) {
      throw new Failure(Failure.USAGE, "the API's URL must begin with http:// or https://: " + url);
    }
    return new ApiClient(base, token(tokenFile, env), user(env));
  }

  /** Who is named in the history of what is changed. */
  private static String user(Map<String, String> env) {
    String name = env.getOrDefault("PERIGEE_USER", System.getProperty("user.name", ""));
    String plain = name.replaceAll("[^ -~]", "?").strip();
    return plain.substring(0, Math.min(MAX_USER, plain.length()));
  }

  private static String token(Optional<Path> option, Map<String, String> env) {
    if (option.isEmpty() && env.containsKey("PERIGEE_TOKEN")) {
      return env.get("PERIGEE_TOKEN").strip();
    }
    Optional<Path> file = option.or(() -> found(env));
    if (file.isEmpty()) {
      throw new Failure(
          Failure.REFUSED,
          "no token: set PERIGEE_TOKEN, or run where .perigee/token lies, or give"
              + " --token-file");
    }
    try {
      return Files.readString(file.get()).strip();
    } catch (IOException e) {
      throw new Failure(Failure.REFUSED, "the token in " + file.get() + " cannot be read");
    }
  }

  /** The token that {@code perigee up} wrote: here or in a folder above. */
  private static Optional<Path> found(Map<String, String> env) {
    if (env.containsKey("PERIGEE_DIR")) {
      return Optional.of(Path.of(env.get("PERIGEE_DIR"), "token"));
    }
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path file = at.resolve(".perigee").resolve("token");
      if (Files.exists(file)) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }

  JsonNode get(String path) {
    return send("GET", path, Optional.empty(), Map.of());
  }

  /** A list whole: its pages one after the other, as one answer. */
  ObjectNode list(String path) {
    ObjectNode whole = get(path).deepCopy();
    ArrayNode items = whole.withArray("items");
    for (String next = next(whole); !next.isEmpty(); ) {
      char before = path.indexOf('?') < 0 ? '?' : '&';
      JsonNode page = get(path + before + "after=" + part(next));
      page.path("items").forEach(items::add);
      next = next(page);
    }
    whole.remove("next");
    return whole;
  }

  private static String next(JsonNode page) {
    return page.path("next").asText();
  }

  JsonNode post(String path, Optional<Map<String, ?>> body) {
    return send("POST", path, body, Map.of());
  }

  JsonNode post(String path, Map<String, ?> body, Map<String, String> fields) {
    return send("POST", path, Optional.of(body), fields);
  }

  JsonNode put(String path, Map<String, ?> body) {
    return send("PUT", path, Optional.of(body), Map.of());
  }

  void delete(String path) {
    send("DELETE", path, Optional.empty(), Map.of());
  }

  private JsonNode send(
      String method, String path, Optional<Map<String, ?>> body, Map<String, String> fields) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(base.resolve(path))
            .timeout(ANSWER)
            .header("Authorization", "Bearer " + token)
            .header("Accept", "application/json")
            .header("Perigee-User", user);
    try {
      fields.forEach(request::header);
      if (body.isPresent()) {
        request.header("Content-Type", "application/json");
        String text = JSON.writeValueAsString(body.get());
        request.method(method, HttpRequest.BodyPublishers.ofString(text));
      } else {
        request.method(method, HttpRequest.BodyPublishers.noBody());
      }
      HttpResponse<String> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return answer(response);
    } catch (IOException e) {
      throw new Failure(
          Failure.UNREACHABLE,
          "no control plane answers at " + base + " (is it up? PERIGEE_API names another)");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure(Failure.UNREACHABLE, "interrupted");
    } catch (IllegalArgumentException e) {
      throw new Failure(Failure.USAGE, "the token or an argument holds what cannot be sent");
    }
  }

  private static JsonNode answer(HttpResponse<String> response) throws JsonProcessingException {
    JsonNode body =
        response.body().isEmpty() ? JSON.createObjectNode() : JSON.readTree(response.body());
    if (response.statusCode() < 300) {
      return body;
    }
    StringBuilder message = new StringBuilder();
    JsonNode errors = body.path("errors");
    if (errors.isEmpty()) {
      message.append(body.path("detail").asText("refused with status " + response.statusCode()));
    }
    for (JsonNode error : errors) {
      message.append(message.isEmpty() ? "" : "\n");
      message.append(error.path("field").asText()).append(' ');
      message.append(error.path("reason").asText());
    }
    int code = response.statusCode() == 503 ? Failure.UNREACHABLE : Failure.REFUSED;
    throw new Failure(code, message.toString());
  }

  /** A query of two parameters, as far as they have values. */
  static String query(
      String name, Optional<String> value, String other, Optional<String> otherValue) {
    StringJoiner query = new StringJoiner("&", "?", "").setEmptyValue("");
    value.ifPresent(text -> query.add(name + "=" + part(text)));
    otherValue.ifPresent(text -> query.add(other + "=" + part(text)));
    return query.toString();
  }

  /** A path's part, escaped. */
  static String part(String text) {
    return java.net.URLEncoder.encode(text, java.nio.charset.StandardCharsets.UTF_8)
        .replace("+", "%20");
  }
}

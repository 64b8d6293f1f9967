package dev.perigee.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URLConnection;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocketFactory;

/** Speaks to the REST API; every failure says what to do. */
final class ApiClient {
  private static final int CONNECT_MILLIS = 3_000;
  private static final int ANSWER_MILLIS = 75_000;

  private static final int MAX_USER = 100;
  private static final int MAX_ANSWER = 256 << 20;

  private final Target target;
  private final String user;
  private final Optional<SSLSocketFactory> trust;

  private ApiClient(Target target, String user) {
    this.target = target;
    this.user = user;
    this.trust = target.caFile().map(Trust::with);
  }

  /** A client for this control plane. */
  static ApiClient of(Target target, Map<String, String> env) {
    return new ApiClient(target, user(env));
  }

  /** Who is named in the history of what is changed. */
  private static String user(Map<String, String> env) {
    String name = env.getOrDefault("PERIGEE_USER", System.getProperty("user.name", ""));
    String plain = name.replaceAll("[^ -~]", "?").strip();
    return plain.substring(0, Math.min(MAX_USER, plain.length()));
  }

  JsonNode get(String path) {
    return send("GET", path, Optional.empty(), Map.of());
  }

  /** A list whole: its pages one after the other, as one answer. */
  ObjectNode list(String path) {
    AtomicInteger read = new AtomicInteger();
    try (Waiting _ = Waiting.of(() -> "%d read".formatted(read.get()))) {
      ObjectNode whole = get(path).deepCopy();
      ArrayNode items = whole.withArray("items");
      for (String next = next(whole); !next.isEmpty(); ) {
        read.set(items.size());
        char before = path.indexOf('?') < 0 ? '?' : '&';
        JsonNode page = get(path + before + "after=" + part(next));
        page.path("items").forEach(items::add);
        next = next(page);
      }
      whole.remove("next");
      return whole;
    }
  }

  private static String next(JsonNode page) {
    return page.path("next").asText();
  }

  JsonNode post(String path, Optional<Map<String, ?>> body) {
    return change("POST", path, body, Map.of());
  }

  JsonNode post(String path, Map<String, ?> body, Map<String, String> fields) {
    return change("POST", path, Optional.of(body), fields);
  }

  JsonNode put(String path, Map<String, ?> body) {
    return change("PUT", path, Optional.of(body), Map.of());
  }

  void delete(String path) {
    change("DELETE", path, Optional.empty(), Map.of());
  }

  private JsonNode change(
      String method, String path, Optional<Map<String, ?>> body, Map<String, String> fields) {
    try (Waiting _ = Waiting.of(() -> "the control plane works on it")) {
      return send(method, path, body, fields);
    }
  }

  private JsonNode send(
      String method, String path, Optional<Map<String, ?>> body, Map<String, String> fields) {
    Answer answer = exchange(method, path, body, fields);
    if (answer.status() < 300) {
      return answer.body();
    }
    int code = answer.status() == 503 ? Failure.UNREACHABLE : Failure.REFUSED;
    throw new Failure(
        code,
        sentence(answer) + Trouble.next(answer.status(), answer.field("Retry-After"), target));
  }

  /**
   * One answer.
   *
   * @param body an empty object where there is none
   * @param fields by name in lower case
   * @param chain of the server, the leaf first; empty without TLS
   */
  record Answer(
      int status, JsonNode body, Map<String, String> fields, List<X509Certificate> chain) {
    Optional<String> field(String name) {
      return Optional.ofNullable(fields.get(name.toLowerCase(Locale.ROOT)));
    }
  }

  /** Asks once, and takes any answer. */
  Answer exchange(
      String method, String path, Optional<Map<String, ?>> body, Map<String, String> fields) {
    try {
      HttpURLConnection connection = open(method, path);
      fields.forEach(connection::setRequestProperty);
      if (body.isPresent()) {
        connection.setRequestProperty("Content-Type", "application/json");
      }
      if (!method.equals("GET")) {
        write(connection, body.isPresent() ? Json.write(body.get()) : new byte[0]);
      }
      return answer(connection);
    } catch (JsonProcessingException e) {
      throw new Failure(
          Failure.UNREACHABLE,
          "what answers at %s is no control plane: is --api right?".formatted(target.base()));
    } catch (IOException e) {
      throw Trouble.of(e, target);
    } catch (IllegalArgumentException e) {
      throw new Failure(Failure.USAGE, "the token or an argument holds what cannot be sent");
    }
  }

  /**
   * Sends a change. The JDK sends a request again by itself where the connection ends without an
   * answer, but never one whose length it was told: the first one may have been carried out.
   */
  private static void write(HttpURLConnection connection, byte[] body) throws IOException {
    connection.setDoOutput(true);
    connection.setFixedLengthStreamingMode(body.length);
    try (OutputStream out = connection.getOutputStream()) {
      out.write(body);
    }
  }

  private HttpURLConnection open(String method, String path) throws IOException {
    URLConnection opened = target.base().resolve(path).toURL().openConnection();
    if (!(opened instanceof HttpURLConnection connection)) {
      throw new IllegalArgumentException("no HTTP");
    }
    if (connection instanceof HttpsURLConnection secure) {
      trust.ifPresent(secure::setSSLSocketFactory);
    }
    connection.setRequestMethod(method);
    connection.setInstanceFollowRedirects(false);
    connection.setUseCaches(false);
    connection.setConnectTimeout(CONNECT_MILLIS);
    connection.setReadTimeout(ANSWER_MILLIS);
    connection.setRequestProperty("Authorization", "Bearer " + target.token());
    connection.setRequestProperty("Accept", "application/json");
    connection.setRequestProperty("Perigee-User", user);
    return connection;
  }

  private static Answer answer(HttpURLConnection connection) throws IOException {
    int status = connection.getResponseCode();
    Map<String, String> fields = new HashMap<>();
    connection
        .getHeaderFields()
        .forEach(
            (name, values) -> {
              if (name != null) {
                fields.put(name.toLowerCase(Locale.ROOT), values.getFirst());
              }
            });
    List<X509Certificate> chain = new ArrayList<>();
    if (connection instanceof HttpsURLConnection secure) {
      for (Certificate one : secure.getServerCertificates()) {
        chain.add((X509Certificate) one);
      }
    }
    byte[] bytes = new byte[0];
    try (InputStream in =
        status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
      if (in != null) {
        bytes = in.readNBytes(MAX_ANSWER);
      }
    }
    JsonNode body = bytes.length == 0 ? Json.object() : Json.read(bytes);
    return new Answer(status, body, fields, chain);
  }

  private static String sentence(Answer answer) {
    JsonNode body = answer.body();
    StringBuilder message = new StringBuilder();
    JsonNode errors = body.path("errors");
    if (errors.isEmpty()) {
      message.append(body.path("detail").asText("refused with status " + answer.status()));
    }
    for (JsonNode error : errors) {
      message.append(message.isEmpty() ? "" : "\n");
      message.append(error.path("field").asText()).append(' ');
      message.append(error.path("reason").asText());
    }
    return message.toString();
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
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}

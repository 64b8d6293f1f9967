package dev.perigee.control.signin;

import com.nimbusds.oauth2.sdk.http.HTTPRequestSender;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.http.ReadOnlyHTTPRequest;
import com.nimbusds.oauth2.sdk.http.ReadOnlyHTTPResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import javax.net.ssl.SSLContext;

/** Requests to the provider: bounded in time and size, and never led elsewhere. */
final class BoundedHttp implements HTTPRequestSender, AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int MOST_BYTES = 1 << 20;

  /** What the client sets itself. */
  private static final Set<String> OWN = Set.of("content-length", "host", "connection");

  private final HttpClient client;

  BoundedHttp(SSLContext tls) {
    client =
        HttpClient.newBuilder()
            .sslContext(tls)
            .connectTimeout(PATIENCE)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
  }

  /** What lies there; only an answer 200 is one. */
  String get(URI from) throws IOException {
    HttpResponse<InputStream> response =
        send(HttpRequest.newBuilder(from).timeout(PATIENCE).header("Accept", "application/json"));
    String body = body(response);
    if (response.statusCode() != 200) {
      throw new IOException(from + " answers " + response.statusCode());
    }
    return body;
  }

  @Override
  public ReadOnlyHTTPResponse send(ReadOnlyHTTPRequest request) throws IOException {
    try {
      HttpRequest.Builder builder =
          HttpRequest.newBuilder(request.getURL().toURI()).timeout(PATIENCE);
      request
          .getHeaderMap()
          .forEach(
              (name, values) -> {
                if (!OWN.contains(name.toLowerCase(java.util.Locale.ROOT))) {
                  values.forEach(value -> builder.header(name, value));
                }
              });
      String body = request.getBody();
      builder.method(
          request.getMethod().name(),
          body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
      HttpResponse<InputStream> got = send(builder);
      HTTPResponse response = new HTTPResponse(got.statusCode());
      String text = body(got);
      got.headers()
          .firstValue("Content-Type")
          .ifPresent(type -> response.setHeader("Content-Type", type));
      response.setBody(text);
      return response;
    } catch (URISyntaxException e) {
      throw new IOException("not a URL: " + request.getURL(), e);
    }
  }

  private HttpResponse<InputStream> send(HttpRequest.Builder request) throws IOException {
    try {
      return client.send(request.build(), BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("stopped");
    }
  }

  private static String body(HttpResponse<InputStream> response) throws IOException {
    try (InputStream in = response.body()) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new IOException(response.uri() + " answers with more than " + MOST_BYTES + " bytes");
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}

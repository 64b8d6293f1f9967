package dev.perigee.control.signin;

import com.nimbusds.oauth2.sdk.http.HTTPRequestSender;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.http.ReadOnlyHTTPRequest;
import com.nimbusds.oauth2.sdk.http.ReadOnlyHTTPResponse;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
    HttpResponse<String> response =
        send(HttpRequest.newBuilder(from).timeout(PATIENCE).header("Accept", "application/json"));
    if (response.statusCode() != 200) {
      throw new IOException(from + " answers " + response.statusCode());
    }
    return response.body();
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
      HttpResponse<String> got = send(builder);
      HTTPResponse response = new HTTPResponse(got.statusCode());
      got.headers()
          .firstValue("Content-Type")
          .ifPresent(type -> response.setHeader("Content-Type", type));
      response.setBody(got.body());
      return response;
    } catch (URISyntaxException e) {
      throw new IOException("not a URL: " + request.getURL(), e);
    }
  }

  /** Until the whole answer is here: the time of a request ends with the head of its answer. */
  private HttpResponse<String> send(HttpRequest.Builder builder) throws IOException {
    HttpRequest request = builder.build();
    BodyHandler<String> bounded =
        head ->
            BodySubscribers.limiting(BodySubscribers.ofString(StandardCharsets.UTF_8), MOST_BYTES);
    CompletableFuture<HttpResponse<String>> answer = client.sendAsync(request, bounded);
    try {
      return answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IOException(request.uri() + " takes more than " + PATIENCE.toSeconds() + " s", e);
    } catch (ExecutionException e) {
      throw new IOException(request.uri() + ": " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("stopped");
    } finally {
      answer.cancel(true);
    }
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}

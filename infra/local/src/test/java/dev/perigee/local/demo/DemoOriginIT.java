package dev.perigee.local.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.time.InstantSource;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DemoOriginIT {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

  private final HttpClient http = HttpClient.newHttpClient();
  private final DemoOrigin origin;

  DemoOriginIT() throws IOException {
    origin = start();
  }

  private static DemoOrigin start() throws IOException {
    return DemoOrigin.start(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), InstantSource.fixed(NOW));
  }

  @BeforeEach
  void isListening() {
    assertTrue(origin.address().getPort() > 0);
  }

  @AfterEach
  void close() {
    origin.close();
    http.close();
  }

  @Test
  void aProductPageMayBeKeptAndCarriesItsTag() throws Exception {
    HttpResponse<String> page = get("/products/7");

    assertEquals(200, page.statusCode());
    assertEquals("public, max-age=60", field(page, "Cache-Control"));
    assertEquals("products product-7", field(page, "Surrogate-Key"));
    assertTrue(page.body().contains("Wide eyepiece"));
  }

  @Test
  void everyPageAndPictureThatTheShopLinksIsThere() throws Exception {
    Matcher links = Pattern.compile("(?:href|src)=\"(/[^\"]*)\"").matcher(get("/").body());
    int count = 0;
    while (links.find()) {
      assertEquals(200, head(links.group(1)).statusCode(), links.group(1));
      count++;
    }
    assertTrue(count > 20, "links: " + count);
  }

  @Test
  void aValidatorThatStillHoldsIsAnsweredWith304() throws Exception {
    String etag = field(get("/assets/site.css"), "ETag");
    HttpRequest again = request("/assets/site.css").header("If-None-Match", etag).build();

    assertEquals(304, http.send(again, HttpResponse.BodyHandlers.discarding()).statusCode());
  }

  @Test
  void theLargeFileIsTheSameWholeAndInRanges() throws Exception {
    LargeFile file = new LargeFile(LargeFile.DEMO_LENGTH);
    long from = 70_001;
    HttpRequest part = request("/large.bin").header("Range", "bytes=" + from + "-70010").build();
    HttpResponse<byte[]> answer = http.send(part, HttpResponse.BodyHandlers.ofByteArray());

    assertEquals(206, answer.statusCode());
    assertEquals(10, answer.body().length);
    for (int i = 0; i < answer.body().length; i++) {
      assertEquals(file.at(from + i), answer.body()[i]);
    }
    assertEquals(LargeFile.DEMO_LENGTH, length("/large.bin"));
  }

  @Test
  void anUncacheablePageShowsTheTime() throws Exception {
    HttpResponse<String> page = get("/uncacheable");

    assertEquals("no-store", field(page, "Cache-Control"));
    assertTrue(page.body().contains(NOW.toString()));
  }

  @Test
  void theSlowPageComesWhole() throws Exception {
    assertEquals(8, get("/slow").body().lines().count());
  }

  @Test
  void theOriginShowsWhatReachedIt() throws Exception {
    HttpRequest asked = request("/whoami?a=1").header("X-Asked", "yes").build();
    String body = http.send(asked, HttpResponse.BodyHandlers.ofString()).body();

    assertTrue(body.startsWith("GET /whoami?a=1\nfrom 127.0.0.1\n"), body);
    assertTrue(body.contains("X-asked: yes"), body);
  }

  @Test
  void anUnknownPageIs404AndAnotherMethod405() throws Exception {
    HttpRequest post =
        request("/").method("POST", HttpRequest.BodyPublishers.ofString("x")).build();

    assertEquals(404, get("/nothing").statusCode());
    assertEquals(405, http.send(post, HttpResponse.BodyHandlers.discarding()).statusCode());
  }

  private long length(String path) throws Exception {
    HttpResponse<InputStream> answer =
        http.send(request(path).build(), HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream body = answer.body()) {
      return body.transferTo(java.io.OutputStream.nullOutputStream());
    }
  }

  private HttpResponse<String> get(String path) throws Exception {
    return http.send(request(path).build(), HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<Void> head(String path) throws Exception {
    HttpRequest head = request(path).method("HEAD", HttpRequest.BodyPublishers.noBody()).build();
    return http.send(head, HttpResponse.BodyHandlers.discarding());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(
        URI.create("http://127.0.0.1:" + origin.address().getPort() + path));
  }

  private static String field(HttpResponse<?> answer, String name) {
    return answer.headers().firstValue(name).orElse("");
  }
}

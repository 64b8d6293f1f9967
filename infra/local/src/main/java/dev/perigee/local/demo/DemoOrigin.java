package dev.perigee.local.demo;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * The demo shop as an HTTP server, one virtual thread for each exchange. Pages and files come with
 * {@code max-age}, {@code ETag}, {@code Last-Modified} and {@code Surrogate-Key}; besides:
 *
 * <pre>
 * /large.bin     64 MiB, with ranges
 * /slow          two seconds, in pieces
 * /uncacheable   no-store, and the time
 * /whoami        no-store, the request's own header as it reached the origin
 * </pre>
 */
public final class DemoOrigin implements AutoCloseable {
  private static final String NO_STORE = "no-store";
  private static final int SLOW_PIECES = 8;
  private static final Duration SLOW_PAUSE = Duration.ofMillis(250);
  private static final String MODIFIED =
      DateTimeFormatter.RFC_1123_DATE_TIME.format(
          ZonedDateTime.of(2026, 11, 1, 0, 0, 0, 0, ZoneOffset.UTC));

  private final HttpServer server;
  private final ExecutorService executor;
  private final InstantSource clock;
  private final Catalogue catalogue = new Catalogue();
  private final LargeFile large = new LargeFile(LargeFile.DEMO_LENGTH);
  private final CountDownLatch closed = new CountDownLatch(1);

  private DemoOrigin(HttpServer server, ExecutorService executor, InstantSource clock) {
    this.server = server;
    this.executor = executor;
    this.clock = clock;
  }

  /** Listens, port 0 for any, and answers at once. */
  public static DemoOrigin start(InetSocketAddress address, InstantSource clock)
      throws IOException {
    // Without it every small answer waits for the reader's delayed acknowledgement.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    HttpServer server = HttpServer.create(address, 0);
    ExecutorService executor =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("demo-origin-", 0).factory());
    DemoOrigin origin = new DemoOrigin(server, executor, clock);
    server.createContext("/", origin::handle);
    server.setExecutor(executor);
    server.start();
    return origin;
  }

  public InetSocketAddress address() {
    return server.getAddress();
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    executor.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().skip(Long.MAX_VALUE);
      String method = exchange.getRequestMethod();
      if (!method.equals("GET") && !method.equals("HEAD")) {
        exchange.getResponseHeaders().set("Allow", "GET, HEAD");
        text(exchange, 405, "Only GET and HEAD are known here.\n");
        return;
      }
      switch (exchange.getRequestURI().getPath()) {
        case "/large.bin" -> large(exchange);
        case "/slow" -> slow(exchange);
        case "/uncacheable" -> uncacheable(exchange);
        case "/whoami" -> whoami(exchange);
        case String path -> resource(exchange, path);
      }
    }
  }

  private void resource(HttpExchange exchange, String path) throws IOException {
    Optional<Resource> found = catalogue.at(path);
    if (found.isEmpty()) {
      exchange.getResponseHeaders().set("Cache-Control", "public, max-age=10");
      String body = "<h1>Nothing here</h1><p><a href=\"/\">Back to the shop</a></p>";
      html(exchange, 404, catalogue.inPage("Not found", body));
      return;
    }
    Resource resource = found.get();
    Headers fields = exchange.getResponseHeaders();
    fields.set("Cache-Control", resource.cacheControl());
    fields.set("Surrogate-Key", String.join(" ", resource.tags()));
    fields.set("ETag", resource.etag());
    fields.set("Last-Modified", MODIFIED);
    if (isUnchanged(exchange, resource.etag())) {
      exchange.sendResponseHeaders(304, -1);
      return;
    }
    fields.set("Content-Type", resource.contentType());
    send(exchange, 200, resource.body());
  }

  private void large(HttpExchange exchange) throws IOException {
    Headers fields = exchange.getResponseHeaders();
    fields.set("Cache-Control", "public, max-age=3600");
    fields.set("ETag", large.etag());
    fields.set("Last-Modified", MODIFIED);
    fields.set("Accept-Ranges", "bytes");
    if (isUnchanged(exchange, large.etag())) {
      exchange.sendResponseHeaders(304, -1);
      return;
    }
    fields.set("Content-Type", "application/octet-stream");
    Optional<ByteRange> range =
        field(exchange, "Range").flatMap(text -> ByteRange.parse(text, large.length()));
    ByteRange sent = range.orElse(new ByteRange(0, large.length() - 1));
    range.ifPresent(
        part ->
            fields.set(
                "Content-Range", "bytes " + part.from() + "-" + part.to() + "/" + large.length()));
    int status = range.isPresent() ? 206 : 200;
    if (isHead(exchange)) {
      fields.set("Content-Length", Long.toString(sent.length()));
      exchange.sendResponseHeaders(status, -1);
      return;
    }
    exchange.sendResponseHeaders(status, sent.length());
    try (OutputStream out = exchange.getResponseBody()) {
      large.write(out, sent.from(), sent.to());
    }
  }

  private void slow(HttpExchange exchange) throws IOException {
    Headers fields = exchange.getResponseHeaders();
    fields.set("Content-Type", "text/plain; charset=utf-8");
    fields.set("Cache-Control", "public, max-age=30");
    fields.set("Surrogate-Key", "slow");
    exchange.sendResponseHeaders(200, isHead(exchange) ? -1 : 0);
    if (isHead(exchange)) {
      return;
    }
    try (OutputStream out = exchange.getResponseBody()) {
      for (int piece = 1; piece <= SLOW_PIECES; piece++) {
        if (closed.await(SLOW_PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
          return;
        }
        String line = "Piece " + piece + " of " + SLOW_PIECES + ", a quarter of a second each.\n";
        out.write(line.getBytes(StandardCharsets.UTF_8));
        out.flush();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void uncacheable(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("Cache-Control", NO_STORE);
    String body =
        "<h1>Made for you alone</h1><p>The origin's clock says <strong>"
            + clock.instant()
            + "</strong>. Load this again: the time moves on, for nobody may keep this page.</p>";
    html(exchange, 200, catalogue.inPage("Uncacheable", body));
  }

  private void whoami(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().set("Cache-Control", NO_STORE);
    StringBuilder text = new StringBuilder();
    text.append(exchange.getRequestMethod()).append(' ').append(exchange.getRequestURI());
    text.append("\nfrom ").append(exchange.getRemoteAddress().getAddress().getHostAddress());
    text.append('\n');
    new TreeMap<>(exchange.getRequestHeaders())
        .forEach((name, values) -> values.forEach(v -> line(text, name, v)));
    text(exchange, 200, text.toString());
  }

  private static void line(StringBuilder text, String name, String value) {
    text.append('\n').append(name).append(": ").append(value);
  }

  /** RFC 9110, section 13.2.2: If-None-Match wins over If-Modified-Since. */
  private static boolean isUnchanged(HttpExchange exchange, String etag) {
    Optional<String> tags = field(exchange, "If-None-Match");
    if (tags.isPresent()) {
      return tags.get().equals("*") || tags.get().contains(etag);
    }
    return field(exchange, "If-Modified-Since").filter(MODIFIED::equals).isPresent();
  }

  private static void html(HttpExchange exchange, int status, String body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
    send(exchange, status, body.getBytes(StandardCharsets.UTF_8));
  }

  private static void text(HttpExchange exchange, int status, String body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
    send(exchange, status, body.getBytes(StandardCharsets.UTF_8));
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    if (isHead(exchange)) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
      exchange.sendResponseHeaders(status, -1);
      return;
    }
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  private static boolean isHead(HttpExchange exchange) {
    return exchange.getRequestMethod().equals("HEAD");
  }

  private static Optional<String> field(HttpExchange exchange, String name) {
    return Optional.ofNullable(exchange.getRequestHeaders().getFirst(name));
  }
}

package dev.perigee.e2e;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The JDK's own HTTP server, for machines without nginx. */
final class JdkOrigin implements Origin {
  private final Map<String, Long> fetches = new ConcurrentHashMap<>();
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server;

  private JdkOrigin(HttpServer server) {
    this.server = server;
  }

  static JdkOrigin start(String address, int port) throws IOException {
    JdkOrigin origin = new JdkOrigin(HttpServer.create(new InetSocketAddress(address, port), 0));
    origin.server.createContext("/", origin::answer);
    origin.server.setExecutor(origin.executor);
    origin.server.start();
    return origin;
  }

  @Override
  public String url() {
    InetSocketAddress address = server.getAddress();
    return "http://" + address.getAddress().getHostAddress() + ":" + address.getPort();
  }

  @Override
  public long fetches(String target) {
    return fetches.getOrDefault(target, 0L);
  }

  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String target = exchange.getRequestURI().toString();
      fetches.merge(target, 1L, Long::sum);
      String host = exchange.getRequestHeaders().getFirst("Host");
      byte[] body = ("this is " + target + " of " + host + "\n").getBytes(StandardCharsets.UTF_8);
      // Longer than a day, which is how old it seems where a clock is a day ahead.
      exchange.getResponseHeaders().set("Cache-Control", "public, max-age=864000");
      exchange.getResponseHeaders().set("Surrogate-Key", target.split("/", 3)[1]);
      exchange.getResponseHeaders().set("ETag", "\"v1\"");
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
  }
}

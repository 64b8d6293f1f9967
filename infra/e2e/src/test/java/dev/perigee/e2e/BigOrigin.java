package dev.perigee.e2e;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.perigee.local.demo.LargeFile;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An origin of large objects: {@code /<anything>/<length>} answers with that many bytes of a {@link
 * LargeFile}, cacheable for an hour, once the request has come whole.
 */
final class BigOrigin implements AutoCloseable {
  private final AtomicLong fetches = new AtomicLong();
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server;

  private BigOrigin(HttpServer server) {
    this.server = server;
  }

  static BigOrigin start(String address, int port) throws IOException {
    BigOrigin origin = new BigOrigin(HttpServer.create(new InetSocketAddress(address, port), 0));
    origin.server.createContext("/", origin::answer);
    origin.server.setExecutor(origin.executor);
    origin.server.start();
    return origin;
  }

  String url() {
    InetSocketAddress address = server.getAddress();
    return "http://" + address.getAddress().getHostAddress() + ":" + address.getPort();
  }

  long fetches() {
    return fetches.get();
  }

  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      LargeFile file = new LargeFile(Long.parseLong(path.substring(path.lastIndexOf('/') + 1)));
      fetches.incrementAndGet();
      exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
      exchange.getResponseHeaders().set("Cache-Control", "public, max-age=3600");
      exchange.getResponseHeaders().set("ETag", file.etag());
      exchange.sendResponseHeaders(200, file.length());
      try (OutputStream body = exchange.getResponseBody()) {
        file.write(body, 0, file.length() - 1);
      }
    }
  }
}

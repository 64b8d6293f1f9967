package dev.perigee.control.telemetry;

import io.undertow.Undertow;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import java.net.InetSocketAddress;
import org.xnio.Options;

/** {@code /metrics} over plain HTTP, on an address of its own. */
public final class MetricsListener implements AutoCloseable {
  private static final String PATH = "/metrics";

  private final ControlMetrics metrics;
  private final Undertow server;

  /**
   * A listener that is not started.
   *
   * @param port 0 picks a free one
   */
  public MetricsListener(String address, int port, ControlMetrics metrics) {
    this.metrics = metrics;
    this.server =
        Undertow.builder()
            .setIoThreads(1)
            .setWorkerThreads(2)
            .setWorkerOption(Options.WORKER_NAME, "control-metrics")
            .addHttpListener(port, address)
            .setHandler(this::receive)
            .build();
  }

  /** Binds and accepts; throws {@link RuntimeException} around a BindException when it cannot. */
  public void start() {
    server.start();
  }

  public int port() {
    return ((InetSocketAddress) server.getListenerInfo().getFirst().getAddress()).getPort();
  }

  @Override
  public void close() {
    server.stop();
  }

  private void receive(HttpServerExchange exchange) {
    if (exchange.isInIoThread()) {
      exchange.dispatch(this::receive);
      return;
    }
    String method = exchange.getRequestMethod().toString();
    if (!exchange.getRequestPath().equals(PATH)) {
      send(exchange, 404, "text/plain", "There is " + PATH + ".\n");
    } else if (!method.equals("GET") && !method.equals("HEAD")) {
      send(exchange, 405, "text/plain", "GET only.\n");
    } else {
      send(exchange, 200, "text/plain; version=0.0.4", metrics.scrape());
    }
  }

  private static void send(HttpServerExchange exchange, int status, String type, String body) {
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, type);
    exchange.getResponseSender().send(body);
  }
}

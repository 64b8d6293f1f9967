package dev.perigee.edge.listener;

import io.undertow.Undertow;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.function.Supplier;
import org.xnio.Options;

/** The operator's side of the node: a few pages over plain HTTP, on an address of its own. */
public final class AdminListener implements AutoCloseable {
  private final Map<String, Supplier<Page>> pages;
  private final Undertow server;

  /** One answer. */
  public record Page(int status, String contentType, String body) {}

  /**
   * A listener that is not started.
   *
   * @param port 0 picks a free one
   * @param pages by path; each is made anew on a thread that may block
   */
  public AdminListener(String address, int port, Map<String, Supplier<Page>> pages) {
    this.pages = Map.copyOf(pages);
    this.server =
        Undertow.builder()
            .setIoThreads(1)
            .setWorkerThreads(2)
            .setWorkerOption(Options.WORKER_NAME, "edge-admin")
            .addHttpListener(port, address)
            .setHandler(this::receive)
            .build();
  }

  /** Binds and accepts; throws {@link RuntimeException} around a BindException when it cannot. */
  public void start() {
    server.start();
  }

  public InetSocketAddress bound() {
    return (InetSocketAddress) server.getListenerInfo().getFirst().getAddress();
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
    Supplier<Page> maker = pages.get(exchange.getRequestPath());
    String method = exchange.getRequestMethod().toString();
    Page page;
    if (maker == null) {
      page = new Page(404, "text/plain", "There is " + pages.keySet() + ".\n");
    } else if (!method.equals("GET") && !method.equals("HEAD")) {
      page = new Page(405, "text/plain", "GET only.\n");
    } else {
      page = maker.get();
    }
    exchange.setStatusCode(page.status());
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, page.contentType());
    exchange.getResponseSender().send(page.body());
  }
}

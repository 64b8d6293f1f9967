package dev.perigee.control.api;

import dev.perigee.contract.HostName;
import dev.perigee.control.tls.ChallengeAnswers;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import org.xnio.Options;

/**
 * A plain port that answers certificate authorities, sends who asks for a host of the API to https,
 * and does nothing else.
 */
public final class ChallengePort implements AutoCloseable {
  private static final int PERMANENT = 308;
  private static final int HTTPS = 443;

  private final ChallengeAnswers answers;
  private final List<String> hosts;
  private final int tlsPort;
  private final Undertow server;

  /**
   * One that is not started.
   *
   * @param port 0 picks a free one
   * @param hosts of the API
   * @param tlsPort where that is
   */
  public ChallengePort(
      String address, int port, ChallengeAnswers answers, List<String> hosts, int tlsPort) {
    this.answers = answers;
    this.hosts = List.copyOf(hosts);
    this.tlsPort = tlsPort;
    this.server =
        Undertow.builder()
            .setIoThreads(1)
            .setWorkerThreads(1)
            .setWorkerOption(Options.WORKER_NAME, "acme-http")
            .setServerOption(UndertowOptions.DECODE_URL, false)
            .setServerOption(UndertowOptions.MAX_HEADER_SIZE, 8 * 1024)
            .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, 1L)
            .setServerOption(UndertowOptions.NO_REQUEST_TIMEOUT, 10_000)
            .setServerOption(UndertowOptions.REQUEST_PARSE_TIMEOUT, 10_000)
            .addHttpListener(port, address)
            .setHandler(this::answer)
            .build();
  }

  /** Binds and answers; throws {@link RuntimeException} around a BindException when it cannot. */
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

  private void answer(HttpServerExchange exchange) {
    String path = exchange.getRequestPath();
    Optional<String> host = HostName.normalise(exchange.getHostName());
    Optional<String> proof = host.flatMap(name -> answers.answer(name, path));
    if (proof.isPresent()) {
      send(exchange, 200, "application/octet-stream", proof.get());
    } else if (host.filter(hosts::contains).isPresent() && path.startsWith("/")) {
      String query = exchange.getQueryString();
      exchange.setStatusCode(PERMANENT);
      exchange
          .getResponseHeaders()
          .put(
              Headers.LOCATION,
              "https://"
                  + host.get()
                  + (tlsPort == HTTPS ? "" : ":" + tlsPort)
                  + path
                  + (query.isEmpty() ? "" : "?" + query));
      exchange.endExchange();
    } else {
      send(exchange, 421, "text/plain", "421 There is nothing of this host here.\n");
    }
  }

  private static void send(HttpServerExchange exchange, int status, String type, String body) {
    exchange.setStatusCode(status);
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, type);
    exchange.getResponseSender().send(body);
  }
}

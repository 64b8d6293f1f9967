package dev.perigee.control.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.perigee.control.pki.Caller;
import dev.perigee.control.store.AuditLog;
import dev.perigee.control.store.OutageLog;
import dev.perigee.control.store.StoreException;
import dev.perigee.control.tls.ServerTls;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.RoutingHandler;
import io.undertow.server.handlers.BlockingHandler;
import io.undertow.util.DateUtils;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.PathTemplateMatch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Date;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.Options;
import org.xnio.Sequence;

/** The API's listener: routes, tokens, limits, and a problem for whatever goes wrong. */
public final class ApiServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ApiServer.class);
  private static final long MAX_BODY = 1 << 20;
  private static final OutageLog OUTAGE = new OutageLog(LOG, "requests are refused");
  private static final String PROBLEM = "application/problem+json";

  /** Half a year of TLS alone (RFC 6797), for this host and not those below it. */
  private static final String STRICT = "max-age=15552000";

  /** In the answer to what was only tried. */
  static final String TRIED = "Perigee-Dry-Run";

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Authorisation authorisation;
  private final AuditLog audit;
  private final Preconditions preconditions;
  private final Undertow server;
  private final Optional<ServerTls> tls;

  /**
   * A server that is not started.
   *
   * @param stores what the resources are made of
   * @param console the console's files by path
   */
  public ApiServer(ApiConfig config, ApiPorts stores, Map<String, StaticFile> console) {
    this.authorisation = new Authorisation(stores.tenancy().tokens());
    this.audit = stores.tenancy().audit();
    List<Routes.Route> routes = stores.routes();
    RoutingHandler routing = new RoutingHandler();
    for (Routes.Route route : routes) {
      routing.add(route.method(), route.template(), blocking(exchange -> serve(exchange, route)));
    }
    this.preconditions = new Preconditions(routes, new Etags(OpenApi.schemas()));
    byte[] document = bytes(OpenApi.document(routes, preconditions));
    routing.get("/v1/openapi.json", exchange -> send(exchange, 200, "application/json", document));
    routing.get("/healthz", exchange -> send(exchange, 200, "text/plain", new byte[] {'o', 'k'}));
    pages(routing, stores.tenancy().pages());
    console.forEach(
        (path, file) ->
            routing.get(path, exchange -> send(exchange, 200, file.type(), file.content())));
    routing.setFallbackHandler(exchange -> reply(exchange, Reply.notFound("resource")));
    routing.setInvalidMethodHandler(
        exchange ->
            reply(
                exchange,
                new Reply.Refused(
                    405, "Method not allowed", "See /v1/openapi.json for what is.", List.of())));
    this.tls = config.tls();
    Undertow.Builder builder =
        Undertow.builder()
            .setIoThreads(2)
            .setWorkerThreads(2)
            .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, MAX_BODY)
            .setServerOption(UndertowOptions.NO_REQUEST_TIMEOUT, 60_000)
            .setServerOption(UndertowOptions.REQUEST_PARSE_TIMEOUT, 10_000)
            .setHandler(dated(routing, stores.acme().clock()));
    server = listening(builder, config).build();
  }

  /**
   * Undertow keeps the text of the time for all servers of a process, and may keep it for ever once
   * one of them stops: clients that compare clocks (doctor) would see theirs ahead.
   */
  private static HttpHandler dated(HttpHandler next, InstantSource clock) {
    return exchange -> {
      String now = DateUtils.toDateString(Date.from(clock.instant()));
      exchange.getResponseHeaders().put(Headers.DATE, now);
      next.handleRequest(exchange);
    };
  }

  private static Undertow.Builder listening(Undertow.Builder builder, ApiConfig config) {
    String address = config.address().getHostAddress();
    if (config.tls().isEmpty()) {
      return builder.addHttpListener(config.port(), address);
    }
    return builder
        .setSocketOption(Options.SSL_ENABLED_PROTOCOLS, Sequence.of(ServerTls.PROTOCOLS))
        .setSocketOption(Options.SSL_ENABLED_CIPHER_SUITES, Sequence.of(ServerTls.CIPHER_SUITES))
        .addHttpsListener(config.port(), address, config.tls().get().context());
  }

  private void pages(RoutingHandler routing, SignInPages pages) {
    routing.get(
        SignInPages.OFFER,
        exchange -> send(exchange, 200, "application/json", bytes(pages.offer())));
    routing.get(
        SignInPages.BEGIN,
        blocking(exchange -> pages.begin(exchange).ifPresent(page -> show(exchange, page))));
    routing.get(SignInPages.END, blocking(exchange -> show(exchange, pages.end(exchange))));
    routing.post(SignInPages.LEAVE, blocking(pages::leave));
  }

  /** One that may block. */
  private HttpHandler blocking(HttpHandler handler) {
    return exchange -> exchange.dispatch(threads, new BlockingHandler(handler));
  }

  private static void show(HttpServerExchange exchange, SignInPages.Page page) {
    byte[] html = page.html().getBytes(StandardCharsets.UTF_8);
    send(exchange, page.status(), "text/html; charset=utf-8", html);
  }

  /** One of the console's files. */
  public record StaticFile(String type, String text) {
    byte[] content() {
      return text.getBytes(StandardCharsets.UTF_8);
    }
  }

  /** Binds and answers. */
  public void start() {
    server.start();
    Undertow.ListenerInfo listener = server.getListenerInfo().getFirst();
    tls.ifPresent(own -> own.follow(listener::setSslContext));
  }

  public int port() {
    return ((InetSocketAddress) server.getListenerInfo().getFirst().getAddress()).getPort();
  }

  @Override
  public void close() {
    server.stop();
    threads.shutdownNow();
  }

  private void serve(HttpServerExchange exchange, Routes.Route route) {
    Reply reply = guarded(route, () -> admit(exchange, route));
    if (reply instanceof Reply.Page page) {
      page.next().ifPresent(next -> link(exchange, route, next));
    }
    if (status(reply) >= 400) {
      reply(exchange, reply);
    } else if (route.changes() && isTrial(exchange)) {
      exchange.getResponseHeaders().put(new HttpString(TRIED), "true");
      reply(exchange, reply instanceof Reply.Json json ? Reply.ok(json.body()) : reply);
    } else {
      preconditions
          .tag(route, reply)
          .ifPresent(tag -> exchange.getResponseHeaders().put(Headers.ETAG, tag));
      reply(exchange, reply);
    }
  }

  private Reply admit(HttpServerExchange exchange, Routes.Route route) {
    String header =
        Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization")).orElse("");
    InetAddress from = exchange.getSourceAddress().getAddress();
    return switch (authorisation.of(from, header, route.access())) {
      case Authorisation.Verdict.Admitted(Caller caller) -> changed(exchange, route, caller);
      case Authorisation.Verdict.Forbidden(Caller caller, Reply reply) -> {
        audit.refused(audited(exchange, route, Optional.of(caller)), status(reply));
        yield reply;
      }
      case Authorisation.Verdict.Unknown(Reply reply) -> {
        audit.refused(audited(exchange, route, Optional.empty()), status(reply));
        exchange.getResponseHeaders().put(Headers.WWW_AUTHENTICATE, "Bearer");
        yield reply;
      }
    };
  }

  /** Answers; what is no mere look has its row in the audit log. */
  private Reply changed(HttpServerExchange exchange, Routes.Route route, Caller caller) {
    Supplier<Reply> answering = () -> guarded(route, () -> answer(exchange, route, caller));
    if (!route.changes()) {
      return answering.get();
    }
    AuditLog.Caller audited = audited(exchange, route, Optional.of(caller));
    if (!isTrial(exchange)) {
      return audit.during(audited, answering, ApiServer::status);
    }
    // What is only tried changes nothing, but who is refused tried something.
    Reply reply = answering.get();
    if (status(reply) >= 400) {
      audit.refused(audited, status(reply));
    }
    return reply;
  }

  private static boolean isTrial(HttpServerExchange exchange) {
    Deque<String> values = exchange.getQueryParameters().get(Preconditions.DRY_RUN);
    return values != null && "true".equals(values.peekFirst());
  }

  private static AuditLog.Caller audited(
      HttpServerExchange exchange, Routes.Route route, Optional<Caller> caller) {
    return new AuditLog.Caller(
        caller.map(Caller::name).orElse(""),
        caller.flatMap(Caller::tokenId),
        caller.map(Caller::role),
        caller.flatMap(known -> known.purview().organisation()),
        route.method() + " " + route.template(),
        OpenApi.parameters(route).stream()
            .map(name -> named(exchange, name).orElse(""))
            .collect(Collectors.joining(" ")),
        exchange.getSourceAddress().getAddress().getHostAddress());
  }

  /** A part of the path, which a query parameter of the same name does not replace. */
  private static Optional<String> named(HttpServerExchange exchange, String name) {
    return Optional.ofNullable(exchange.getAttachment(PathTemplateMatch.ATTACHMENT_KEY))
        .flatMap(match -> Optional.ofNullable(match.getParameters().get(name)));
  }

  private static int status(Reply reply) {
    return switch (reply) {
      case Reply.Json json -> json.status();
      case Reply.Page page -> 200;
      case Reply.Empty() -> 204;
      case Reply.Refused refused -> refused.status();
      case Reply.Later later -> 429;
    };
  }

  private Reply answer(HttpServerExchange exchange, Routes.Route route, Caller caller)
      throws IOException {
    String type =
        Optional.ofNullable(exchange.getRequestHeaders().getFirst("Content-Type")).orElse("");
    if (!route.request().isEmpty() && !type.startsWith("application/json")) {
      String detail = "Send Content-Type: application/json.";
      return new Reply.Refused(415, "Unsupported media type", detail, List.of());
    }
    Routes.Call call = new ExchangeCall(exchange, caller, body(exchange, route));
    return route.changes() ? preconditions.change(route, call) : route.action().answer(call);
  }

  /** Something that gives an answer. */
  private interface Answering {
    Reply answer() throws IOException;
  }

  /** A problem for whatever goes wrong. */
  private static Reply guarded(Routes.Route route, Answering answering) {
    try {
      return answering.answer();
    } catch (Listing.Unsound e) {
      return e.reply();
    } catch (Input.Unreadable e) {
      return new Reply.Refused(400, "Bad request", String.valueOf(e.getMessage()), List.of());
    } catch (IOException e) {
      String detail = "The body is at most " + MAX_BODY + " bytes of UTF-8.";
      return new Reply.Refused(413, "Content too large", detail, List.of());
    } catch (StoreException e) {
      OUTAGE.failed(e);
      return switch (e.reason()) {
        case UNANSWERED -> refused(503, "Unavailable", e.reason());
        // RFC 4918, section 11.5.
        case FULL -> refused(507, "Insufficient storage", e.reason());
      };
    } catch (RuntimeException e) {
      LOG.error("{} {} failed", route.method(), route.template(), e);
      return new Reply.Refused(500, "Internal error", "See the control plane's log.", List.of());
    }
  }

  private static Reply refused(int status, String title, StoreException.Reason reason) {
    return new Reply.Refused(status, title, reason.sentence(), List.of());
  }

  private static String body(HttpServerExchange exchange, Routes.Route route) throws IOException {
    if (route.request().isEmpty()) {
      return "";
    }
    byte[] bytes = exchange.getInputStream().readAllBytes();
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static void reply(HttpServerExchange exchange, Reply reply) {
    switch (reply) {
      case Reply.Json(int status, Object body) ->
          send(exchange, status, "application/json", bytes(body));
      case Reply.Page page -> send(exchange, 200, "application/json", bytes(page.body()));
      case Reply.Empty() -> exchange.setStatusCode(204).endExchange();
      case Reply.Refused(int status, String title, String detail, var errors) -> {
        Map<String, Object> problem = problem(status, title, detail);
        if (!errors.isEmpty()) {
          problem.put("errors", errors);
        }
        send(exchange, status, PROBLEM, bytes(problem));
      }
      case Reply.Later(String detail, long seconds) -> {
        exchange.getResponseHeaders().put(Headers.RETRY_AFTER, seconds);
        send(exchange, 429, PROBLEM, bytes(problem(429, "Too many requests", detail)));
      }
    }
  }

  private static void link(HttpServerExchange exchange, Routes.Route route, String next) {
    Map<String, String> query = new LinkedHashMap<>();
    for (String name : route.query()) {
      Deque<String> values = exchange.getQueryParameters().get(name);
      if (values != null && !values.isEmpty()) {
        query.put(name, values.getFirst());
      }
    }
    exchange
        .getResponseHeaders()
        .put(new HttpString("Link"), Listing.link(exchange.getRequestPath(), query, next));
  }

  private static Map<String, Object> problem(int status, String title, String detail) {
    Map<String, Object> problem = new LinkedHashMap<>();
    problem.put("type", "about:blank");
    problem.put("title", title);
    problem.put("status", status);
    problem.put("detail", detail);
    return problem;
  }

  private static void send(HttpServerExchange exchange, int status, String type, byte[] content) {
    exchange.setStatusCode(status);
    if (exchange.isSecure()) {
      exchange.getResponseHeaders().put(Headers.STRICT_TRANSPORT_SECURITY, STRICT);
    }
    exchange
        .getResponseHeaders()
        .put(Headers.CONTENT_TYPE, type)
        .put(Headers.CACHE_CONTROL, "no-store")
        .put(new HttpString("X-Content-Type-Options"), "nosniff")
        .put(
            new HttpString("Content-Security-Policy"),
            "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'");
    exchange.getResponseSender().send(ByteBuffer.wrap(content));
  }

  private static byte[] bytes(Object body) {
    try {
      return Input.json().writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an answer cannot be written as JSON", e);
    }
  }

  /** One exchange as its route's action sees it. */
  private record ExchangeCall(HttpServerExchange exchange, Caller caller, String body)
      implements Routes.Call {
    @Override
    public String path(String name) {
      return named(exchange, name).map(ExchangeCall::text).orElse("");
    }

    @Override
    public Optional<String> query(String name) {
      return first(exchange.getQueryParameters().get(name));
    }

    @Override
    public Optional<String> header(String name) {
      return Optional.ofNullable(exchange.getRequestHeaders().getFirst(name));
    }

    private static Optional<String> first(@org.jspecify.annotations.Nullable Deque<String> values) {
      return values == null
          ? Optional.empty()
          : Optional.ofNullable(values.peekFirst()).map(ExchangeCall::text);
    }

    /** PostgreSQL cannot look for this character. */
    private static String text(String value) {
      if (value.indexOf('\0') >= 0) {
        throw new Input.Unreadable("The URL must not hold the character NUL.");
      }
      return value;
    }
  }
}

package dev.perigee.control.api;

import dev.perigee.control.pki.ApiTokens;
import dev.perigee.control.signin.Begun;
import dev.perigee.control.signin.SignInFlow;
import dev.perigee.control.signin.SignInFlow.Came;
import dev.perigee.control.store.AuditLog;
import dev.perigee.control.store.Change;
import dev.perigee.control.store.SignIn;
import dev.perigee.control.store.SignInStore;
import dev.perigee.control.store.StoreException;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.Cookie;
import io.undertow.server.handlers.CookieImpl;
import io.undertow.util.Headers;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;

/**
 * The pages between the console and an OpenID provider. What somebody who signed in gets is a token
 * like others, for hours; it is in the page that is the answer, which the console's script takes it
 * from, and in no URL and no cookie.
 */
final class SignInPages {
  /** Where a browser is sent to the provider. */
  static final String BEGIN = "/sign-in";

  /** Where it comes back to. */
  static final String END = "/sign-in/callback";

  /** What the console asks first. */
  static final String OFFER = "/sign-in/offer";

  /** Where a token that came of signing in is given back. */
  static final String LEAVE = "/sign-in/leave";

  private static final String COOKIE = "perigee-sign-in";
  private static final String BEARER = "Bearer ";

  private final Optional<SignInFlow> flow;
  private final SignInStore store;
  private final ApiTokens tokens;
  private final AuditLog audit;

  SignInPages(Optional<SignInFlow> flow, SignInStore store, ApiTokens tokens, AuditLog audit) {
    this.flow = flow;
    this.store = store;
    this.tokens = tokens;
    this.audit = audit;
  }

  /**
   * A page.
   *
   * @param token to be kept by the console; empty for none
   */
  record Page(int status, String token, String text) {
    String html() {
      String keep =
          token.isEmpty()
              ? ""
              : "<meta name=\"perigee-token\" content=\""
                  + token
                  + "\">"
                  + "<script src=\"/signed-in.js\" defer></script>";
      return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Perigee</title>
      <link rel="icon" href="/icon.svg">
      <link rel="stylesheet" href="/console.css">
      %s
      </head>
      <body>
      <header><h1>Perigee</h1></header>
      <main><p role="status">%s</p><p><a href="/">To the console</a></p></main>
      </body>
      </html>
      """
          .formatted(keep, escaped(text));
    }

    private static String escaped(String text) {
      return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
    }
  }

  /** Whether there is a provider, and what it is called. */
  Map<String, Object> offer() {
    return flow.<Map<String, Object>>map(one -> Map.of("offered", true, "name", one.name()))
        .orElseGet(() -> Map.of("offered", false));
  }

  /** Sends a browser to the provider; a page where that cannot be. */
  Optional<Page> begin(HttpServerExchange exchange) {
    if (flow.isEmpty()) {
      return Optional.of(new Page(404, "", "No OpenID provider is set up: see --oidc-issuer."));
    }
    return switch (flow.get().begin()) {
      case Came.On(Begun begun) -> {
        keep(exchange, begun.cookie(), Math.toIntExact(SignInFlow.PATIENCE.toSeconds()));
        exchange.setStatusCode(302);
        exchange
            .getResponseHeaders()
            .put(Headers.LOCATION, begun.provider().toString())
            .put(Headers.CACHE_CONTROL, "no-store");
        exchange.endExchange();
        yield Optional.empty();
      }
      case Came.Not(var why, var name) -> Optional.of(new Page(why.status(), "", why.sentence()));
      case Came.In in -> throw new IllegalStateException("nobody came back yet");
    };
  }

  /** Somebody comes back from the provider. */
  Page end(HttpServerExchange exchange) {
    if (flow.isEmpty()) {
      return new Page(404, "", "No OpenID provider is set up: see --oidc-issuer.");
    }
    Optional<String> cookie =
        Optional.ofNullable(exchange.getRequestCookie(cookie())).map(Cookie::getValue);
    SignInFlow.Answer answer =
        new SignInFlow.Answer(
            query(exchange, "state"),
            query(exchange, "code"),
            query(exchange, "error"),
            query(exchange, "iss"));
    keep(exchange, "", 0);
    try {
      return answered(exchange, flow.get().end(answer, cookie));
    } catch (StoreException e) {
      return new Page(503, "", e.reason().sentence());
    }
  }

  private Page answered(HttpServerExchange exchange, Came came) {
    return switch (came) {
      case Came.In(String name, SignIn as) -> admit(exchange, name, as);
      case Came.Not(var why, var name) -> {
        AuditLog.Caller caller = caller(exchange, name, Optional.empty());
        if (name.isEmpty()) {
          audit.refused(caller, why.status());
        } else {
          audit.refusedKnown(caller, why.status());
        }
        yield new Page(why.status(), "", why.sentence());
      }
      case Came.On on -> throw new IllegalStateException("somebody came back");
    };
  }

  private Page admit(HttpServerExchange exchange, String name, SignIn as) {
    ApiTokens.Made made =
        audit.during(
            caller(exchange, name, Optional.of(as)),
            () -> tokens.admit(store, as, name, flow.orElseThrow().life()),
            one -> one.change() instanceof Change.Committed ? 200 : 403);
    return made.change() instanceof Change.Committed
        ? new Page(200, made.secret(), "Signed in as " + name + ".")
        : new Page(403, "", "What you may do here was taken back just now.");
  }

  /** Revokes the token that is sent, where it came of signing in; others stay good. */
  void leave(HttpServerExchange exchange) {
    String header =
        Optional.ofNullable(exchange.getRequestHeaders().getFirst(Headers.AUTHORIZATION))
            .orElse("");
    try {
      if (header.startsWith(BEARER)) {
        tokens.leave(store, header.substring(BEARER.length()).strip());
      }
      exchange.setStatusCode(204).endExchange();
    } catch (StoreException e) {
      exchange.setStatusCode(503).endExchange();
    }
  }

  /**
   * Over TLS of a name that other hosts of the domain cannot set (RFC 6265bis, section 4.1.3.2).
   */
  private String cookie() {
    return flow.orElseThrow().isSecure() ? "__Host-" + COOKIE : COOKIE;
  }

  private static AuditLog.Caller caller(
      HttpServerExchange exchange, String name, Optional<SignIn> as) {
    return new AuditLog.Caller(
        name,
        Optional.empty(),
        as.map(SignIn::role),
        as.flatMap(SignIn::organisation),
        "GET " + END,
        "",
        exchange.getSourceAddress().getAddress().getHostAddress());
  }

  private static Optional<String> query(HttpServerExchange exchange, String name) {
    Deque<String> values = exchange.getQueryParameters().get(name);
    return values == null ? Optional.empty() : Optional.ofNullable(values.peekFirst());
  }

  private void keep(HttpServerExchange exchange, String value, int seconds) {
    exchange.setResponseCookie(
        new CookieImpl(cookie(), value)
            .setPath("/")
            .setHttpOnly(true)
            .setSecure(flow.orElseThrow().isSecure())
            // It must come along when the provider sends the browser back.
            .setSameSiteMode("Lax")
            .setMaxAge(seconds));
  }
}

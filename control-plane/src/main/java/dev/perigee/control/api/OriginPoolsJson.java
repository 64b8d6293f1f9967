package dev.perigee.control.api;

import dev.perigee.contract.Balance;
import dev.perigee.contract.Breakers;
import dev.perigee.contract.Bytes;
import dev.perigee.contract.Ejection;
import dev.perigee.contract.HealthCheck;
import dev.perigee.contract.OriginPool;
import dev.perigee.contract.OriginPools;
import dev.perigee.contract.OriginTimeouts;
import dev.perigee.contract.OriginTransport;
import dev.perigee.contract.OriginUrl;
import dev.perigee.contract.PoolRoute;
import dev.perigee.contract.PoolServer;
import dev.perigee.contract.RetryPolicy;
import dev.perigee.contract.StickyCookie;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/** A site's pools as JSON: what is left out has its usual value. */
final class OriginPoolsJson {
  private static final Set<String> POOLS = Set.of("pools", "routes", "default");
  private static final Set<String> ROUTE = Set.of("paths", "pool");
  private static final Set<String> POOL =
      Set.of(
          "name",
          "servers",
          "balance",
          "check",
          "ejection",
          "slowStartMillis",
          "retries",
          "timeouts",
          "breakers",
          "transport");
  private static final Set<String> SERVER = Set.of("url", "weight", "tier");
  private static final Set<String> BALANCE = Set.of("algorithm", "hashBy", "hashName", "sticky");
  private static final Set<String> STICKY = Set.of("cookie", "maxAgeSeconds");
  private static final Set<String> CHECK =
      Set.of(
          "kind",
          "path",
          "host",
          "statuses",
          "body",
          "intervalMillis",
          "timeoutMillis",
          "rise",
          "fall",
          "jitterPercent");
  private static final Set<String> EJECTION =
      Set.of(
          "serverErrors",
          "gatewayFailures",
          "successPoints",
          "latencyPercent",
          "intervalMillis",
          "minimumRequests",
          "baseMillis",
          "maxMillis",
          "maxPercent",
          "panicPercent");
  private static final Set<String> RETRIES =
      Set.of("attempts", "statuses", "bodyBytes", "budgetPercent", "budgetFloor");
  private static final Set<String> TIMEOUTS =
      Set.of("connectMillis", "responseMillis", "idleMillis", "totalMillis");
  private static final Set<String> BREAKERS = Set.of("connections", "pending", "requests");

  private static final int SECRET_BYTES = 32;

  private final OriginPools before;
  private final RandomGenerator random;

  /**
   * A reader of what is sent for one site.
   *
   * @param before the pools until now, with the keys that are not shown
   * @param random for secrets that are made
   */
  OriginPoolsJson(OriginPools before, RandomGenerator random) {
    this.before = before;
    this.random = random;
  }

  /** The pools of a site that was sent. */
  OriginPools read(Input site) {
    Optional<Input> given = site.object("originPools", POOLS);
    if (given.isEmpty()) {
      return OriginPools.NONE;
    }
    Input input = given.get();
    List<OriginPool> pools = new ArrayList<>();
    for (Input pool : input.objects("pools", POOL)) {
      pools.add(pool(pool));
    }
    List<PoolRoute> routes =
        input.objects("routes", ROUTE).stream()
            .map(route -> new PoolRoute(route.texts("paths"), route.required("pool")))
            .toList();
    return new OriginPools(pools, routes, input.text("default").orElse(""));
  }

  private OriginPool pool(Input input) {
    String name = input.required("name");
    List<PoolServer> servers = new ArrayList<>();
    for (Input server : input.objects("servers", SERVER)) {
      server(server).ifPresent(servers::add);
    }
    Optional<OriginTransport> known = before.pool(name).map(OriginPool::transport);
    return new OriginPool(
        name,
        servers,
        input
            .object("balance", BALANCE)
            .map(balance -> balance(balance, before.pool(name)))
            .orElse(Balance.DEFAULT),
        input.object("check", CHECK).map(OriginPoolsJson::check),
        input.object("ejection", EJECTION).map(OriginPoolsJson::ejection).orElse(Ejection.DEFAULT),
        input.whole("slowStartMillis").orElse(OriginPool.SLOW_START_MILLIS),
        input.object("retries", RETRIES).map(OriginPoolsJson::retries).orElse(RetryPolicy.DEFAULT),
        input
            .object("timeouts", TIMEOUTS)
            .map(OriginPoolsJson::timeouts)
            .orElse(OriginTimeouts.DEFAULT),
        input.object("breakers", BREAKERS).map(OriginPoolsJson::breakers).orElse(Breakers.DEFAULT),
        input
            .object("transport", TransportJson.FIELDS)
            .map(transport -> TransportJson.read(transport, known))
            .orElse(OriginTransport.DEFAULT));
  }

  private static Optional<PoolServer> server(Input input) {
    Optional<OriginUrl> url = OriginUrl.parse(input.required("url"));
    if (url.isEmpty()) {
      input.problem("url", "must be http://host[:port] or https://host[:port]");
    }
    int weight = input.integer("weight", 1);
    int tier = input.integer("tier", 0);
    return url.map(found -> new PoolServer(found, weight, tier));
  }

  private Balance balance(Input input, Optional<OriginPool> own) {
    String algorithm = input.text("algorithm").orElse("round-robin");
    Optional<Balance.Algorithm> known = Balance.Algorithm.of(algorithm);
    if (known.isEmpty()) {
      input.problem(
          "algorithm", "must be round-robin, least-requests, latency or hash: " + algorithm);
    }
    String by = input.text("hashBy").orElse("url");
    Optional<Balance.HashBy> hashBy = Balance.HashBy.of(by);
    if (hashBy.isEmpty()) {
      input.problem("hashBy", "must be url, client, header or cookie: " + by);
    }
    return new Balance(
        known.orElse(Balance.Algorithm.ROUND_ROBIN),
        hashBy.orElse(Balance.HashBy.URL),
        input.text("hashName").orElse(""),
        input
            .object("sticky", STICKY)
            .map(
                sticky ->
                    new StickyCookie(
                        sticky.required("cookie"),
                        sticky.whole("maxAgeSeconds").orElse(0),
                        secret(own))));
  }

  /** Made once: who has a cookie keeps its server when the pool is changed. */
  private Bytes secret(Optional<OriginPool> pool) {
    return pool.flatMap(own -> own.balance().sticky())
        .map(StickyCookie::secret)
        .orElseGet(
            () -> {
              byte[] secret = new byte[SECRET_BYTES];
              random.nextBytes(secret);
              return Bytes.copyOf(secret);
            });
  }

  private static HealthCheck check(Input input) {
    HealthCheck usual = HealthCheck.DEFAULT;
    String kind = input.text("kind").orElse("http");
    Optional<HealthCheck.Kind> known = HealthCheck.Kind.of(kind);
    if (known.isEmpty()) {
      input.problem("kind", "must be http, tcp or tls: " + kind);
    }
    List<String> statuses = input.texts("statuses");
    return new HealthCheck(
        known.orElse(usual.kind()),
        input.text("path").orElse(usual.path()),
        input.text("host").orElse(""),
        statuses.isEmpty() ? usual.statuses() : statuses,
        input.text("body").orElse(""),
        input.whole("intervalMillis").orElse(usual.intervalMillis()),
        input.whole("timeoutMillis").orElse(usual.timeoutMillis()),
        input.integer("rise", usual.rise()),
        input.integer("fall", usual.fall()),
        input.integer("jitterPercent", usual.jitterPercent()));
  }

  private static Ejection ejection(Input input) {
    Ejection usual = Ejection.DEFAULT;
    return new Ejection(
        input.integer("serverErrors", usual.serverErrors()),
        input.integer("gatewayFailures", usual.gatewayFailures()),
        input.integer("successPoints", usual.successPoints()),
        input.integer("latencyPercent", usual.latencyPercent()),
        input.whole("intervalMillis").orElse(usual.intervalMillis()),
        input.integer("minimumRequests", usual.minimumRequests()),
        input.whole("baseMillis").orElse(usual.baseMillis()),
        input.whole("maxMillis").orElse(usual.maxMillis()),
        input.integer("maxPercent", usual.maxPercent()),
        input.integer("panicPercent", usual.panicPercent()));
  }

  private static RetryPolicy retries(Input input) {
    RetryPolicy usual = RetryPolicy.DEFAULT;
    return new RetryPolicy(
        input.integer("attempts", usual.attempts()),
        input.has("statuses") ? input.texts("statuses") : usual.statuses(),
        input.whole("bodyBytes").orElse(usual.bodyBytes()),
        input.integer("budgetPercent", usual.budgetPercent()),
        input.integer("budgetFloor", usual.budgetFloor()));
  }

  private static OriginTimeouts timeouts(Input input) {
    OriginTimeouts usual = OriginTimeouts.DEFAULT;
    return new OriginTimeouts(
        input.whole("connectMillis").orElse(usual.connectMillis()),
        input.whole("responseMillis").orElse(usual.responseMillis()),
        input.whole("idleMillis").orElse(usual.idleMillis()),
        input.whole("totalMillis").orElse(usual.totalMillis()));
  }

  private static Breakers breakers(Input input) {
    Breakers usual = Breakers.DEFAULT;
    return new Breakers(
        input.integer("connections", usual.connections()),
        input.integer("pending", usual.pending()),
        input.integer("requests", usual.requests()));
  }

  static Map<String, Object> view(OriginPools pools) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("pools", pools.pools().stream().map(OriginPoolsJson::view).toList());
    view.put(
        "routes",
        pools.routes().stream()
            .map(route -> ordered("paths", route.paths(), "pool", route.pool()))
            .toList());
    pools.fallback().ifPresent(pool -> view.put("default", pool.name()));
    return view;
  }

  private static Map<String, Object> view(OriginPool pool) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("name", pool.name());
    view.put(
        "servers",
        pool.servers().stream()
            .map(
                server ->
                    ordered(
                        "url",
                        server.url().toString(),
                        "weight",
                        server.weight(),
                        "tier",
                        server.tier()))
            .toList());
    view.put("balance", view(pool.balance()));
    pool.check().ifPresent(check -> view.put("check", view(check)));
    view.put("ejection", view(pool.ejection()));
    view.put("slowStartMillis", pool.slowStartMillis());
    RetryPolicy retries = pool.retries();
    view.put(
        "retries",
        ordered(
            "attempts",
            retries.attempts(),
            "statuses",
            retries.statuses(),
            "bodyBytes",
            retries.bodyBytes(),
            "budgetPercent",
            retries.budgetPercent(),
            "budgetFloor",
            retries.budgetFloor()));
    OriginTimeouts timeouts = pool.timeouts();
    view.put(
        "timeouts",
        ordered(
            "connectMillis",
            timeouts.connectMillis(),
            "responseMillis",
            timeouts.responseMillis(),
            "idleMillis",
            timeouts.idleMillis(),
            "totalMillis",
            timeouts.totalMillis()));
    Breakers breakers = pool.breakers();
    view.put(
        "breakers",
        ordered(
            "connections",
            breakers.connections(),
            "pending",
            breakers.pending(),
            "requests",
            breakers.requests()));
    view.put("transport", TransportJson.view(pool.transport()));
    return view;
  }

  private static Map<String, Object> view(Balance balance) {
    Map<String, Object> view =
        ordered("algorithm", balance.algorithm().token(), "hashBy", balance.hashBy().token());
    if (!balance.hashName().isEmpty()) {
      view.put("hashName", balance.hashName());
    }
    balance
        .sticky()
        .ifPresent(
            sticky ->
                view.put(
                    "sticky",
                    ordered("cookie", sticky.name(), "maxAgeSeconds", sticky.maxAgeSeconds())));
    return view;
  }

  private static Map<String, Object> view(HealthCheck check) {
    Map<String, Object> view = ordered("kind", check.kind().token(), "path", check.path());
    if (!check.host().isEmpty()) {
      view.put("host", check.host());
    }
    view.put("statuses", check.statuses());
    view.put("body", check.body());
    view.put("intervalMillis", check.intervalMillis());
    view.put("timeoutMillis", check.timeoutMillis());
    view.put("rise", check.rise());
    view.put("fall", check.fall());
    view.put("jitterPercent", check.jitterPercent());
    return view;
  }

  private static Map<String, Object> view(Ejection ejection) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("serverErrors", ejection.serverErrors());
    view.put("gatewayFailures", ejection.gatewayFailures());
    view.put("successPoints", ejection.successPoints());
    view.put("latencyPercent", ejection.latencyPercent());
    view.put("intervalMillis", ejection.intervalMillis());
    view.put("minimumRequests", ejection.minimumRequests());
    view.put("baseMillis", ejection.baseMillis());
    view.put("maxMillis", ejection.maxMillis());
    view.put("maxPercent", ejection.maxPercent());
    view.put("panicPercent", ejection.panicPercent());
    return view;
  }

  /** Names and values in turn. */
  static Map<String, Object> ordered(Object... namesAndValues) {
    Map<String, Object> view = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      view.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return view;
  }
}

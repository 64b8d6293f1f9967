package dev.perigee.contract;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** The rules that a site's pools must keep on both sides. */
final class OriginPoolsValidator {
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}");
  private static final Pattern TARGET = Pattern.compile("/[!-~&&[^#\"<>\\\\^`{|}]]*");
  private static final long YEAR_SECONDS = 365L * 86_400;
  private static final int PER_CENT = 100;
  private static final int MOST_LATENCY_PERCENT = 10_000;

  private final List<Problem> problems = new ArrayList<>();

  private OriginPoolsValidator() {}

  static List<Problem> problems(OriginPools pools) {
    OriginPoolsValidator validator = new OriginPoolsValidator();
    validator.check(pools);
    return validator.problems;
  }

  private void require(boolean holds, String field, String otherwise) {
    if (!holds) {
      problems.add(new Problem("originPools." + field, otherwise));
    }
  }

  private void within(long value, long least, long most, String field) {
    require(
        value >= least && value <= most,
        field,
        "must be " + least + " to " + most + ", and is " + value);
  }

  private void check(OriginPools pools) {
    atMost(pools.pools(), Limits.SITE_POOLS, "pools");
    Set<String> names = new HashSet<>();
    int servers = 0;
    for (int i = 0; i < pools.pools().size(); i++) {
      OriginPool pool = pools.pools().get(i);
      String at = "pools[" + i + "]";
      require(SiteValidator.isLabel(pool.name()), at + ".name", "must be a lower-case label");
      require(names.add(pool.name()), at + ".name", "stands twice: " + pool.name());
      check(pool, at);
      servers += pool.servers().size();
    }
    require(
        servers <= Limits.SITE_ORIGINS,
        "pools",
        "must hold at most " + Limits.SITE_ORIGINS + " servers together");
    atMost(pools.routes(), Limits.POOL_ROUTES, "routes");
    for (int i = 0; i < pools.routes().size(); i++) {
      PoolRoute route = pools.routes().get(i);
      String at = "routes[" + i + "]";
      require(!route.paths().isEmpty(), at + ".paths", "must name at least one path");
      all(route.paths(), PathPattern.SHAPE, at + ".paths", PathPattern.OTHERWISE);
      require(names.contains(route.pool()), at + ".pool", "is no pool: " + route.pool());
    }
    require(
        pools.defaultPool().isEmpty() || names.contains(pools.defaultPool()),
        "default",
        "is no pool: " + pools.defaultPool());
    int bytes = OriginPoolsCodec.toBytes(pools).length;
    require(
        bytes <= Limits.POOLS_BYTES,
        "pools",
        "must be at most " + Limits.POOLS_BYTES + " bytes with certificates, and are " + bytes);
  }

  private void check(OriginPool pool, String at) {
    require(!pool.servers().isEmpty(), at + ".servers", "must name at least one server");
    Set<OriginUrl> seen = new HashSet<>();
    for (int i = 0; i < pool.servers().size(); i++) {
      PoolServer server = pool.servers().get(i);
      String here = at + ".servers[" + i + "]";
      require(seen.add(server.url()), here + ".url", "stands twice: " + server.url());
      within(server.weight(), 1, Limits.SERVER_WEIGHT, here + ".weight");
      within(server.tier(), 0, Limits.POOL_TIERS - 1, here + ".tier");
    }
    check(pool.balance(), at + ".balance");
    pool.check().ifPresent(check -> check(check, at + ".check"));
    check(pool.ejection(), at + ".ejection");
    within(pool.slowStartMillis(), 0, Limits.POOL_MILLIS, at + ".slowStartMillis");
    check(pool.retries(), at + ".retries");
    check(pool.timeouts(), at + ".timeouts");
    within(pool.breakers().connections(), 1, Limits.POOL_BREAKER, at + ".breakers.connections");
    within(pool.breakers().pending(), 1, Limits.POOL_BREAKER, at + ".breakers.pending");
    within(pool.breakers().requests(), 1, Limits.POOL_BREAKER, at + ".breakers.requests");
    problems.addAll(TransportValidator.problems(pool.transport(), "originPools." + at));
  }

  private void check(Balance balance, String at) {
    boolean named = balance.algorithm() == Balance.Algorithm.HASH && balance.hashBy().isNamed();
    String name = balance.hashName();
    if (named) {
      require(
          TOKEN.matcher(name).matches(), at + ".hashName", "must be a field's or cookie's name");
      require(
          balance.hashBy() == Balance.HashBy.COOKIE || name.equals(name.toLowerCase(Locale.ROOT)),
          at + ".hashName",
          "must be in lower case");
    } else {
      require(name.isEmpty(), at + ".hashName", "means nothing without hash by header or cookie");
    }
    balance
        .sticky()
        .ifPresent(
            sticky -> {
              require(
                  TOKEN.matcher(sticky.name()).matches(),
                  at + ".sticky.cookie",
                  "must be a cookie's name");
              within(sticky.secret().length(), 16, 64, at + ".sticky.secret");
              within(sticky.maxAgeSeconds(), 0, YEAR_SECONDS, at + ".sticky.maxAgeSeconds");
            });
  }

  private void check(HealthCheck check, String at) {
    require(
        check.path().length() <= Limits.PATTERN_LENGTH && TARGET.matcher(check.path()).matches(),
        at + ".path",
        "must be a path with at most a query, at most " + Limits.PATTERN_LENGTH + " characters");
    require(
        check.host().isEmpty() || isAuthority(check.host()), at + ".host", "must be a host name");
    statuses(check.statuses(), at + ".statuses");
    require(!check.statuses().isEmpty(), at + ".statuses", "must name at least one");
    require(
        check.body().length() <= Limits.PATTERN_LENGTH,
        at + ".body",
        "must be at most " + Limits.PATTERN_LENGTH + " characters");
    within(
        check.intervalMillis(),
        Limits.CHECK_INTERVAL_MILLIS,
        Limits.POOL_MILLIS,
        at + ".intervalMillis");
    within(check.timeoutMillis(), 1, check.intervalMillis(), at + ".timeoutMillis");
    within(check.rise(), 1, PER_CENT, at + ".rise");
    within(check.fall(), 1, PER_CENT, at + ".fall");
    within(check.jitterPercent(), 0, PER_CENT, at + ".jitterPercent");
  }

  private void check(Ejection ejection, String at) {
    within(ejection.serverErrors(), 0, Limits.POOL_BREAKER, at + ".serverErrors");
    within(ejection.gatewayFailures(), 0, Limits.POOL_BREAKER, at + ".gatewayFailures");
    within(ejection.successPoints(), 0, PER_CENT, at + ".successPoints");
    int latency = ejection.latencyPercent();
    require(
        latency == 0 || (latency > PER_CENT && latency <= MOST_LATENCY_PERCENT),
        at + ".latencyPercent",
        "must be 0, or 101 to " + MOST_LATENCY_PERCENT);
    within(ejection.intervalMillis(), 1_000, Limits.POOL_MILLIS, at + ".intervalMillis");
    within(ejection.minimumRequests(), 1, Limits.POOL_BREAKER, at + ".minimumRequests");
    within(ejection.baseMillis(), 1, Limits.POOL_MILLIS, at + ".baseMillis");
    within(ejection.maxMillis(), ejection.baseMillis(), Limits.POOL_MILLIS, at + ".maxMillis");
    within(ejection.maxPercent(), 0, PER_CENT, at + ".maxPercent");
    within(ejection.panicPercent(), 0, PER_CENT, at + ".panicPercent");
  }

  private void check(RetryPolicy retries, String at) {
    within(retries.attempts(), 0, Limits.RETRY_ATTEMPTS, at + ".attempts");
    statuses(retries.statuses(), at + ".statuses");
    within(retries.bodyBytes(), 0, Limits.RETRY_BODY_BYTES, at + ".bodyBytes");
    within(retries.budgetPercent(), 0, PER_CENT, at + ".budgetPercent");
    within(retries.budgetFloor(), 0, PER_CENT, at + ".budgetFloor");
  }

  private void check(OriginTimeouts timeouts, String at) {
    within(timeouts.connectMillis(), 0, Limits.POOL_MILLIS, at + ".connectMillis");
    within(timeouts.responseMillis(), 0, Limits.POOL_MILLIS, at + ".responseMillis");
    within(timeouts.idleMillis(), 0, Limits.POOL_MILLIS, at + ".idleMillis");
    within(timeouts.totalMillis(), 0, Limits.POOL_MILLIS, at + ".totalMillis");
  }

  private void statuses(List<String> statuses, String field) {
    all(statuses, StatusPattern.SHAPE, field, StatusPattern.OTHERWISE);
    atMost(statuses, Limits.POOL_STATUSES, field);
  }

  /** A host with or without a port. */
  static boolean isAuthority(String text) {
    return OriginUrl.parse("http://" + text).filter(url -> !text.endsWith("/")).isPresent();
  }

  private void all(List<String> values, Pattern shape, String field, String otherwise) {
    atMost(values, Limits.RULE_PATTERNS, field);
    for (int i = 0; i < values.size(); i++) {
      String value = values.get(i);
      require(
          value.length() <= Limits.PATTERN_LENGTH && shape.matcher(value).matches(),
          field + "[" + i + "]",
          otherwise + ": " + value);
    }
  }

  private void atMost(List<?> values, int most, String field) {
    require(values.size() <= most, field, "must be at most " + most);
  }
}

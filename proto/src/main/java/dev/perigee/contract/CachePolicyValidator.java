package dev.perigee.contract;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;

/** The rules that a cache policy must keep on both sides. */
final class CachePolicyValidator {
  static final Pattern TYPE = Pattern.compile("[a-z0-9!#$&^_.+-]+/([a-z0-9!#$&^_.+-]+|\\*)");
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'+.^_`|~-]{1,64}");
  private static final Pattern PARAMETER = Pattern.compile("[^&=#\\s*]{1,64}\\*?");

  /** In the key they would tell every reader apart, or what is told apart already. */
  private static final Set<String> NO_KEY =
      Set.of("authorization", "cookie", "host", "range", "connection", "content-length", "via");

  private static final long YEARS_10 = 10L * 365 * 86_400;
  private static final long MINUTE = 60_000;

  private final List<Problem> problems = new ArrayList<>();

  private CachePolicyValidator() {}

  static List<Problem> problems(CachePolicy policy) {
    CachePolicyValidator validator = new CachePolicyValidator();
    validator.check(policy);
    return validator.problems;
  }

  private void require(boolean holds, String field, String otherwise) {
    if (!holds) {
      problems.add(new Problem("cache." + field, otherwise));
    }
  }

  private void check(CachePolicy policy) {
    atMost(policy.rules(), Limits.CACHE_RULES, "rules");
    for (int i = 0; i < policy.rules().size(); i++) {
      check(policy.rules().get(i), "rules[" + i + "]");
    }
    check(policy.key());
    long wait = policy.collapseWaitMillis();
    long age = policy.collapseAgeMillis();
    require(wait >= 1 && wait <= MINUTE, "collapseWaitMillis", "must be 1 to 60000");
    require(age >= 1 && age <= MINUTE, "collapseAgeMillis", "must be 1 to 60000");
    int share = policy.storeSharePercent();
    int cap = policy.storeCapPercent();
    require(cap >= 1 && cap <= 100, "storeCapPercent", "must be 1 to 100");
    require(
        share >= 0 && share <= cap, "storeSharePercent", "must be 0 to storeCapPercent, " + cap);
  }

  private void check(CacheRule rule, String at) {
    all(rule.paths(), PathPattern.SHAPE, at + ".paths", PathPattern.OTHERWISE);
    all(rule.statuses(), StatusPattern.SHAPE, at + ".statuses", StatusPattern.OTHERWISE);
    all(rule.types(), TYPE, at + ".types", "must be a type such as text/html, or image/*");
    boolean ttl = rule.ttlSeconds().isPresent();
    if (rule.mode() == CacheRule.Mode.BYPASS) {
      require(!ttl, at + ".ttlSeconds", "means nothing beside bypass");
    } else {
      boolean stale =
          rule.staleIfErrorSeconds().isPresent() || rule.staleWhileRevalidateSeconds().isPresent();
      require(ttl || stale, at + ".ttlSeconds", "is missing");
    }
    seconds(rule.ttlSeconds(), at + ".ttlSeconds");
    seconds(rule.staleWhileRevalidateSeconds(), at + ".staleWhileRevalidateSeconds");
    seconds(rule.staleIfErrorSeconds(), at + ".staleIfErrorSeconds");
  }

  private void seconds(OptionalLong value, String field) {
    require(
        value.isEmpty() || (value.getAsLong() >= 0 && value.getAsLong() <= YEARS_10),
        field,
        "must be 0 to " + YEARS_10);
  }

  private void check(KeyRule key) {
    boolean named = key.query() == KeyRule.Query.ONLY || key.query() == KeyRule.Query.EXCEPT;
    require(
        named != key.names().isEmpty(),
        "key.names",
        named
            ? "is missing beside " + key.query().token()
            : "means nothing without only or except");
    all(key.names(), PARAMETER, "key.names", "must be a parameter's name, or begin of one and *");
    all(key.headers(), TOKEN, "key.headers", "must be a field's name");
    all(key.cookies(), TOKEN, "key.cookies", "must be a cookie's name");
    atMost(key.headers(), Limits.KEY_FIELDS, "key.headers");
    atMost(key.cookies(), Limits.KEY_FIELDS, "key.cookies");
    for (String header : key.headers()) {
      require(
          header.equals(header.toLowerCase(Locale.ROOT)) && !NO_KEY.contains(header),
          "key.headers",
          "must be in lower case, and not be " + header);
    }
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

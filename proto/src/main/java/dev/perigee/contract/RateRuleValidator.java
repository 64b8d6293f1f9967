package dev.perigee.contract;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** The rules that rate limits must keep on both sides. */
final class RateRuleValidator {
  private static final Pattern METHOD = Pattern.compile("[A-Z][A-Z-]{1,31}");
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}");

  private final List<Problem> problems = new ArrayList<>();

  private RateRuleValidator() {}

  static List<Problem> problems(List<RateRule> rules) {
    RateRuleValidator validator = new RateRuleValidator();
    validator.check(rules);
    return validator.problems;
  }

  private void require(boolean holds, String field, String otherwise) {
    if (!holds) {
      problems.add(new Problem("limits" + field, otherwise));
    }
  }

  private void check(List<RateRule> rules) {
    require(rules.size() <= Limits.RATE_RULES, "", "must be at most " + Limits.RATE_RULES);
    Set<String> names = new HashSet<>();
    for (int i = 0; i < rules.size(); i++) {
      RateRule rule = rules.get(i);
      String at = "[" + i + "]";
      require(
          SiteValidator.isLabel(rule.name()),
          at + ".name",
          "must be 1 to 63 of a-z, 0-9 and inner hyphens");
      require(names.add(rule.name()), at + ".name", "stands twice: " + rule.name());
      conditions(rule, at);
      counts(rule, at);
      key(rule, at);
    }
  }

  private void conditions(RateRule rule, String at) {
    all(rule.paths(), PathPattern.SHAPE, at + ".paths", PathPattern.OTHERWISE);
    all(rule.methods(), METHOD, at + ".methods", "must be a method in capitals, such as POST");
  }

  private void counts(RateRule rule, String at) {
    require(
        rule.requests() >= 1 && rule.requests() <= Limits.RATE_REQUESTS,
        at + ".requests",
        "must be 1 to " + Limits.RATE_REQUESTS);
    require(
        rule.windowSeconds() >= 1 && rule.windowSeconds() <= Limits.RATE_WINDOW_SECONDS,
        at + ".windowSeconds",
        "must be 1 to " + Limits.RATE_WINDOW_SECONDS);
    boolean window = rule.algorithm() == RateRule.Algorithm.SLIDING_WINDOW;
    require(
        window
            ? rule.burst() == rule.requests()
            : rule.burst() >= 1 && rule.burst() <= Limits.RATE_REQUESTS,
        at + ".burst",
        window ? "means nothing beside sliding-window" : "must be 1 to " + Limits.RATE_REQUESTS);
    double days = (double) rule.burst() / rule.requests() * rule.windowSeconds() / 86_400;
    require(
        !(days > Limits.RATE_BURST_DAYS),
        at + ".burst",
        "must come back within " + Limits.RATE_BURST_DAYS + " days");
    require(
        rule.scope() == RateRule.Scope.NODE || !window,
        at + ".algorithm",
        "must be token-bucket where the scope is fleet: what nodes share is a rate");
  }

  private void key(RateRule rule, String at) {
    require(
        rule.by().isNamed() ? TOKEN.matcher(rule.field()).matches() : rule.field().isEmpty(),
        at + ".field",
        rule.by().isNamed()
            ? "must be the name of a " + rule.by().token() + ", 64 characters at most"
            : "means nothing beside " + rule.by().token());
    require(
        rule.ipv6Prefix() >= Limits.RATE_IPV6_PREFIX_LEAST
            && rule.ipv6Prefix() <= RateRule.IPV6_PREFIX,
        at + ".ipv6Prefix",
        "must be %d to %d".formatted(Limits.RATE_IPV6_PREFIX_LEAST, RateRule.IPV6_PREFIX));
  }

  private void all(List<String> values, Pattern shape, String field, String otherwise) {
    require(
        values.size() <= Limits.RATE_PATTERNS, field, "must be at most " + Limits.RATE_PATTERNS);
    for (int i = 0; i < values.size(); i++) {
      String value = values.get(i);
      require(
          value.length() <= Limits.RATE_PATTERN_LENGTH && shape.matcher(value).matches(),
          field + "[" + i + "]",
          otherwise + ": " + value);
    }
  }
}

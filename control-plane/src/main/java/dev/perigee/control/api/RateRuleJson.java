package dev.perigee.control.api;

import dev.perigee.contract.RateRule;
import dev.perigee.contract.RateRule.Action;
import dev.perigee.contract.RateRule.Algorithm;
import dev.perigee.contract.RateRule.By;
import dev.perigee.contract.RateRule.Scope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** A site's rate limits as JSON: what is left out has its usual value. */
final class RateRuleJson {
  private static final Set<String> RULE =
      Set.of(
          "name",
          "paths",
          "methods",
          "algorithm",
          "requests",
          "windowSeconds",
          "burst",
          "by",
          "field",
          "ipv6Prefix",
          "action",
          "scope",
          "missesOnly",
          "shown");

  private RateRuleJson() {}

  static List<RateRule> read(Input site) {
    return site.objects("limits", RULE).stream().map(RateRuleJson::rule).toList();
  }

  private static RateRule rule(Input input) {
    long requests = number(input, "requests");
    return new RateRule(
        input.required("name"),
        input.texts("paths"),
        input.texts("methods"),
        one(input, "algorithm", Algorithm::of, Algorithm.TOKEN_BUCKET, "or sliding-window"),
        requests,
        number(input, "windowSeconds"),
        input.whole("burst").orElse(requests),
        one(input, "by", By::of, By.ADDRESS, "all, header, cookie, path, country or token"),
        input.text("field").orElse(""),
        input.integer("ipv6Prefix", RateRule.IPV6_PREFIX),
        one(input, "action", Action::of, Action.BLOCK, "or log"),
        one(input, "scope", Scope::of, Scope.NODE, "or fleet"),
        input.flag("missesOnly"),
        input.flag("shown"));
  }

  private static long number(Input input, String field) {
    if (!input.has(field)) {
      input.problem(field, "is missing");
      return 1;
    }
    return input.whole(field).orElse(1);
  }

  /** The one with the given token, or the usual one. */
  private static <E extends Enum<E>> E one(
      Input input, String field, Function<String, Optional<E>> of, E usual, String others) {
    Optional<String> given = input.text(field);
    Optional<E> known = given.flatMap(of);
    if (given.isPresent() && known.isEmpty()) {
      String first = usual.name().toLowerCase(Locale.ROOT).replace('_', '-');
      String list = others.startsWith("or ") ? " " + others : ", " + others;
      input.problem(field, "must be " + first + list + ": " + given.get());
    }
    return known.orElse(usual);
  }

  static List<Map<String, Object>> view(List<RateRule> rules) {
    return rules.stream().map(RateRuleJson::view).toList();
  }

  private static Map<String, Object> view(RateRule rule) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("name", rule.name());
    view.put("paths", rule.paths());
    view.put("methods", rule.methods());
    view.put("algorithm", rule.algorithm().token());
    view.put("requests", rule.requests());
    view.put("windowSeconds", rule.windowSeconds());
    if (rule.algorithm() == Algorithm.TOKEN_BUCKET) {
      view.put("burst", rule.burst());
    }
    view.put("by", rule.by().token());
    if (rule.by().isNamed()) {
      view.put("field", rule.field());
    }
    view.put("ipv6Prefix", rule.ipv6Prefix());
    view.put("action", rule.action().token());
    view.put("scope", rule.scope().token());
    view.put("missesOnly", rule.missesOnly());
    view.put("shown", rule.shown());
    return view;
  }
}

package dev.perigee.control.api;

import dev.perigee.contract.CachePolicy;
import dev.perigee.contract.CacheRule;
import dev.perigee.contract.KeyRule;
import dev.perigee.contract.SetCookie;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** A site's cache policy as JSON: what is left out has its usual value. */
final class CachePolicyJson {
  private static final Set<String> POLICY =
      Set.of(
          "rules",
          "heuristics",
          "key",
          "collapseWaitMillis",
          "collapseAgeMillis",
          "storeSharePercent",
          "storeCapPercent",
          "setCookie");
  private static final Set<String> RULE =
      Set.of(
          "paths",
          "statuses",
          "types",
          "mode",
          "ttlSeconds",
          "staleWhileRevalidateSeconds",
          "staleIfErrorSeconds");
  private static final Set<String> KEY =
      Set.of("query", "names", "sort", "headers", "cookies", "device", "country");

  private CachePolicyJson() {}

  static CachePolicy read(Input site) {
    Optional<Input> given = site.object("cache", POLICY);
    if (given.isEmpty()) {
      return CachePolicy.DEFAULT;
    }
    Input input = given.get();
    List<CacheRule> rules =
        input.objects("rules", RULE).stream().map(CachePolicyJson::rule).toList();
    CachePolicy usual = CachePolicy.DEFAULT;
    return new CachePolicy(
        rules,
        input.flag("heuristics", true),
        input.object("key", KEY).map(CachePolicyJson::key).orElse(KeyRule.DEFAULT),
        input.whole("collapseWaitMillis").orElse(usual.collapseWaitMillis()),
        input.whole("collapseAgeMillis").orElse(usual.collapseAgeMillis()),
        input.integer("storeSharePercent", 0),
        input.integer("storeCapPercent", 100),
        setCookie(input));
  }

  private static SetCookie setCookie(Input input) {
    String choice = input.text("setCookie").orElse(SetCookie.EXPLICIT.token());
    Optional<SetCookie> known = SetCookie.of(choice);
    if (known.isEmpty()) {
      input.problem("setCookie", "must be explicit, never or as-any: " + choice);
    }
    return known.orElse(SetCookie.NEVER);
  }

  private static CacheRule rule(Input input) {
    String mode = input.text("mode").orElse("respect");
    Optional<CacheRule.Mode> known = CacheRule.Mode.of(mode);
    if (known.isEmpty()) {
      input.problem("mode", "must be respect, override, force or bypass: " + mode);
    }
    return new CacheRule(
        input.texts("paths"),
        input.texts("statuses"),
        input.texts("types"),
        known.orElse(CacheRule.Mode.BYPASS),
        input.whole("ttlSeconds"),
        input.whole("staleWhileRevalidateSeconds"),
        input.whole("staleIfErrorSeconds"));
  }

  private static KeyRule key(Input input) {
    String query = input.text("query").orElse("all");
    Optional<KeyRule.Query> known = KeyRule.Query.of(query);
    if (known.isEmpty()) {
      input.problem("query", "must be all, none, only or except: " + query);
    }
    return new KeyRule(
        known.orElse(KeyRule.Query.ALL),
        input.texts("names"),
        input.flag("sort"),
        input.texts("headers"),
        input.texts("cookies"),
        input.flag("device"),
        input.flag("country"));
  }

  static Map<String, Object> view(CachePolicy policy) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("rules", policy.rules().stream().map(CachePolicyJson::view).toList());
    view.put("heuristics", policy.heuristics());
    view.put("key", view(policy.key()));
    view.put("collapseWaitMillis", policy.collapseWaitMillis());
    view.put("collapseAgeMillis", policy.collapseAgeMillis());
    view.put("storeSharePercent", policy.storeSharePercent());
    view.put("storeCapPercent", policy.storeCapPercent());
    view.put("setCookie", policy.setCookie().token());
    return view;
  }

  private static Map<String, Object> view(CacheRule rule) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("paths", rule.paths());
    view.put("statuses", rule.statuses());
    view.put("types", rule.types());
    view.put("mode", rule.mode().token());
    put(view, "ttlSeconds", rule.ttlSeconds());
    put(view, "staleWhileRevalidateSeconds", rule.staleWhileRevalidateSeconds());
    put(view, "staleIfErrorSeconds", rule.staleIfErrorSeconds());
    return view;
  }

  private static void put(Map<String, Object> view, String name, OptionalLong value) {
    value.ifPresent(seconds -> view.put(name, seconds));
  }

  private static Map<String, Object> view(KeyRule key) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("query", key.query().token());
    view.put("names", key.names());
    view.put("sort", key.sort());
    view.put("headers", key.headers());
    view.put("cookies", key.cookies());
    view.put("device", key.device());
    view.put("country", key.country());
    return view;
  }
}

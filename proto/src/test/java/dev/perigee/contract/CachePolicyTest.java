package dev.perigee.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a site's owner may decide about caching, and how it is read and written. */
class CachePolicyTest {
  @ParameterizedTest
  @CsvSource({
    "/img/*, /img/a.png?x, true",
    "/img/*, /image/a, false",
    "*.css, /a/b.css?v=1, true",
    "*.css, /a?b.css, false",
    "/a, /a?b=1, true",
    "/a, /a/b, false",
  })
  void aPathIsWholeAPrefixOrASuffix(String pattern, String target, boolean fits) {
    CacheRule rule = rule(List.of(pattern), List.of(), List.of());
    assertEquals(fits, rule.appliesTo(target, 200, ""));
  }

  @Test
  void aRuleAppliesWhereAllOfItsConditionsDo() {
    CacheRule rule = rule(List.of(), List.of("404", "5xx"), List.of("text/*", "image/png"));
    assertTrue(rule.appliesTo("/a", 404, "Text/HTML; charset=utf-8"));
    assertTrue(rule.appliesTo("/a", 503, "image/png"));
    assertFalse(rule.appliesTo("/a", 403, "image/png"));
    assertFalse(rule.appliesTo("/a", 404, "image/jpeg"));
    assertFalse(rule.appliesTo("/a", 404, ""));
  }

  @ParameterizedTest
  @CsvSource({
    "EXCEPT, utm_*, true, /a?b=2&utm_x=1&a=1, /a?a=1&b=2",
    "EXCEPT, b, false, /a?b=2&b=3, /a",
    "ONLY, b, false, /a?a=1&b=2&b=1, /a?b=2&b=1",
    "ONLY, b, false, /a, /a",
    "NONE, , false, /a?b=2, /a",
    "ALL, , true, /a?b=2&a=1&a=0, /a?a=0&a=1&b=2",
    "ALL, , false, /a?b=2&a=1, /a?b=2&a=1",
  })
  void theQueryCountsAsTheRuleSays(
      KeyRule.Query query, String name, boolean sort, String target, String kept) {
    List<String> names = name == null ? List.of() : List.of(name);
    KeyRule rule = new KeyRule(query, names, sort, List.of(), List.of(), false, false);
    assertEquals(kept, rule.target(target));
    assertEquals(kept, rule.target(rule.target(target)), "once more changes nothing");
  }

  @Test
  void everyPolicyComesBackFromItsBytes() {
    long seed = Long.getLong("perigee.seed", System.nanoTime());
    System.out.println("CachePolicyTest seed " + seed);
    Random random = new Random(seed);
    for (int i = 0; i < 1000; i++) {
      CachePolicy policy = policy(random);
      assertEquals(policy, CachePolicyCodec.of(CachePolicyCodec.toBytes(policy)), "seed " + seed);
      SiteConfig site =
          new SiteConfig(
              "a",
              List.of("a.example"),
              List.of(OriginUrl.parse("https://b.example").orElseThrow()),
              Set.of(),
              false,
              false,
              policy);
      assertEquals(site, SyncCodec.decode(SyncCodec.encode(site)), "seed " + seed);
    }
    assertEquals(CachePolicy.DEFAULT, CachePolicyCodec.of(new byte[0]));
  }

  @Test
  void aModeThatALaterVersionBringsIsReadAsTheSafestOne() {
    var later =
        dev.perigee.contract.sync.v1.CachePolicy.newBuilder()
            .addRules(dev.perigee.contract.sync.v1.CacheRule.newBuilder().setMode("sometimes"))
            .build();
    assertEquals(
        CacheRule.Mode.BYPASS, CachePolicyCodec.of(later.toByteArray()).rules().getFirst().mode());
  }

  @Test
  void whatCannotHoldIsNamedByItsPlace() {
    CachePolicy broken =
        new CachePolicy(
            List.of(
                new CacheRule(
                    List.of("/a?b", "/ok*"),
                    List.of("600"),
                    List.of("html"),
                    CacheRule.Mode.OVERRIDE,
                    OptionalLong.of(-1),
                    OptionalLong.empty(),
                    OptionalLong.empty())),
            true,
            new KeyRule(
                KeyRule.Query.ALL,
                List.of("a"),
                false,
                List.of("host", "X"),
                List.of(),
                false,
                false),
            1000,
            70_000,
            101,
            101,
            SetCookie.NEVER);
    Set<String> fields = new TreeSet<>();
    CachePolicyValidator.problems(broken).forEach(problem -> fields.add(problem.field()));
    assertEquals(
        new TreeSet<>(
            List.of(
                "cache.rules[0].paths[0]",
                "cache.rules[0].statuses[0]",
                "cache.rules[0].types[0]",
                "cache.rules[0].ttlSeconds",
                "cache.key.names",
                "cache.key.headers",
                "cache.collapseAgeMillis",
                "cache.storeCapPercent")),
        fields);
    assertEquals(List.of(), CachePolicyValidator.problems(CachePolicy.DEFAULT));
  }

  private static CacheRule rule(List<String> paths, List<String> statuses, List<String> types) {
    return new CacheRule(
        paths,
        statuses,
        types,
        CacheRule.Mode.RESPECT,
        OptionalLong.of(1),
        OptionalLong.empty(),
        OptionalLong.empty());
  }

  private static CachePolicy policy(Random random) {
    List<CacheRule> rules = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      rules.add(
          new CacheRule(
              words(random),
              words(random),
              words(random),
              anyOf(List.of(CacheRule.Mode.values()), random),
              maybe(random),
              maybe(random),
              maybe(random)));
    }
    return new CachePolicy(
        rules,
        random.nextBoolean(),
        new KeyRule(
            anyOf(List.of(KeyRule.Query.values()), random),
            words(random),
            random.nextBoolean(),
            words(random),
            words(random),
            random.nextBoolean(),
            random.nextBoolean()),
        1 + random.nextInt(60_000),
        1 + random.nextInt(60_000),
        random.nextInt(101),
        1 + random.nextInt(100),
        anyOf(List.of(SetCookie.values()), random));
  }

  private static <T> T anyOf(List<T> values, Random random) {
    return values.get(random.nextInt(values.size()));
  }

  private static OptionalLong maybe(Random random) {
    return random.nextBoolean() ? OptionalLong.empty() : OptionalLong.of(random.nextInt(3));
  }

  private static List<String> words(Random random) {
    List<String> words = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      words.add("w" + random.nextInt(9));
    }
    return words;
  }
}

package dev.perigee.contract;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.perigee.contract.sync.v1.RateRules;
import java.util.List;
import java.util.Optional;

/**
 * Two-way codec of rate limits. A rule of a kind that this build does not know is left out: one
 * that counted something else would refuse readers for nothing.
 */
public final class RateRuleCodec {
  private RateRuleCodec() {}

  /** The rules as databases keep them. */
  public static byte[] toBytes(List<RateRule> rules) {
    RateRules.Builder out = RateRules.newBuilder();
    rules.forEach(rule -> out.addRules(encode(rule)));
    return out.build().toByteArray();
  }

  /** The rules that {@link #toBytes} wrote; no bytes stand for none. */
  public static List<RateRule> of(byte[] bytes) {
    try {
      return decode(RateRules.parseFrom(bytes).getRulesList());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("not rate limits", e);
    }
  }

  static dev.perigee.contract.sync.v1.RateRule encode(RateRule rule) {
    return dev.perigee.contract.sync.v1.RateRule.newBuilder()
        .setName(rule.name())
        .addAllPaths(rule.paths())
        .addAllMethods(rule.methods())
        .setAlgorithm(rule.algorithm().token())
        .setRequests(rule.requests())
        .setWindowSeconds(rule.windowSeconds())
        .setBurst(rule.burst())
        .setBy(rule.by().token())
        .setField(rule.field())
        .setIpv6Prefix(rule.ipv6Prefix())
        .setAction(rule.action().token())
        .setScope(rule.scope().token())
        .setMissesOnly(rule.missesOnly())
        .setShown(rule.shown())
        .build();
  }

  static List<RateRule> decode(List<dev.perigee.contract.sync.v1.RateRule> rules) {
    return rules.stream().flatMap(rule -> decode(rule).stream()).toList();
  }

  private static Optional<RateRule> decode(dev.perigee.contract.sync.v1.RateRule rule) {
    Optional<RateRule.Algorithm> algorithm = RateRule.Algorithm.of(rule.getAlgorithm());
    Optional<RateRule.By> by = RateRule.By.of(rule.getBy());
    Optional<RateRule.Action> action = RateRule.Action.of(rule.getAction());
    Optional<RateRule.Scope> scope = RateRule.Scope.of(rule.getScope());
    if (algorithm.isEmpty() || by.isEmpty() || action.isEmpty() || scope.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new RateRule(
            rule.getName(),
            rule.getPathsList(),
            rule.getMethodsList(),
            algorithm.get(),
            rule.getRequests(),
            rule.getWindowSeconds(),
            rule.getBurst(),
            by.get(),
            rule.getField(),
            rule.getIpv6Prefix(),
            action.get(),
            scope.get(),
            rule.getMissesOnly(),
            rule.getShown()));
  }
}

package dev.perigee.contract;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.List;
import java.util.OptionalLong;

/**
 * Two-way codec of cache policies. What is left out of a message has its usual value; a mode that a
 * later version may bring reads as {@code bypass}, which is always safe.
 */
public final class CachePolicyCodec {
  private CachePolicyCodec() {}

  /** The policy as databases keep it. */
  public static byte[] toBytes(CachePolicy policy) {
    return encode(policy).toByteArray();
  }

  /** The policy that {@link #toBytes} wrote; no bytes stand for the usual one. */
  public static CachePolicy of(byte[] bytes) {
    try {
      return decode(dev.perigee.contract.sync.v1.CachePolicy.parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("not a cache policy", e);
    }
  }

  static dev.perigee.contract.sync.v1.CachePolicy encode(CachePolicy policy) {
    KeyRule key = policy.key();
    return dev.perigee.contract.sync.v1.CachePolicy.newBuilder()
        .addAllRules(policy.rules().stream().map(CachePolicyCodec::encode).toList())
        .setNoHeuristics(!policy.heuristics())
        .setKey(
            dev.perigee.contract.sync.v1.KeyRule.newBuilder()
                .setQuery(key.query().token())
                .addAllNames(key.names())
                .setSort(key.sort())
                .addAllHeaders(key.headers())
                .addAllCookies(key.cookies())
                .setDevice(key.device())
                .setCountry(key.country()))
        .setCollapseWaitMillis(policy.collapseWaitMillis())
        .setCollapseAgeMillis(policy.collapseAgeMillis())
        .setStoreSharePercent(policy.storeSharePercent())
        .setStoreCapPercent(policy.storeCapPercent())
        .setSetCookie(policy.setCookie().token())
        .build();
  }

  private static dev.perigee.contract.sync.v1.CacheRule encode(CacheRule rule) {
    var out =
        dev.perigee.contract.sync.v1.CacheRule.newBuilder()
            .addAllPaths(rule.paths())
            .addAllStatuses(rule.statuses())
            .addAllTypes(rule.types())
            .setMode(rule.mode().token());
    rule.ttlSeconds().ifPresent(out::setTtlSeconds);
    rule.staleWhileRevalidateSeconds().ifPresent(out::setStaleWhileRevalidateSeconds);
    rule.staleIfErrorSeconds().ifPresent(out::setStaleIfErrorSeconds);
    return out.build();
  }

  static CachePolicy decode(dev.perigee.contract.sync.v1.CachePolicy policy) {
    List<CacheRule> rules = policy.getRulesList().stream().map(CachePolicyCodec::decode).toList();
    dev.perigee.contract.sync.v1.KeyRule key = policy.getKey();
    return new CachePolicy(
        rules,
        !policy.getNoHeuristics(),
        new KeyRule(
            KeyRule.Query.of(key.getQuery()).orElse(KeyRule.Query.ALL),
            key.getNamesList(),
            key.getSort(),
            key.getHeadersList(),
            key.getCookiesList(),
            key.getDevice(),
            key.getCountry()),
        orElse(policy.getCollapseWaitMillis(), CachePolicy.COLLAPSE_MILLIS),
        orElse(policy.getCollapseAgeMillis(), CachePolicy.COLLAPSE_MILLIS),
        policy.getStoreSharePercent(),
        (int) orElse(policy.getStoreCapPercent(), 100),
        setCookie(policy.getSetCookie()));
  }

  private static CacheRule decode(dev.perigee.contract.sync.v1.CacheRule rule) {
    return new CacheRule(
        rule.getPathsList(),
        rule.getStatusesList(),
        rule.getTypesList(),
        CacheRule.Mode.of(rule.getMode()).orElse(CacheRule.Mode.BYPASS),
        optional(rule.hasTtlSeconds(), rule.getTtlSeconds()),
        optional(rule.hasStaleWhileRevalidateSeconds(), rule.getStaleWhileRevalidateSeconds()),
        optional(rule.hasStaleIfErrorSeconds(), rule.getStaleIfErrorSeconds()));
  }

  private static OptionalLong optional(boolean present, long value) {
    return present ? OptionalLong.of(value) : OptionalLong.empty();
  }

  /** A choice that a later version may bring reads as the safest. */
  private static SetCookie setCookie(String token) {
    return token.isEmpty() ? SetCookie.EXPLICIT : SetCookie.of(token).orElse(SetCookie.NEVER);
  }

  private static long orElse(long value, long usual) {
    return value == 0 ? usual : value;
  }
}

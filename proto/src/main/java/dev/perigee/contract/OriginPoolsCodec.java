package dev.perigee.contract;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.perigee.contract.sync.v1.Breaking;
import dev.perigee.contract.sync.v1.Check;
import dev.perigee.contract.sync.v1.Member;
import dev.perigee.contract.sync.v1.OutlierRules;
import dev.perigee.contract.sync.v1.PathRoute;
import dev.perigee.contract.sync.v1.Pool;
import dev.perigee.contract.sync.v1.Pools;
import dev.perigee.contract.sync.v1.Retries;
import dev.perigee.contract.sync.v1.Sticky;
import dev.perigee.contract.sync.v1.Timeouts;
import dev.perigee.contract.sync.v1.Transport;
import java.util.List;
import java.util.Optional;

/**
 * Two-way codec of pools. What is left out of a message has its usual value; a word that a later
 * version may bring reads as what is always safe, and a server that cannot be parsed is left out.
 */
public final class OriginPoolsCodec {
  private OriginPoolsCodec() {}

  /** The pools as databases keep them; no bytes for none. */
  public static byte[] toBytes(OriginPools pools) {
    return encode(pools).toByteArray();
  }

  /** The pools that {@link #toBytes} wrote. */
  public static OriginPools of(byte[] bytes) {
    try {
      return decode(Pools.parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("not pools of origins", e);
    }
  }

  static Pools encode(OriginPools pools) {
    Pools.Builder out = Pools.newBuilder().setDefaultPool(pools.defaultPool());
    pools.pools().forEach(pool -> out.addPools(encode(pool)));
    pools
        .routes()
        .forEach(
            route ->
                out.addRoutes(
                    PathRoute.newBuilder().addAllPaths(route.paths()).setPool(route.pool())));
    return out.build();
  }

  private static Pool encode(OriginPool pool) {
    Balance balance = pool.balance();
    Pool.Builder out =
        Pool.newBuilder()
            .setName(pool.name())
            .setAlgorithm(balance.algorithm().token())
            .setHashBy(balance.hashBy().token())
            .setHashName(balance.hashName())
            .setEjection(encode(pool.ejection()))
            .setSlowStartMillis(pool.slowStartMillis())
            .setRetries(encode(pool.retries()))
            .setTimeouts(encode(pool.timeouts()))
            .setBreakers(encode(pool.breakers()))
            .setTransport(encode(pool.transport()));
    for (PoolServer server : pool.servers()) {
      out.addServers(
          Member.newBuilder()
              .setUrl(server.url().toString())
              .setWeight(server.weight())
              .setTier(server.tier()));
    }
    balance
        .sticky()
        .ifPresent(
            sticky ->
                out.setSticky(
                    Sticky.newBuilder()
                        .setCookie(sticky.name())
                        .setMaxAgeSeconds(sticky.maxAgeSeconds())
                        .setSecret(ByteString.copyFrom(sticky.secret().toArray()))));
    pool.check().ifPresent(check -> out.setCheck(encode(check)));
    return out.build();
  }

  private static Check encode(HealthCheck check) {
    return Check.newBuilder()
        .setKind(check.kind().token())
        .setPath(check.path())
        .setHost(check.host())
        .addAllStatuses(check.statuses())
        .setBody(check.body())
        .setIntervalMillis(check.intervalMillis())
        .setTimeoutMillis(check.timeoutMillis())
        .setRise(check.rise())
        .setFall(check.fall())
        .setJitterPercent(check.jitterPercent())
        .build();
  }

  private static OutlierRules encode(Ejection ejection) {
    return OutlierRules.newBuilder()
        .setServerErrors(ejection.serverErrors())
        .setGatewayFailures(ejection.gatewayFailures())
        .setSuccessPoints(ejection.successPoints())
        .setLatencyPercent(ejection.latencyPercent())
        .setIntervalMillis(ejection.intervalMillis())
        .setMinimumRequests(ejection.minimumRequests())
        .setBaseMillis(ejection.baseMillis())
        .setMaxMillis(ejection.maxMillis())
        .setMaxPercent(ejection.maxPercent())
        .setPanicPercent(ejection.panicPercent())
        .build();
  }

  private static Retries encode(RetryPolicy retries) {
    return Retries.newBuilder()
        .setAttempts(retries.attempts())
        .addAllStatuses(retries.statuses())
        .setBodyBytes(retries.bodyBytes())
        .setBudgetPercent(retries.budgetPercent())
        .setBudgetFloor(retries.budgetFloor())
        .build();
  }

  private static Timeouts encode(OriginTimeouts timeouts) {
    return Timeouts.newBuilder()
        .setConnectMillis(timeouts.connectMillis())
        .setResponseMillis(timeouts.responseMillis())
        .setIdleMillis(timeouts.idleMillis())
        .setTotalMillis(timeouts.totalMillis())
        .build();
  }

  private static Breaking encode(Breakers breakers) {
    return Breaking.newBuilder()
        .setConnections(breakers.connections())
        .setPending(breakers.pending())
        .setRequests(breakers.requests())
        .build();
  }

  private static Transport encode(OriginTransport transport) {
    Transport.Builder out =
        Transport.newBuilder()
            .setServerName(transport.serverName())
            .setHost(transport.host())
            .setMinimumTls(transport.minimumTls().token())
            .setHttp2(transport.http2())
            .setProxyProtocol(transport.proxyProtocol());
    transport.trustedCas().forEach(der -> out.addCaDer(ByteString.copyFrom(der.toArray())));
    transport
        .clientChain()
        .forEach(der -> out.addClientChainDer(ByteString.copyFrom(der.toArray())));
    transport
        .clientKey()
        .ifPresent(key -> out.setClientKeyPkcs8(ByteString.copyFrom(key.toArray())));
    return out.build();
  }

  static OriginPools decode(Pools pools) {
    return new OriginPools(
        pools.getPoolsList().stream().map(OriginPoolsCodec::decode).toList(),
        pools.getRoutesList().stream()
            .map(route -> new PoolRoute(route.getPathsList(), route.getPool()))
            .toList(),
        pools.getDefaultPool());
  }

  private static OriginPool decode(Pool pool) {
    Optional<StickyCookie> sticky =
        pool.hasSticky()
            ? Optional.of(
                new StickyCookie(
                    pool.getSticky().getCookie(),
                    pool.getSticky().getMaxAgeSeconds(),
                    Bytes.copyOf(pool.getSticky().getSecret().toByteArray())))
            : Optional.empty();
    return new OriginPool(
        pool.getName(),
        pool.getServersList().stream().flatMap(server -> decode(server).stream()).toList(),
        new Balance(
            Balance.Algorithm.of(pool.getAlgorithm()).orElse(Balance.Algorithm.ROUND_ROBIN),
            Balance.HashBy.of(pool.getHashBy()).orElse(Balance.HashBy.URL),
            pool.getHashName(),
            sticky),
        pool.hasCheck() ? decode(pool.getCheck()) : Optional.empty(),
        decode(pool.getEjection()),
        pool.hasSlowStartMillis() ? pool.getSlowStartMillis() : OriginPool.SLOW_START_MILLIS,
        pool.hasRetries() ? decode(pool.getRetries()) : RetryPolicy.DEFAULT,
        decode(pool.getTimeouts()),
        decode(pool.getBreakers()),
        decode(pool.getTransport()));
  }

  private static Optional<PoolServer> decode(Member server) {
    int weight = server.hasWeight() ? server.getWeight() : 1;
    return OriginUrl.parse(server.getUrl())
        .map(url -> new PoolServer(url, weight, server.getTier()));
  }

  /** A kind of a later version is no check at all: a server is not called ill for it. */
  private static Optional<HealthCheck> decode(Check check) {
    HealthCheck usual = HealthCheck.DEFAULT;
    return HealthCheck.Kind.of(check.getKind())
        .map(
            kind ->
                new HealthCheck(
                    kind,
                    check.getPath().isEmpty() ? usual.path() : check.getPath(),
                    check.getHost(),
                    check.getStatusesCount() == 0 ? usual.statuses() : check.getStatusesList(),
                    check.getBody(),
                    orElse(check.getIntervalMillis(), usual.intervalMillis()),
                    orElse(check.getTimeoutMillis(), usual.timeoutMillis()),
                    (int) orElse(check.getRise(), usual.rise()),
                    (int) orElse(check.getFall(), usual.fall()),
                    check.getJitterPercent()));
  }

  private static Ejection decode(OutlierRules rules) {
    Ejection usual = Ejection.DEFAULT;
    return new Ejection(
        rules.hasServerErrors() ? rules.getServerErrors() : usual.serverErrors(),
        rules.hasGatewayFailures() ? rules.getGatewayFailures() : usual.gatewayFailures(),
        rules.hasSuccessPoints() ? rules.getSuccessPoints() : usual.successPoints(),
        rules.hasLatencyPercent() ? rules.getLatencyPercent() : usual.latencyPercent(),
        rules.hasIntervalMillis() ? rules.getIntervalMillis() : usual.intervalMillis(),
        rules.hasMinimumRequests() ? rules.getMinimumRequests() : usual.minimumRequests(),
        rules.hasBaseMillis() ? rules.getBaseMillis() : usual.baseMillis(),
        rules.hasMaxMillis() ? rules.getMaxMillis() : usual.maxMillis(),
        rules.hasMaxPercent() ? rules.getMaxPercent() : usual.maxPercent(),
        rules.hasPanicPercent() ? rules.getPanicPercent() : usual.panicPercent());
  }

  private static RetryPolicy decode(Retries retries) {
    RetryPolicy usual = RetryPolicy.DEFAULT;
    return new RetryPolicy(
        retries.hasAttempts() ? retries.getAttempts() : usual.attempts(),
        retries.getStatusesList(),
        retries.hasBodyBytes() ? retries.getBodyBytes() : usual.bodyBytes(),
        retries.hasBudgetPercent() ? retries.getBudgetPercent() : usual.budgetPercent(),
        retries.hasBudgetFloor() ? retries.getBudgetFloor() : usual.budgetFloor());
  }

  private static OriginTimeouts decode(Timeouts timeouts) {
    return new OriginTimeouts(
        timeouts.getConnectMillis(),
        timeouts.getResponseMillis(),
        timeouts.getIdleMillis(),
        timeouts.hasTotalMillis()
            ? timeouts.getTotalMillis()
            : OriginTimeouts.DEFAULT.totalMillis());
  }

  private static Breakers decode(Breaking breakers) {
    Breakers usual = Breakers.DEFAULT;
    return new Breakers(
        breakers.hasConnections() ? breakers.getConnections() : usual.connections(),
        breakers.hasPending() ? breakers.getPending() : usual.pending(),
        breakers.hasRequests() ? breakers.getRequests() : usual.requests());
  }

  private static OriginTransport decode(Transport transport) {
    String tls = transport.getMinimumTls();
    ByteString key = transport.getClientKeyPkcs8();
    return new OriginTransport(
        transport.getServerName(),
        transport.getHost(),
        bytes(transport.getCaDerList()),
        bytes(transport.getClientChainDerList()),
        key.isEmpty() ? Optional.empty() : Optional.of(Bytes.copyOf(key.toByteArray())),
        tls.isEmpty()
            ? OriginTransport.DEFAULT.minimumTls()
            : OriginTransport.MinimumTls.of(tls).orElse(OriginTransport.MinimumTls.TLS_1_3),
        transport.getHttp2(),
        transport.getProxyProtocol());
  }

  private static List<Bytes> bytes(List<ByteString> ders) {
    return ders.stream().map(der -> Bytes.copyOf(der.toByteArray())).toList();
  }

  private static long orElse(long value, long usual) {
    return value == 0 ? usual : value;
  }
}

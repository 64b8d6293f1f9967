package dev.perigee.contract;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.perigee.contract.sync.v1.Steering;

/** Two-way codec of steering policies. What is left out of a message has its usual value. */
public final class SteeringPolicyCodec {
  private SteeringPolicyCodec() {}

  /** The policy as databases keep it. */
  public static byte[] toBytes(SteeringPolicy policy) {
    return encode(policy).toByteArray();
  }

  /** The policy that {@link #toBytes} wrote; no bytes stand for the usual one. */
  public static SteeringPolicy of(byte[] bytes) {
    try {
      return decode(Steering.parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("not a steering policy", e);
    }
  }

  static Steering encode(SteeringPolicy policy) {
    return Steering.newBuilder()
        .addAllCountries(policy.countries())
        .addAllContinents(policy.continents())
        .setTtlSeconds(policy.ttlSeconds())
        .setNodesPerObject(policy.nodesPerObject())
        .build();
  }

  static SteeringPolicy decode(Steering steering) {
    SteeringPolicy usual = SteeringPolicy.DEFAULT;
    return new SteeringPolicy(
        steering.getCountriesList(),
        steering.getContinentsList(),
        steering.hasTtlSeconds() ? steering.getTtlSeconds() : usual.ttlSeconds(),
        steering.hasNodesPerObject() ? steering.getNodesPerObject() : usual.nodesPerObject());
  }
}

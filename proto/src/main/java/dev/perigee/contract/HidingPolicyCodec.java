package dev.perigee.contract;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.perigee.contract.sync.v1.Hiding;
import dev.perigee.contract.sync.v1.Signing;

/** Two-way codec of hiding policies. What is left out of a message has its usual value. */
public final class HidingPolicyCodec {
  private HidingPolicyCodec() {}

  /** The policy as databases keep it. */
  public static byte[] toBytes(HidingPolicy policy) {
    return encode(policy).toByteArray();
  }

  /** The policy that {@link #toBytes} wrote; no bytes stand for the usual one. */
  public static HidingPolicy of(byte[] bytes) {
    try {
      return decode(Hiding.parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException("not a hiding policy", e);
    }
  }

  static Hiding encode(HidingPolicy policy) {
    Hiding.Builder out =
        Hiding.newBuilder()
            .addAllDropped(policy.dropped())
            .addAllPassed(policy.passed())
            .setNoRewrite(!policy.rewrite())
            .setReplaceErrors(policy.replaceErrors());
    for (ErrorPage page : policy.pages()) {
      out.addPages(
          dev.perigee.contract.sync.v1.ErrorPage.newBuilder()
              .setStatuses(page.statuses())
              .setHtml(page.html()));
    }
    switch (policy.signing()) {
      case OriginSigning.None none -> out.clearSigning();
      case OriginSigning.SharedSecret(String field, Secret secret) ->
          out.setSigning(
              Signing.newBuilder()
                  .setSharedSecret(
                      Signing.SharedSecret.newBuilder().setField(field).setSecret(secret.value())));
      case OriginSigning.AwsV4(String region, String service, String id, Secret secret) ->
          out.setSigning(
              Signing.newBuilder()
                  .setAwsV4(
                      Signing.AwsV4.newBuilder()
                          .setRegion(region)
                          .setService(service)
                          .setAccessKeyId(id)
                          .setSecretAccessKey(secret.value())));
    }
    return out.build();
  }

  static HidingPolicy decode(Hiding hiding) {
    return new HidingPolicy(
        hiding.getDroppedList(),
        hiding.getPassedList(),
        !hiding.getNoRewrite(),
        hiding.getReplaceErrors(),
        hiding.getPagesList().stream()
            .map(page -> new ErrorPage(page.getStatuses(), page.getHtml()))
            .toList(),
        decode(hiding.getSigning()));
  }

  /** A way of signing that a later version may bring is none: the origin refuses what is not. */
  private static OriginSigning decode(Signing signing) {
    return switch (signing.getKindCase()) {
      case SHARED_SECRET ->
          new OriginSigning.SharedSecret(
              signing.getSharedSecret().getField(),
              new Secret(signing.getSharedSecret().getSecret()));
      case AWS_V4 ->
          new OriginSigning.AwsV4(
              signing.getAwsV4().getRegion(),
              signing.getAwsV4().getService(),
              signing.getAwsV4().getAccessKeyId(),
              new Secret(signing.getAwsV4().getSecretAccessKey()));
      case KIND_NOT_SET -> OriginSigning.none();
    };
  }
}

package dev.perigee.edge.origin;

import dev.perigee.contract.OriginSigning;
import dev.perigee.contract.Secret;
import dev.perigee.edge.request.FieldList;
import java.time.Instant;

/** Signs a request, as its site has it, once all of its fields are there. */
public final class OriginSigner {
  /** AWS's own fields come from the signer alone: what is not signed is refused. */
  private static final String AWS_PREFIX = "x-amz-";

  private OriginSigner() {}

  /**
   * The request as it is sent.
   *
   * @param target may differ from what was asked in escapes and order only
   */
  public record Signed(String target, FieldList fields) {}

  /**
   * Signs.
   *
   * @param fields as they go out, Host included
   * @param hasBody whether a body follows, which is not part of what is signed
   */
  public static Signed sign(
      OriginSigning signing,
      String method,
      String target,
      FieldList fields,
      boolean hasBody,
      Instant now) {
    return switch (signing) {
      case OriginSigning.None none -> new Signed(target, fields);
      case OriginSigning.SharedSecret(String field, Secret secret) ->
          new Signed(target, fields.toBuilder().set(field, secret.value()).build());
      case OriginSigning.AwsV4 key -> {
        FieldList.Builder bare = FieldList.builder();
        fields.forEach(
            (name, value) -> {
              boolean aws = name.regionMatches(true, 0, AWS_PREFIX, 0, AWS_PREFIX.length());
              if (!aws && !name.equalsIgnoreCase("Authorization")) {
                bare.add(name, value);
              }
            });
        yield new AwsSignature(key, method, target, bare.build(), hasBody, now).signed();
      }
    };
  }
}

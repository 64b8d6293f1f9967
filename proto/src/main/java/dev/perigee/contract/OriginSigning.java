package dev.perigee.contract;

/** How a site's origins can tell that a request comes from this network. */
public sealed interface OriginSigning {
  /** They cannot. */
  record None() implements OriginSigning {}

  /**
   * By a field with a secret in it.
   *
   * @param field the field's name
   */
  record SharedSecret(String field, Secret secret) implements OriginSigning {}

  /**
   * By AWS's signature version 4, which object stores ask for.
   *
   * @param region such as {@code eu-central-1}
   * @param service {@code s3} for object stores
   * @param accessKeyId names the key
   */
  record AwsV4(String region, String service, String accessKeyId, Secret secretAccessKey)
      implements OriginSigning {}

  /** No signing. */
  static OriginSigning none() {
    return new None();
  }

  /** The same with the secret of {@code before} where this one has none and is of its kind. */
  default OriginSigning withSecretOf(OriginSigning before) {
    return switch (this) {
      case None none -> none;
      case SharedSecret(String field, Secret secret) ->
          secret.isNone() && before instanceof SharedSecret(String other, Secret kept)
              ? (field.equalsIgnoreCase(other) ? new SharedSecret(field, kept) : this)
              : this;
      case AwsV4 aws ->
          aws.secretAccessKey().isNone()
                  && before instanceof AwsV4 known
                  && known.accessKeyId().equals(aws.accessKeyId())
              ? new AwsV4(aws.region(), aws.service(), aws.accessKeyId(), known.secretAccessKey())
              : this;
    };
  }
}

package dev.perigee.contract;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** The rules that a hiding policy must keep on both sides. */
final class HidingPolicyValidator {
  private static final Pattern STATUSES = Pattern.compile("[45]([0-9]{2}|xx)");
  private static final Pattern FIELD = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}");
  private static final Pattern SECRET = Pattern.compile("[!-~]([ -~]*[!-~])?");
  private static final Pattern NAME = Pattern.compile("[a-z0-9-]{1,64}");
  private static final Pattern KEY_ID = Pattern.compile("[A-Za-z0-9_-]{1,128}");

  /** Without them a response is not what it is. */
  private static final Set<String> NEEDED =
      Set.of("content-type", "content-encoding", "content-length", "content-range", "etag", "vary");

  /** Always this network's own word. */
  private static final Set<String> OURS =
      Set.of(
          "host",
          "connection",
          "content-length",
          "transfer-encoding",
          "expect",
          "te",
          "upgrade",
          "via",
          "forwarded",
          "cdn-loop",
          "x-request-id",
          "x-forwarded-for",
          "x-forwarded-proto",
          "x-forwarded-host");

  private final List<Problem> problems = new ArrayList<>();

  private HidingPolicyValidator() {}

  static List<Problem> problems(HidingPolicy policy) {
    HidingPolicyValidator validator = new HidingPolicyValidator();
    validator.check(policy);
    return validator.problems;
  }

  private void require(boolean holds, String field, String otherwise) {
    if (!holds) {
      problems.add(new Problem("hiding." + field, otherwise));
    }
  }

  private void check(HidingPolicy policy) {
    fields(policy.dropped(), NEEDED, "dropped");
    fields(policy.passed(), OURS, "passed");
    require(
        policy.pages().size() <= Limits.ERROR_PAGES,
        "pages",
        "must be at most " + Limits.ERROR_PAGES);
    for (int i = 0; i < policy.pages().size(); i++) {
      page(policy.pages().get(i), "pages[" + i + "]");
    }
    signing(policy.signing());
  }

  private void fields(List<String> names, Set<String> not, String at) {
    require(names.size() <= Limits.HIDING_FIELDS, at, "must be at most " + Limits.HIDING_FIELDS);
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      require(
          FIELD.matcher(name).matches()
              && name.equals(name.toLowerCase(Locale.ROOT))
              && !not.contains(name),
          at + "[" + i + "]",
          "must be a field's name in lower case, and not be " + name);
    }
  }

  private void page(ErrorPage page, String at) {
    require(
        STATUSES.matcher(page.statuses()).matches(),
        at + ".statuses",
        "must be a status such as 503, or 4xx or 5xx");
    int bytes = page.html().getBytes(StandardCharsets.UTF_8).length;
    require(
        bytes > 0 && bytes <= Limits.PAGE_BYTES,
        at + ".html",
        "must be 1 to " + Limits.PAGE_BYTES + " bytes");
  }

  private void signing(OriginSigning signing) {
    switch (signing) {
      case OriginSigning.None none -> {}
      case OriginSigning.SharedSecret(String field, Secret secret) -> {
        require(
            FIELD.matcher(field).matches() && !OURS.contains(field.toLowerCase(Locale.ROOT)),
            "signing.field",
            "must be a field's name, and not one that this network sets itself");
        secret(secret, "signing.secret");
      }
      case OriginSigning.AwsV4(String region, String service, String id, Secret secret) -> {
        require(NAME.matcher(region).matches(), "signing.region", "must be such as eu-central-1");
        require(NAME.matcher(service).matches(), "signing.service", "must be such as s3");
        require(KEY_ID.matcher(id).matches(), "signing.accessKeyId", "must be the key's id");
        secret(secret, "signing.secretAccessKey");
      }
    }
  }

  /** Never says what it is. */
  private void secret(Secret secret, String at) {
    require(
        secret.value().length() >= Limits.SECRET_MIN_LENGTH
            && secret.value().length() <= Limits.SECRET_LENGTH
            && SECRET.matcher(secret.value()).matches(),
        at,
        "must be "
            + Limits.SECRET_MIN_LENGTH
            + " to "
            + Limits.SECRET_LENGTH
            + " visible ASCII characters");
  }
}

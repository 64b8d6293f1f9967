package dev.perigee.control.api;

import dev.perigee.contract.ErrorPage;
import dev.perigee.contract.HidingPolicy;
import dev.perigee.contract.OriginSigning;
import dev.perigee.contract.Secret;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A site's hiding policy as JSON: what is left out has its usual value; secrets only go in. */
final class HidingPolicyJson {
  private static final Set<String> POLICY =
      Set.of("dropped", "passed", "rewrite", "replaceErrors", "pages", "signing");
  private static final Set<String> PAGE = Set.of("statuses", "html");
  private static final Set<String> SIGNING =
      Set.of("mode", "field", "secret", "region", "service", "accessKeyId", "secretAccessKey");

  private HidingPolicyJson() {}

  /**
   * Reads it.
   *
   * @param before the site's policy so far: a secret that is left out stays as it is
   */
  static HidingPolicy read(Input site, HidingPolicy before) {
    Optional<Input> given = site.object("hiding", POLICY);
    if (given.isEmpty()) {
      return HidingPolicy.DEFAULT;
    }
    Input input = given.get();
    return new HidingPolicy(
        names(input, "dropped"),
        names(input, "passed"),
        input.flag("rewrite", true),
        input.flag("replaceErrors"),
        input.objects("pages", PAGE).stream()
            .map(page -> new ErrorPage(page.required("statuses"), page.required("html")))
            .toList(),
        input
            .object("signing", SIGNING)
            .map(HidingPolicyJson::signing)
            .orElse(OriginSigning.none())
            .withSecretOf(before.signing()));
  }

  private static List<String> names(Input input, String field) {
    return input.texts(field).stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
  }

  private static OriginSigning signing(Input input) {
    String mode = input.required("mode");
    return switch (mode) {
      case "none" -> OriginSigning.none();
      case "secret" ->
          new OriginSigning.SharedSecret(input.required("field"), secret(input, "secret"));
      case "aws-v4" ->
          new OriginSigning.AwsV4(
              input.required("region"),
              input.text("service").orElse("s3"),
              input.required("accessKeyId"),
              secret(input, "secretAccessKey"));
      default -> {
        input.problem("mode", "must be none, secret or aws-v4: " + mode);
        yield OriginSigning.none();
      }
    };
  }

  private static Secret secret(Input input, String field) {
    return input.text(field).map(Secret::new).orElse(Secret.NONE);
  }

  static Map<String, Object> view(HidingPolicy policy) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("dropped", policy.dropped());
    view.put("passed", policy.passed());
    view.put("rewrite", policy.rewrite());
    view.put("replaceErrors", policy.replaceErrors());
    view.put("pages", policy.pages().stream().map(HidingPolicyJson::view).toList());
    view.put("signing", view(policy.signing()));
    return view;
  }

  private static Map<String, Object> view(ErrorPage page) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("statuses", page.statuses());
    view.put("html", page.html());
    return view;
  }

  private static Map<String, Object> view(OriginSigning signing) {
    Map<String, Object> view = new LinkedHashMap<>();
    switch (signing) {
      case OriginSigning.None none -> view.put("mode", "none");
      case OriginSigning.SharedSecret secret -> {
        view.put("mode", "secret");
        view.put("field", secret.field());
      }
      case OriginSigning.AwsV4 aws -> {
        view.put("mode", "aws-v4");
        view.put("region", aws.region());
        view.put("service", aws.service());
        view.put("accessKeyId", aws.accessKeyId());
      }
    }
    return view;
  }
}
